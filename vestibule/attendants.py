"""Attendants of the company's own: flow files in the data folder, and the sounds of greetings.

A greeting brought as a sound lies beside its flow, as `<name>.<language>.wav`; without one the
words of the form are spoken by the synthetic voice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from call.errors import Unavailable
from ivr.faults import FlowFault, FlowsRefused, Severity
from ivr.flow import Held
from ivr.loader import check_flows, flow_files
from ivr.machine import Flows
from ivr.operations import CATALOGUE, Outcome
from ivr.prompts import PhraseBook
from vestibule.attendant_form import AttendantForm, AttendantRefused, flow_text, form_faults
from vestibule.settings import BadSettings
from voicemail.adapters.folder_files import write_durably
from voicemail.adapters.folder_sounds import wav

log = logging.getLogger(__name__)

Arguments = Mapping[str, Held]

LOOK_EVERY_S = 1.0
"""Flows are changed by other programs; callers meet a change about this late."""

FOLDER = "flows"
"""Where the company's own flows lie in the data folder."""


def own_flows(data: Path) -> Path:
    """The folder of the company's own flows, which need not be there."""
    return data / FOLDER


class FlowsUnkept(Unavailable):
    """The folder of the company's own flows cannot be read or written."""


class OwnFlows:
    """The company's own flows, beside those `shipped` with the program.

    What would not load is never kept: all flows are checked with it.
    """

    def __init__(
        self, folder: Path, shipped: Path, book: PhraseBook, extensions: Collection[str]
    ) -> None:
        self._folder = folder
        self._shipped = shipped
        self._book = book
        self._extensions = extensions

    def names(self) -> Sequence[str]:
        """The flows of the folder, by name."""
        return [path.stem for path in flow_files(self._folder)]

    def make(
        self, form: AttendantForm, sounds: Mapping[str, bytes], *, again: bool
    ) -> Sequence[FlowFault]:
        """Make an attendant of a form, its `sounds` as raw samples by language; what is doubtful.

        Raises AttendantRefused; FlowsRefused with all the checker says; FlowsUnkept. `again` puts
        it in the place of one that is there.
        """
        there = set(self.names())
        known = {path.stem for path in flow_files(self._shipped)} | there
        faults = list(form_faults(form, self._extensions, known))
        if form.name in known - there:
            faults.append(f"there is a flow {form.name} already, which comes with the program")
        elif form.name in there and not again:
            faults.append(f"there is an attendant {form.name} already; --again replaces it")
        if faults:
            raise AttendantRefused("; ".join(faults))
        text = flow_text(form)
        file = f"{form.name}.toml"
        doubtful = self._proved(lambda copy: _written(copy / file, text))
        with _on_disk():
            self._write(form, sounds, text)
        return [doubt for doubt in doubtful if doubt.file == file]

    def _write(self, form: AttendantForm, sounds: Mapping[str, bytes], text: str) -> None:
        """The sounds first: a flow never stands without them."""
        for greeting in form.greetings:
            path = greeting_file(self._folder, form.name, greeting.language)
            if greeting.language in sounds:
                write_durably(path, wav(sounds[greeting.language]))
            else:
                path.unlink(missing_ok=True)
        write_durably(self._folder / f"{form.name}.toml", text.encode())

    def remove(self, name: str) -> None:
        """Remove an attendant and its sounds.

        Raises AttendantRefused, FlowsRefused, FlowsUnkept.
        """
        if name not in self.names():
            raise AttendantRefused(f"there is no attendant {name}; see `vestibule attendant list`")
        self._proved(lambda copy: (copy / f"{name}.toml").unlink())
        with _on_disk():
            for path in (self._folder / f"{name}.toml", *self._folder.glob(f"{name}.??.wav")):
                path.unlink()

    def _proved(self, change: Callable[[Path], object]) -> Sequence[FlowFault]:
        """What is doubtful in all flows once a copy of the own ones is changed.

        Raises FlowsRefused where one would not load.
        """
        with _on_disk(), TemporaryDirectory(prefix="vestibule-flows-") as folder:
            copy = Path(folder)
            for path in flow_files(self._folder):
                (copy / path.name).write_bytes(path.read_bytes())
            change(copy)
            faults = check_flows(
                self._shipped,
                book=self._book,
                operations=CATALOGUE,
                extensions=self._extensions,
                beside=copy,
            )
            errors = [fault for fault in faults if fault.severity is Severity.ERROR]
            if errors:
                raise FlowsRefused(errors)
        return faults


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise FlowsUnkept(f"{fault.filename}: {fault.strerror}") from fault


def _written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def greeting_file(folder: Path, attendant: str, language: str) -> Path:
    """Where the sound of a greeting lies, if it was brought as one."""
    return folder / f"{attendant}.{language}.wav"


class FlowsFollowed:
    """Notices that the company's own flows were changed by another program, and takes them in.

    Flows that would not load are told once and left aside: calls go on with those before.
    """

    def __init__(
        self,
        folder: Path,
        read: Callable[[], Awaitable[Flows]],
        take: Callable[[Flows], None],
    ) -> None:
        self._folder = folder
        self._read = read
        self._take = take
        self._seen = _state_of(folder)

    async def look(self) -> None:
        """Look once."""
        seen = await asyncio.to_thread(_state_of, self._folder)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._take(await self._read())
        except (BadSettings, FlowsRefused) as refused:
            log.error("flows not taken", extra={"why": str(refused)})
        else:
            log.info("flows taken anew")


def _state_of(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether a flow file came, went or changed."""
    stats = [(path.name, path.stat()) for path in flow_files(folder)]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


class Attending:
    """The operations of attendants made from a form."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {"attendant.greeting": self._greeting}

    async def _greeting(self, arguments: Arguments) -> Outcome:
        """The sound of a greeting; none where it is to be spoken."""
        if self._folder is None:
            return Outcome("done", {"greeting": None})
        path = greeting_file(self._folder, str(arguments["attendant"]), str(arguments["language"]))
        there = await asyncio.to_thread(path.is_file)
        return Outcome("done", {"greeting": path if there else None})
