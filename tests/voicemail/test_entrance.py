"""Getting into a mailbox by telephone, and being kept out of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from call.clock import VirtualClock
from call.leg import Party
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from voicemail import (
    LockedOut,
    Mailbox,
    Mailboxes,
    MailboxExists,
    MailboxRefused,
    StoreUnavailable,
    Visit,
    WrongPin,
)
from voicemail.adapters.argon2_pins import Argon2Pins
from voicemail.mail import MailTask, TaskKind
from voicemail.policy import lock_until

WITHHELD = Party("")
AT_HOME = Party("101", "Camille", internal=True)
FORGED = Party("101", "Camille")


async def test_the_right_pin_opens_the_mailbox(office: Office) -> None:
    await office.hire()
    assert (await office.mailboxes.login("101", PIN, CALLER)).mailbox == CAMILLE


@pytest.mark.parametrize("number", ["101", "999", "1" * 400])
async def test_a_wrong_pin_and_an_unknown_number_sound_the_same(
    office: Office, number: str
) -> None:
    await office.hire()
    with pytest.raises(WrongPin):
        await office.mailboxes.login(number, "0000", CALLER)


async def test_the_third_wrong_pin_of_a_call_ends_it(office: Office) -> None:
    await office.hire()
    entrance = office.mailboxes.entrance(CALLER)
    for _ in range(2):
        with pytest.raises(WrongPin):
            await entrance.login("101", "0000")
    with pytest.raises(LockedOut):
        await entrance.login("101", "0000")
    with pytest.raises(LockedOut):
        await entrance.login("101", PIN)


async def guess(office: Office, times: int, number: str = "101", caller: Party = WITHHELD) -> None:
    for _ in range(times):
        with pytest.raises(WrongPin):
            await office.mailboxes.login(number, "0000", caller)


@pytest.mark.parametrize("number", ["101", "999"])
async def test_six_wrong_pins_over_many_calls_lock_a_mailbox_for_a_quarter_of_an_hour(
    office: Office, number: str
) -> None:
    await office.hire()
    await guess(office, 6, number)
    with pytest.raises(LockedOut):
        await office.mailboxes.login(number, PIN, WITHHELD)
    office.clock.advance(15 * 60 - 1)
    with pytest.raises(LockedOut):
        await office.mailboxes.login(number, PIN, WITHHELD)


async def test_after_the_lock_the_owner_gets_in_again(office: Office) -> None:
    await office.hire()
    await guess(office, 6)
    office.clock.advance(15 * 60)
    assert isinstance(await office.mailboxes.login("101", PIN, CALLER), Visit)


async def test_the_lock_outlives_a_restart(office: Office, tmp_path: Path) -> None:
    await office.hire()
    await guess(office, 6)
    await office.close()
    restarted = await Office.open(tmp_path / "data", office.clock)
    with pytest.raises(LockedOut):
        await restarted.mailboxes.login("101", PIN, CALLER)
    await restarted.close()


async def test_guessing_in_many_calls_at_once_gets_no_more_tries(office: Office) -> None:
    await office.hire()
    guesses = (office.mailboxes.login("101", "0000", WITHHELD) for _ in range(40))
    ends = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(end, WrongPin) for end in ends) == 6
    assert sum(isinstance(end, LockedOut) for end in ends) == 34


async def test_the_right_pin_forgets_the_wrong_ones(office: Office) -> None:
    await office.hire()
    for _ in range(3):
        await guess(office, 5)
        await office.mailboxes.login("101", PIN, WITHHELD)


async def test_one_number_that_tries_every_mailbox_is_locked_out_of_all(office: Office) -> None:
    for number in range(201, 215):
        await office.hire(Mailbox(str(number), "Somebody"))
    for number in range(201, 213):
        with pytest.raises(WrongPin):
            await office.mailboxes.login(str(number), "0000", CALLER)
    with pytest.raises(LockedOut):
        await office.mailboxes.login("213", PIN, CALLER)
    assert isinstance(await office.mailboxes.login("213", PIN, Party("+14505550111")), Visit)


async def test_an_owner_cannot_wash_guesses_off_with_their_own_pin(office: Office) -> None:
    await office.hire()
    for number in range(301, 313):
        await guess(office, 1, str(number), CALLER)
        if number < 312:
            await office.mailboxes.login("101", PIN, CALLER)
    with pytest.raises(LockedOut):
        await office.mailboxes.login("101", PIN, CALLER)


def test_each_further_calls_worth_of_wrong_pins_doubles_the_lock_up_to_a_day(
    clock: VirtualClock,
) -> None:
    locks = [lock_until(failures, 6, clock.now()) for failures in range(1, 40)]
    lengths = [lock - clock.now() for lock in locks if lock is not None]
    assert lengths[:4] == [timedelta(minutes=minutes) for minutes in (15, 30, 60, 120)]
    assert lengths[-1] == timedelta(days=1)
    assert [failures for failures, lock in enumerate(locks, 1) if lock][:3] == [6, 9, 12]


async def lockouts(office: Office) -> list[MailTask]:
    """The e-mails that wait to tell an owner of a lock, each listed once."""
    now, lease = office.clock.now(), timedelta(days=1)
    leased = await office.ports.store.claim("test", now, lease, 100)
    return [each.task for each in leased if each.task.kind is TaskKind.LOCKOUT]


async def test_the_owner_is_told_by_email_of_each_lock_and_of_nothing_before(
    office: Office,
) -> None:
    await office.hire()
    woken: list[None] = []
    mailboxes = Mailboxes(office.ports, mail_due=lambda: woken.append(None))
    on = replace(office, mailboxes=mailboxes)
    await guess(on, 5)
    assert await lockouts(office) == []
    await guess(on, 1)
    with pytest.raises(LockedOut):
        await on.mailboxes.login("101", "0000", WITHHELD)
    (task,) = await lockouts(office)
    assert (task.mailbox, task.message, task.recipients) == ("101", "", CAMILLE.addresses)
    assert len(woken) == 1
    office.clock.advance(15 * 60)
    await guess(on, 2)
    assert await lockouts(office) == []
    await guess(on, 1)
    assert len(await lockouts(office)) == 1


async def test_nobody_is_written_to_about_a_number_without_mailbox_or_a_box_without_address(
    office: Office,
) -> None:
    await office.hire(replace(CAMILLE, addresses=()))
    await guess(office, 6)
    await guess(office, 6, "999")
    assert await lockouts(office) == []


async def test_refused_and_locked_logins_stand_in_the_history_of_the_box(office: Office) -> None:
    await office.hire()
    await guess(office, 6, caller=Party("+15145550123"))
    for _ in range(3):
        with pytest.raises(LockedOut):
            await office.mailboxes.login("101", "0000", WITHHELD)
    deeds = [deed for deed in await office.ports.store.history("101", 20) if deed.actor == "caller"]
    assert [deed.action for deed in deeds] == ["login refused"] * 6 + ["mailbox locked"]
    assert deeds[0].detail == "…0123"


async def test_a_guess_at_a_number_without_mailbox_leaves_no_line(office: Office) -> None:
    await office.hire()
    await guess(office, 6, "8523")
    assert not [
        deed for deed in await office.ports.store.history(None, 20) if deed.mailbox != "101"
    ]


async def test_a_wrong_pin_is_refused_alike_when_the_owner_cannot_be_told(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await office.hire()

    async def queue(_: MailTask) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(office.ports.store, "queue", queue)
    await guess(office, 6)
    assert "owner not told of the lock" in caplog.messages


@pytest.mark.parametrize("caller", [WITHHELD, Party("+15145550123"), Party("999", internal=True)])
async def test_a_telephone_without_a_mailbox_of_its_own_is_a_strangers(
    office: Office, caller: Party
) -> None:
    await office.hire()
    assert await office.mailboxes.entrance(caller).recognise() is None


@pytest.mark.parametrize("caller", [AT_HOME, FORGED])
async def test_ones_own_telephone_is_asked_for_the_pin_alone(office: Office, caller: Party) -> None:
    await office.hire()
    assert await office.mailboxes.entrance(caller).recognise() == CAMILLE


async def test_ones_own_telephone_opens_a_box_that_trusts_it(office: Office) -> None:
    trusting = await office.hire(replace(CAMILLE, trust_own_phone=True))
    visit = await office.mailboxes.entrance(AT_HOME).recognise()
    assert isinstance(visit, Visit)
    assert visit.mailbox == trusting


async def test_a_number_anybody_can_send_opens_nothing(office: Office) -> None:
    trusting = await office.hire(replace(CAMILLE, trust_own_phone=True))
    assert await office.mailboxes.entrance(FORGED).recognise() == trusting


async def test_a_lock_keeps_no_owner_from_the_telephone_their_box_trusts(office: Office) -> None:
    await office.hire(replace(CAMILLE, trust_own_phone=True))
    await guess(office, 6)
    assert isinstance(await office.mailboxes.entrance(AT_HOME).recognise(), Visit)


async def test_an_administrator_lifts_the_lock(office: Office) -> None:
    await office.hire()
    await guess(office, 6)
    await office.mailboxes.administration("test").unlock("101")
    assert isinstance(await office.mailboxes.login("101", PIN, WITHHELD), Visit)


async def test_a_new_pin_replaces_the_old_one(office: Office) -> None:
    await office.hire()
    await office.mailboxes.administration("test").change_pin("101", "9084")
    with pytest.raises(WrongPin):
        await office.mailboxes.login("101", PIN, CALLER)
    assert isinstance(await office.mailboxes.login("101", "9084", CALLER), Visit)


@pytest.mark.parametrize(
    ("number", "pin"),
    [
        ("101", "123"),
        ("101", "12345678901"),
        ("101", "47a1"),
        ("101", "1111"),
        ("101", "1234"),
        ("101", "9876"),
        ("101", "7890"),
        ("4711", "4711"),
        ("101", "1019"),
        ("101", "٤٧١١"),
    ],
)
async def test_a_pin_anybody_would_try_first_is_refused(
    office: Office, number: str, pin: str
) -> None:
    with pytest.raises(MailboxRefused):
        await office.hire(Mailbox(number, "Camille"), pin)


async def test_a_mailbox_asked_for_wrongly_hears_every_reason(office: Office) -> None:
    asked = Mailbox("1x", "", "de", ("nobody",), zone="Mars/Olympus", max_message_s=0)
    with pytest.raises(MailboxRefused) as refused:
        await office.hire(asked, "12")
    assert str(refused.value).count(";") == 6


async def test_a_number_has_one_mailbox(office: Office) -> None:
    await office.hire()
    with pytest.raises(MailboxExists):
        await office.hire()


async def test_mailboxes_are_listed_by_number_with_all_they_were_made_with(office: Office) -> None:
    made = Mailbox(
        "100", "Réception", "en", ("a@example.org", "b@example.org"), "Europe/Paris", 60, 0.5, 7
    )
    await office.hire()
    await office.hire(made)
    assert await office.mailboxes.all() == (made, CAMILLE)
    assert await office.mailboxes.show("100") == made


async def test_the_pin_itself_is_stored_nowhere() -> None:
    pins = Argon2Pins()
    hashed = await pins.hashed("4711")
    assert "4711" not in hashed
    assert hashed.startswith("$argon2id$")
    assert await pins.matches("4711", hashed)
    assert not await pins.matches("4712", hashed)
    assert not await pins.matches("", None)
