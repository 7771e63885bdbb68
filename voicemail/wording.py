"""The words of the e-mails: templates of ours, each replaced by an administrator's where there is
one.

An edited template that cannot be used never holds an e-mail up: ours is used instead, and the log
says which file, which line, and why.
"""

import logging
import traceback
from collections.abc import Mapping
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.sandbox import SandboxedEnvironment

from voicemail.errors import BadTemplate

log = logging.getLogger(__name__)

BUILT_IN = Path(__file__).parent / "templates"

Words = Mapping[str, object]


class Wording:
    """Writes a template out. `edited` holds files that replace those of `ours` of the same name,
    one by one.

    `forgiving` falls back to ours; otherwise what is wrong with an edited one is raised.
    """

    def __init__(
        self, edited: Path | None = None, *, ours: Path = BUILT_IN, forgiving: bool = True
    ) -> None:
        self._edited = edited
        self._forgiving = forgiving
        self._ours = _environment(ours)
        self._theirs = _environment(edited, ours) if edited is not None else self._ours

    def text(self, name: str, words: Words) -> str:
        """The template with its words. Raises BadTemplate unless it is forgiving."""
        try:
            return self._theirs.get_template(name).render(words)
        except Exception as fault:  # a template may raise anything at all
            if self._edited is None:
                raise
            bad = BadTemplate(*_place(fault, self._edited / name), _said(fault))
            if not self._forgiving:
                raise bad from fault
            log.error("mail template not used", extra={"template": name, "why": str(bad)})
        return self._ours.get_template(name).render(words)

    def line(self, name: str, words: Words) -> str:
        """The template as one line, its spaces single."""
        return " ".join(self.text(name, words).split())


def _environment(*folders: Path) -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        cache_size=400 if len(folders) == 1 else 0,  # an edited file may come at any moment
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _place(fault: Exception, asked: Path) -> tuple[Path, int]:
    """The file and the line of a fault; the first line where only the file is known."""
    if isinstance(fault, TemplateSyntaxError) and fault.filename:
        return Path(fault.filename), fault.lineno
    if isinstance(fault, UnicodeDecodeError):
        return asked, fault.object[: fault.start].count(b"\n") + 1
    frames = traceback.extract_tb(fault.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith(".j2")]
    if inside:
        return Path(inside[-1].filename), inside[-1].lineno or 1
    return asked, 1


def _said(fault: Exception) -> str:
    return str(fault) or type(fault).__name__
