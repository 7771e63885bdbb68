"""The mailboxes as `script/serve` opens them: one folder, and nothing to set up."""

from pathlib import Path

import pytest
import soundfile

from call.clock import SystemClock
from tests.voicemail.office import CALLER, CAMILLE, PIN, speak
from tests.voicemail.sounds import voice
from voicemail import Kept, StoreUnavailable
from voicemail.adapters.embedded import embedded, only_server


async def test_an_empty_folder_becomes_a_mailbox_with_a_message_mailed(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    with only_server(folder):
        async with embedded(folder, clock=SystemClock()) as opened:
            await opened.mailboxes.recover()
            await opened.mailboxes.create(CAMILLE, PIN)
            deposit = await opened.mailboxes.open_deposit("101", CALLER)
            kept = await opened.mailboxes.keep(deposit, speak(deposit, voice(2)))
            assert await opened.outbox.work() is None
            visit = await opened.mailboxes.login("101", PIN, CALLER)
            assert (await visit.summary()).new == 1
    assert isinstance(kept, Kept)
    assert [path.name for path in (folder / "mail").iterdir()] == [f"{kept.message.id}.eml"]


@pytest.mark.parametrize(("name", "kind"), [("m.wav", "WAV"), ("m.mp3", "MP3")])
async def test_an_administrator_takes_a_message_out_as_a_file(
    tmp_path: Path, name: str, kind: str
) -> None:
    async with embedded(tmp_path / "data", clock=SystemClock()) as opened:
        await opened.mailboxes.create(CAMILLE, PIN)
        deposit = await opened.mailboxes.open_deposit("101", CALLER)
        await opened.mailboxes.keep(deposit, speak(deposit, voice(2)))
        (message,) = await opened.mailboxes.messages("101")
        await opened.mailboxes.export(message, tmp_path / name)
    written = soundfile.info(tmp_path / name)
    assert (written.format, round(written.duration), written.samplerate) == (kind, 2, 8000)


def test_one_server_answers_from_a_folder_and_the_next_may_when_it_ends(tmp_path: Path) -> None:
    with only_server(tmp_path), pytest.raises(StoreUnavailable), only_server(tmp_path):
        raise AssertionError("two servers hold one folder")
    with only_server(tmp_path):
        assert (tmp_path / "serving.lock").exists()


async def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable):
        async with embedded(tmp_path / "file" / "data", clock=SystemClock()):
            raise AssertionError("a folder under a file")
