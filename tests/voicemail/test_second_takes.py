"""The power goes while a caller records again: the last take they completed is the message."""

from dataclasses import replace
from pathlib import Path

import pytest

from call.clock import VirtualClock
from tests.voicemail.office import CALLER, CAMILLE, Office, speak
from tests.voicemail.sounds import hush, voice
from tests.voicemail.test_crash import Fuse, PowerCut, after_restart, files_under, on_fuse
from voicemail import Deposit, Kept, Mailbox

FIRST, SECOND = voice(2), voice(3, seed=2)

STEPS = 16
"""How many things one call with a second take asks of the store, the sounds and the spool."""


async def one_call(office: Office) -> None:
    """A caller speaks, makes the message urgent, speaks again, and keeps the second take."""
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, FIRST)
    deposit = await office.mailboxes.mark_urgent(deposit, True)
    await speak_again(office, deposit, SECOND)
    assert await office.mailboxes.accept_retake(deposit)
    await office.mailboxes.keep(deposit)


async def speak_again(office: Office, deposit: Deposit, sound: bytes) -> None:
    (await office.mailboxes.open_retake(deposit)).write_bytes(sound)


async def heard(office: Office) -> list[tuple[bytes, bool]]:
    """What each message of the box says, and whether it is urgent."""
    messages = await office.mailboxes.messages("101")
    sounds = [await office.ports.sounds.local(message.sound) for message in messages]
    return [(s.read_bytes()[44:], m.urgent) for s, m in zip(sounds, messages, strict=True)]


async def test_every_step_of_a_call_with_a_second_take_is_tried(office: Office) -> None:
    await office.hire()
    fuse = Fuse(STEPS, after=False)
    await one_call(on_fuse(office, fuse))
    assert not fuse.blown
    with pytest.raises(PowerCut):
        await fuse.pass_through(office.ports.store.mailboxes)
    assert await heard(office) == [(SECOND, True)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(STEPS))
async def test_whatever_the_step_the_last_complete_take_is_the_message(
    tmp_path: Path, clock: VirtualClock, step: int, after: bool
) -> None:
    office = await Office.open(tmp_path, clock)
    await office.hire(Mailbox("101", "Camille", addresses=("c@example.org",), max_messages=1))
    fuse = Fuse(step, after=after)
    with pytest.raises(PowerCut):
        await one_call(on_fuse(office, fuse))
    in_spool = any((tmp_path / "spool").glob("*.raw"))
    spoken = in_spool or await office.mailboxes.messages("101") != ()
    said = SECOND if "accept_retake" in fuse.done else FIRST
    restarted = await after_restart(office, tmp_path)
    assert await heard(restarted) == ([(said, "amend" in fuse.done)] if spoken else [])
    assert len(restarted.mails()) == 2 * spoken  # the message, and that the box is full
    assert files_under(tmp_path / "spool") == []
    assert await restarted.ports.store.places("local") == ()
    await restarted.close()


async def test_a_second_take_is_forgotten_by_whoever_keeps_the_message_meanwhile(
    office: Office,
) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, FIRST)
    await speak_again(office, deposit, SECOND)
    assert isinstance(await office.mailboxes.keep(deposit), Kept)
    assert await heard(office) == [(FIRST, False)]
    assert files_under(office.root / "spool") == []


async def test_a_third_take_begins_with_nothing_of_the_second(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, FIRST)
    await speak_again(office, deposit, SECOND)
    assert not (await office.mailboxes.open_retake(deposit)).exists()
    assert not await office.mailboxes.accept_retake(deposit)
    await office.mailboxes.keep(deposit)
    assert await heard(office) == [(FIRST, False)]


async def test_a_second_take_in_which_nobody_speaks_is_none(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, FIRST)
    await speak_again(office, deposit, hush(5))
    assert not await office.mailboxes.accept_retake(deposit)
    await speak_again(office, deposit, SECOND)
    assert await office.mailboxes.accept_retake(deposit)
    await office.mailboxes.keep(deposit)
    assert await heard(office) == [(SECOND, False)]


async def test_a_second_take_saves_a_message_whose_first_was_silent(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, hush(5))
    await speak_again(office, deposit, SECOND)
    assert await office.mailboxes.accept_retake(deposit)
    await office.mailboxes.keep(deposit)
    assert await heard(office) == [(SECOND, False)]


async def test_where_a_word_is_enough_a_second_take_nobody_began_is_still_none(
    office: Office,
) -> None:
    await office.hire(replace(CAMILLE, min_speech_s=0))
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    assert not await office.mailboxes.is_enough(deposit)
    speak(deposit, FIRST)
    await office.mailboxes.open_retake(deposit)
    assert not await office.mailboxes.accept_retake(deposit)
    assert await office.mailboxes.is_enough(deposit)
    await office.mailboxes.keep(deposit)
    assert await heard(office) == [(FIRST, False)]
