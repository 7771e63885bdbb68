"""What an administrator types about conferences that were held."""

import asyncio
import json
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from call.clock import VirtualClock
from conference.adapters.sqlalchemy_journal import SqlAlchemyJournal
from conference.ports import Entry
from tests.conference.sessions import BUDGET, MORNING, TEN, at
from tests.vestibule.shell import Shell
from vestibule.audit import audit
from vestibule.mailroom import open_mailroom
from vestibule.meetings.past import open_past
from vestibule.settings import settings_from

ABSENT = "cannot be written: No such file or directory"
SECOND = b"\x01\x02" * 8000


@pytest.fixture
def shell(shell: Shell) -> Shell:
    held(shell)
    return shell


def held(shell: Shell) -> None:
    """Two sessions in room 4821, the first recorded; one elsewhere in which people only waited."""
    settings = settings_from({"storage": {"data": shell.data}}, origin="test")
    clock = VirtualClock(TEN)

    async def hold() -> None:
        async with open_mailroom(settings, clock) as mailroom:
            journal, past = (
                SqlAlchemyJournal(mailroom.database),
                open_past(settings, mailroom, clock),
            )
            for session, start in (("s1", 0), ("s2", 1440)):
                await journal.begin(session, BUDGET, at(start))
                told = [Entry(at(start + minutes), what) for minutes, what in MORNING]
                await journal.note(session, told)
            await journal.begin("s3", replace(BUDGET, id="c2", room="7777"), at(2000))
            told = [Entry(at(2000), what) for _, what in (MORNING[0], MORNING[14], MORNING[16])]
            await journal.note("s3", told)
            path = await past.takes.begin("s1")
            path.write_bytes(SECOND)
            await past.takes.keep(path)

    asyncio.run(hold())


def types(shell: Shell, *words: str) -> tuple[str, ...]:
    return ("conference", *words, "--data", str(shell.data))


def test_sessions_are_listed_newest_first(shell: Shell) -> None:
    lines = shell.does(*types(shell, "history")).replace("\u00a0", " ").splitlines()
    assert lines == [
        "s3  2027-07-02 19:20  7777  Budget de l’an prochain: did not begin, 1 person",
        "s2  2027-07-02 10:00  4821  Budget de l’an prochain: 20 min, 2 people",
        "s1  2027-07-01 10:00  4821  Budget de l’an prochain: 20 min, 2 people, recorded",
    ]
    assert len(shell.does(*types(shell, "history", "7777")).splitlines()) == 1
    assert len(shell.does(*types(shell, "history", "--most", "2")).splitlines()) == 2


def test_programs_read_the_same(shell: Shell) -> None:
    told = json.loads(shell.does(*types(shell, "history", "4821", "--json")))
    assert [each["session"] for each in told] == ["s2", "s1"]
    assert told[1]["recorded"] is True
    assert told[1]["people"][1] == {
        "name": "Chantal Côté",
        "number": "",
        "role": "administrator",
        "came": "2027-07-01T14:05:00+00:00",
        "went": "2027-07-01T14:30:00+00:00",
        "inside_s": 1200,
    }


def test_a_session_is_shown_with_who_was_there_and_what_happened(shell: Shell) -> None:
    shown = (
        shell.does(*types(shell, "session", "4821")).replace("\u00a0", " ").replace("\u202f", " ")
    )
    assert "  session: s2\n" in shown
    assert "Chantal Côté (administrator): present 20 min, spoke 2 min 30 s\n" in shown
    assert "  10:05 a.m. to 10:20 a.m. (cut off)\n" in shown
    assert "10:20 a.m.  Interrupted: no administrator was left\n" in shown


def test_the_report_is_written_in_the_language_asked_for(shell: Shell, tmp_path: Path) -> None:
    for language in ("fr", "en"):
        file = tmp_path / f"{language}.pdf"
        shell.does(*types(shell, "report", "s1", str(file), "--language", language))
        assert f"/Lang({language}-CA)".encode() in file.read_bytes()


def test_the_sound_is_written(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "conference.wav"
    assert shell.does(*types(shell, "recording", "s1", str(file))) == f"{file}: 1.0 s.\n"
    with wave.open(str(file), "rb") as sound:
        assert sound.readframes(sound.getnframes()) == SECOND


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("session", "s9"), "no session s9; see `vestibule conference history`"),
        (("session", "0001"), "room 0001: nobody was in a conference there"),
        (("report", "s1", "{tmp}/no/r.pdf"), f"{{tmp}}/no/r.pdf: {ABSENT}"),
        (("report", "s1", "{tmp}/r.pdf", "--language", "de"), "--language de: one of fr, en"),
        (("recording", "s2", "{tmp}/r.wav"), "session s2 has no recording, or none any more"),
        (("recording", "s1", "{tmp}/no/r.wav"), f"{{tmp}}/no/r.wav: {ABSENT}"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_one_line_and_leaves_no_file(
    shell: Shell, tmp_path: Path, words: tuple[str, ...], refusal: str
) -> None:
    typed = [word.format(tmp=tmp_path) for word in words]
    assert shell.fails(*types(shell, *typed)) == f"vestibule: {refusal.format(tmp=tmp_path)}"
    assert list(tmp_path.glob("r.*")) == []


async def test_the_audit_knows_whose_recordings_of_conferences_are(shell: Shell) -> None:
    settings = settings_from({"storage": {"data": shell.data}}, origin="test")
    assert [each.text for each in await audit(settings, VirtualClock(TEN), mend=False)] == []
