"""What an administrator does with mailboxes on the machine itself."""

from pathlib import Path

import pytest
import soundfile

from tests.voicemail.office import Office
from voicemail import MailboxUnknown, SoundUnavailable, StoreUnavailable
from voicemail.adapters.serving_lock import only_server


@pytest.mark.parametrize(("name", "kind"), [("m.wav", "WAV"), ("m.MP3", "MP3")])
async def test_a_message_is_taken_out_as_a_file(
    office: Office, tmp_path: Path, name: str, kind: str
) -> None:
    await office.hire()
    await office.leave()
    (message,) = await office.mailboxes.messages("101")
    assert await office.mailboxes.message(message.id) == message
    await office.mailboxes.export(message, tmp_path / name)
    written = soundfile.info(tmp_path / name)
    assert (written.format, round(written.duration), written.samplerate) == (kind, 3, 8000)


async def test_a_file_that_cannot_be_written_or_named_is_said_so(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    await office.leave()
    (message,) = await office.mailboxes.messages("101")
    with pytest.raises(SoundUnavailable):
        await office.mailboxes.export(message, tmp_path / "missing" / "m.wav")
    with pytest.raises(ValueError, match="ogg"):
        await office.mailboxes.export(message, tmp_path / "m.ogg")


async def test_what_belongs_to_nobody_cannot_be_listed(office: Office) -> None:
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.messages("999")
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.administration("test").change_pin("999", "4711")


def test_one_server_answers_from_a_folder_and_the_next_may_when_it_ends(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with only_server(data), pytest.raises(StoreUnavailable), only_server(data):
        raise AssertionError("two servers hold one folder")
    with only_server(data):
        assert (data / "serving.lock").exists()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable), only_server(tmp_path / "file" / "data"):
        raise AssertionError("a folder under a file")
