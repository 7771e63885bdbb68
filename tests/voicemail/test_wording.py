"""Templates an administrator edited: used where they can be, and never in the way of an e-mail."""

import logging
from pathlib import Path

import pytest

from voicemail.errors import BadTemplate
from voicemail.wording import BUILT_IN, Wording

WORDS = {"mailbox_number": "101", "mailbox_name": "Camille", "taken": 90, "most": 100}
NAME = "fr/nearly_full.subject.j2"
OURS = "Votre boîte vocale 101 est presque pleine"


def edit(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_an_edited_template_replaces_ours_alone(tmp_path: Path) -> None:
    edit(tmp_path, NAME, "Boîte {{ mailbox_number }} :\n{{ taken }}")
    wording = Wording(tmp_path)
    assert wording.line(NAME, WORDS) == "Boîte 101 : 90"
    assert wording.line("en/nearly_full.subject.j2", WORDS) == "Your mailbox 101 is nearly full"


def test_an_edited_page_frames_our_words(tmp_path: Path) -> None:
    edit(tmp_path, "en/page.html.j2", "<main>{% block body %}{% endblock %}</main>")
    page = Wording(tmp_path).text("en/nearly_full.html.j2", WORDS)
    assert page.startswith("<main><p>Mailbox 101 (Camille) holds 90 messages")


def test_a_template_edited_while_the_program_runs_is_read_again(tmp_path: Path) -> None:
    wording = Wording(tmp_path)
    assert wording.line(NAME, WORDS) == OURS
    edit(tmp_path, NAME, "Nouveau")
    assert wording.line(NAME, WORDS) == "Nouveau"


@pytest.mark.parametrize(
    "text",
    ["{% if %}", "{{ nobody }}", "{{ taken / 0 }}", "{% include 'nowhere' %}", "{{ ''.__class__ }}",
     "{% for each in range(10 ** 9) %}{% endfor %}"],
    ids=["syntax", "unknown", "arithmetic", "missing", "secrets", "endless"],
)  # fmt: skip
def test_ours_is_used_where_an_edited_one_cannot_be_and_the_log_says_where(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    edit(tmp_path, NAME, f"\n{text}")
    assert Wording(tmp_path).line(NAME, WORDS) == OURS
    (told,) = caplog.records
    assert (told.levelno, told.message) == (logging.ERROR, "mail template not used")
    assert f"{tmp_path / NAME}:2: " in told.__dict__["why"]


def test_a_broken_page_of_an_edited_folder_falls_back_as_a_whole(tmp_path: Path) -> None:
    edit(tmp_path, "fr/page.html.j2", "{{ nobody }}{% block body %}{% endblock %}")
    page = Wording(tmp_path).text("fr/nearly_full.html.j2", WORDS | {"subject": "x"})
    assert page.startswith("<!DOCTYPE html>")


def test_one_who_asks_is_told_the_file_and_the_line(tmp_path: Path) -> None:
    edit(tmp_path, NAME, "{{ mailbox_number }}\n\n{{ nobody }}")
    with pytest.raises(BadTemplate, match=r"subject\.j2:3: 'nobody' is undefined"):
        Wording(tmp_path, forgiving=False).line(NAME, WORDS)


def test_a_folder_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    assert Wording(tmp_path / "nowhere").line(NAME, WORDS) == OURS


def test_every_page_of_ours_escapes_what_callers_send() -> None:
    pages = [path for path in BUILT_IN.rglob("*") if ".html" in path.name]
    assert len(pages) == 14
    assert all(page.name.endswith(".html.j2") for page in pages)
