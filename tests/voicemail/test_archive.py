"""A mailbox as a file: taken out whole, brought in once, refused when it is anything else."""

import io
import json
import wave
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from call.leg import Party
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from tests.voicemail.sealing import key_file, sealed_store
from tests.voicemail.sounds import voice
from voicemail import (
    Folder,
    Greeting,
    GreetingKind,
    Kept,
    Mailbox,
    MailboxUnknown,
    SoundUnavailable,
)
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.administration import Administration
from voicemail.archive import FORMAT, MANIFEST, Archive, read_archive
from voicemail.errors import ArchiveRefused
from voicemail.message import Attachment, Message, Treatment

WILLIAM = Mailbox("102", "William", "en")

EVERY_SETTING = replace(
    CAMILLE,
    language="en",
    addresses=("camille@example.org", "camille@example.com"),
    zone="America/Vancouver",
    max_message_s=60,
    min_speech_s=0.5,
    max_messages=7,
    attachment=Attachment.OPUS,
    store_on_server=False,
    zero=Treatment.parse("extension:102"),
    star=Treatment.parse("flow:main_attendant"),
    envelope=False,
    trust_own_phone=True,
    can_send=False,
    can_call_back=True,
    transcribe=True,
    trash_days=3,
    retention_days=90,
    welcomed=True,
)


def administrator(office: Office) -> Administration:
    return office.mailboxes.administration("administrator marie")


async def left(office: Office, number: str = "101", seconds: float = 2.0) -> Message:
    kept = await office.leave(number, seconds)
    assert isinstance(kept, Kept)
    return kept.message


async def taken_out(office: Office, folder: Path, number: str = "101") -> Archive:
    await administrator(office).export(number, folder / "box.zip")
    return read_archive(folder / "box.zip")


def contents(message: Message) -> Message:
    """A message but for where it lies."""
    return replace(message, id="", mailbox="", sound="")


async def test_every_setting_is_in_the_archive_and_the_pin_is_not(
    office: Office, tmp_path: Path
) -> None:
    await office.hire(EVERY_SETTING, "7391846205")
    assert (await taken_out(office, tmp_path)).mailbox == EVERY_SETTING
    with zipfile.ZipFile(tmp_path / "box.zip") as file:
        assert file.namelist() == [MANIFEST]
        text = file.read(MANIFEST).decode()
    assert "7391846205" not in text
    assert "5026481937" not in text  # as it is stored here
    assert not {name for name in json.loads(text)["mailbox"] if "pin" in name}


async def test_every_message_goes_with_its_envelope_and_sound_for_sound(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    first, second, third = [await left(office, seconds=2.0 + n) for n in range(3)]
    await office.ports.store.file(second.id, Folder.WORK)
    await office.ports.store.set_transcript(second.id, "Rappelez-moi à 16 h.")
    await administrator(office).delete_message(third.id)
    archive = await taken_out(office, tmp_path)
    stored = [await office.mailboxes.message(each.id) for each in (first, second, third)]
    assert [replace(m, sound="") for m in archive.messages] == [
        replace(m, sound="") for m in stored if m
    ]
    assert [len(archive.sound(m.sound)) for m in archive.messages] == [32000, 48000, 64000]


async def test_a_mailbox_brought_to_another_server_is_as_it_was(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    await left(office)
    greeting = await recorded_greeting(office, GreetingKind.BUSY)
    archive = await taken_out(office, tmp_path)
    other = await Office.open(tmp_path / "other", office.clock)
    await other.hire(replace(archive.mailbox), PIN)
    for round, counted in enumerate(((1, 1, 0, 0), (0, 0, 1, 0))):
        brought = await administrator(other).bring(archive, "101")
        assert (
            brought.messages, brought.greetings, brought.there_already, brought.left_out,
        ) == counted, round  # fmt: skip
    assert await other.mailboxes.messages("101") == await office.mailboxes.messages("101")
    (there,) = await other.mailboxes.greetings("101")
    assert replace(there, sound="") == replace(greeting, sound="")
    await other.worker.work()
    assert other.mails() == []
    assert ("imported", "messages: 1") in [
        (deed.action, deed.detail) for deed in await other.mailboxes.history("101", 10)
    ]
    await other.close()


async def recorded_greeting(office: Office, kind: GreetingKind) -> Greeting:
    visit = await office.mailboxes.login("101", PIN, CALLER)
    opened = await visit.open_greeting(kind)
    opened.spool.write_bytes(voice(2))
    kept = await visit.keep_greeting(kind)
    assert isinstance(kept, Greeting)
    return kept


async def test_a_mailbox_may_be_copied_into_a_colleagues_on_the_same_server(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    await office.hire(WILLIAM, "4712")
    await left(office)
    await left(office)
    archive = await taken_out(office, tmp_path)
    assert (await administrator(office).bring(archive, "102")).messages == 2
    assert (await administrator(office).bring(archive, "102")).there_already == 2
    mine, theirs = [await office.mailboxes.messages(number) for number in ("101", "102")]
    assert [contents(m) for m in mine] == [contents(m) for m in theirs]
    await administrator(office).empty("102")
    assert await office.mailboxes.messages("101") == mine
    assert (await office.ports.sounds.local(mine[0].sound)).exists()


async def test_what_the_box_has_no_place_for_is_left_out_and_told_and_the_trash_takes_none(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    for _ in range(3):
        await left(office)
    deleted = await left(office)
    await administrator(office).delete_message(deleted.id)
    archive = await taken_out(office, tmp_path)
    await office.hire(replace(WILLIAM, max_messages=2), "4712")
    brought = await administrator(office).bring(archive, "102")
    assert (brought.messages, brought.left_out) == (3, 1)
    assert (await office.ports.store.counts("102")).taken == 2
    assert len(list((office.root / "audio" / "messages" / "102").iterdir())) == 3


async def test_a_bringing_that_was_broken_off_is_ended_by_the_next(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    for _ in range(3):
        await left(office)
    archive = await taken_out(office, tmp_path)
    await office.hire(WILLIAM, "4712")

    class BreaksOff(FolderSounds):
        puts = 0

        async def put(self, name: str, pcm: bytes) -> None:
            self.puts += 1
            await super().put(name, pcm)
            if self.puts == 2:
                raise SoundUnavailable("the disk is away")

    unlucky = office.on(sounds=BreaksOff(office.root / "audio"))
    with pytest.raises(SoundUnavailable):
        await administrator(unlucky).bring(archive, "102")
    assert len(await office.mailboxes.messages("102")) == 1
    brought = await administrator(office).bring(archive, "102")
    assert (brought.messages, brought.there_already) == (2, 1)
    assert await office.mailboxes.audit().examine(serving=False) == ()


async def test_a_greeting_that_is_there_stays(office: Office, tmp_path: Path) -> None:
    await office.hire()
    await recorded_greeting(office, GreetingKind.BUSY)
    archive = await taken_out(office, tmp_path)
    await recorded_greeting(office, GreetingKind.BUSY)
    (there,) = await office.mailboxes.greetings("101")
    assert (await administrator(office).bring(archive, "101")).greetings == 0
    assert await office.mailboxes.greetings("101") == (there,)


async def test_an_archive_for_a_mailbox_that_is_not_there_is_refused(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    archive = await taken_out(office, tmp_path)
    with pytest.raises(MailboxUnknown):
        await administrator(office).bring(archive, "999")


async def test_a_message_only_on_its_way_by_email_is_in_the_archive_and_comes_into_the_box(
    office: Office, tmp_path: Path
) -> None:
    await office.hire(replace(CAMILLE, store_on_server=False))
    await left(office)
    archive = await taken_out(office, tmp_path)
    await office.hire(WILLIAM, "4712")
    assert (await administrator(office).bring(archive, "102")).messages == 1
    assert len(await office.mailboxes.messages("102")) == 1


async def test_a_lost_sound_does_not_keep_the_rest_from_being_taken_out(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    lost, there = await left(office), await left(office)
    await office.ports.sounds.delete(lost.sound)
    exported = await administrator(office).export("101", tmp_path / "box.zip")
    assert (len(exported.messages), exported.silent) == (2, 1)
    archive = read_archive(tmp_path / "box.zip")
    assert ([m.id for m in archive.messages], archive.silent) == ([there.id], 1)
    with zipfile.ZipFile(tmp_path / "box.zip") as file:
        entries = json.loads(file.read(MANIFEST))["messages"]
    assert entries[0]["caller"]["number"] == CALLER.number
    assert entries[0]["sound"] is None


async def test_an_export_that_fails_leaves_nothing_and_the_older_file_in_place(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    await left(office)
    (tmp_path / "box.zip").write_bytes(b"the older one")

    class Unreadable(FolderSounds):
        async def read(self, name: str) -> bytes:
            raise SoundUnavailable(name)

    failing = office.on(sounds=Unreadable(office.root / "audio"))
    with pytest.raises(SoundUnavailable):
        await administrator(failing).export("101", tmp_path / "box.zip")
    assert (tmp_path / "box.zip").read_bytes() == b"the older one"
    assert not (tmp_path / "box.zip.part").exists()


async def test_an_archive_is_for_its_maker_alone_to_read(office: Office, tmp_path: Path) -> None:
    await office.hire()
    await taken_out(office, tmp_path)
    assert (tmp_path / "box.zip").stat().st_mode & 0o077 == 0


async def test_sealed_sounds_are_taken_out_without_a_plain_copy_of_any(
    office: Office, tmp_path: Path
) -> None:
    sounds = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    sealed = office.on(sounds=sounds)
    await sealed.hire()
    for _ in range(3):
        await left(sealed)
    archive = await taken_out(sealed, tmp_path)
    assert [len(archive.sound(m.sound)) for m in archive.messages] == [32000] * 3
    assert not list((tmp_path / "opened").rglob("*.wav"))


# ---- What is no archive


def manifest(**changes: object) -> bytes:
    told: dict[str, object] = {
        "format": FORMAT,
        "exported": "2027-07-01T12:00:00+00:00",
        "mailbox": {"number": "101", "name": "Camille"},
        "messages": [],
        "greetings": [],
    }
    return json.dumps(told | changes).encode()


def entry(**changes: object) -> dict[str, object]:
    told: dict[str, object] = {
        "id": "01hello",
        "caller": {"number": "5145550123", "name": "Marc"},
        "received": "2027-07-01T12:00:00+00:00",
        "folder": "new",
        "sound": "messages/a.wav",
    }
    return told | changes


def wav(rate: int = 8000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(voice(1))
    return buffer.getvalue()


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, octets in members.items():
            file.writestr({"json": MANIFEST, "wav": "messages/a.wav"}[name], octets)
    return path


def test_an_archive_written_by_hand_is_read(tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.zip", json=manifest(messages=[entry(unheard_of=1)]), wav=wav())
    archive = read_archive(file)
    assert archive.mailbox == Mailbox("101", "Camille")
    assert archive.messages[0].caller == Party("5145550123", "Marc")
    assert archive.messages[0].duration_s == 1.0


@pytest.mark.parametrize(
    ("json", "sound", "told"),
    [
        (b"", None, "mailbox.json"),
        (b"[]", None, "mailbox.json"),
        (b"\xff\xfe{", None, "mailbox.json"),
        (manifest(format="vestibule-mailbox/2"), None, "not 'vestibule-mailbox/1'"),
        (manifest(format="x" * 5000), None, "not 'vestibule-mailbox/1'"),
        (manifest(mailbox={"name": "x"}), None, "mailbox.number"),
        (manifest(mailbox={"number": "1", "name": "x", "zero": "moon"}), None, "call treatment"),
        (manifest(mailbox={"number": "1", "name": "x", "attachment": "8"}), None, "mailbox"),
        (manifest(mailbox={"number": "1", "name": "x", "trash_days": "a"}), None, "trash_days"),
        (manifest(messages=[entry()]), None, "no messages/a.wav"),
        (manifest(messages=[entry()]), b"not a sound", "no WAV sound"),
        (manifest(messages=[entry()]), wav(16000), "not 8 kHz"),
        (manifest(messages=[entry(), entry()]), wav(), "in it twice"),
        (manifest(messages=[entry(id="../../x")]), wav(), "messages.0.id"),
        (manifest(messages=[entry(id="x" * 27)]), wav(), "messages.0.id"),
        (manifest(messages=[entry(folder="moon")]), wav(), "messages.0.folder"),
        (manifest(messages=[entry(received="2027-07-01")]), wav(), "messages.0.received"),
        (manifest(messages=[entry(forwarded_by="1;2")]), wav(), "messages.0.forwarded_by"),
        (manifest(messages=[entry(sound="../mailbox.json")]), wav(), "no ../mailbox.json"),
    ],
)
def test_what_is_wrong_with_an_archive_is_told_with_its_place(
    tmp_path: Path, json: bytes, sound: bytes | None, told: str
) -> None:
    members = {"json": json} | ({} if sound is None else {"wav": sound})
    with pytest.raises(ArchiveRefused) as refused:
        read_archive(zipped(tmp_path / "a.zip", **members))
    assert told in str(refused.value)
    assert "a.zip" in str(refused.value)
    assert len(str(refused.value)) < 400


def damaged(octets: bytes) -> bytes:
    at = octets.index(b"messages/a.wav") + 40
    return octets[:at] + bytes(40) + octets[at + 40 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda octets: b"",
        lambda octets: octets[: len(octets) // 2],
        lambda octets: b"PK\x03\x04" + bytes(200),
        damaged,
    ],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file = zipped(tmp_path / "a.zip", wav=wav(), json=manifest(messages=[entry()]))
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ArchiveRefused):
        read_archive(file)


def test_no_archive_at_all_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.zip", tmp_path):
        with pytest.raises(ArchiveRefused):
            read_archive(path)


def test_an_archive_behind_a_password_or_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.zip", json=manifest())
    octets = bytearray(file.read_bytes())
    octets[octets.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(octets)
    with pytest.raises(ArchiveRefused, match="password"):
        read_archive(file)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as other:
        other.writestr(MANIFEST, manifest())
    with pytest.raises(ArchiveRefused, match="another way"):
        read_archive(file)


def test_an_archive_that_would_fill_the_memory_is_refused_before_it_does(tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.zip", json=manifest(filler=" " * 20_000_000))
    with pytest.raises(ArchiveRefused, match="larger than it can be"):
        read_archive(file)
