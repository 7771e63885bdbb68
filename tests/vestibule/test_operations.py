"""Every operation flows may name is bound, and whatever becomes of a call nothing is lost."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from call.errors import Misuse
from call.leg import Party
from ivr.flow import Held
from ivr.operations import CATALOGUE
from tests.vestibule.asking import Call, say
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from tests.voicemail.sounds import voice
from vestibule.logs import log_to_stderr
from voicemail import Mailbox
from voicemail.message import GreetingKind

OPEN_TO_ALL = frozenset({"open_deposit", "recognise", "login"})
"""What may be asked in a call that has opened nothing yet."""


def test_every_operation_that_flows_may_name_is_bound_and_no_other(office: Office) -> None:
    assert Call(office).operations.names == CATALOGUE.keys()


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name in CATALOGUE
        if name.startswith("voicemail.") and name.removeprefix("voicemail.") not in OPEN_TO_ALL
    ),
)
async def test_nothing_is_done_in_a_mailbox_that_nobody_opened(office: Office, name: str) -> None:
    await office.hire()
    await office.leave()
    given: dict[str, Held] = {
        "mailbox": "102",
        "key": "zero",
        "pin": PIN,
        "again": PIN,
        "date": "0702",
        "language": "en",
        "folder": "new",
        "move": "first",
        "kind": "temporary",
    }
    call = Call(office)
    with pytest.raises(Misuse):
        await call.operations.perform(name, {key: given[key] for key in CATALOGUE[name].parameters})


async def test_an_operation_of_no_name_is_a_bug_of_ours(office: Office) -> None:
    with pytest.raises(Misuse, match=r"voicemail\.burn"):
        await Call(office).operations.perform("voicemail.burn", {})


async def test_what_an_owner_did_not_confirm_is_forgotten_when_the_call_ends(
    office: Office,
) -> None:
    await office.hire()
    await office.hire(Mailbox("102", "Luc Gagnon"))
    await office.leave()
    call = Call(office)
    await call.signs_in()
    await call.asks("select", move="first")
    await call.asks("open_forward")
    say(await call.asks("open_introduction"), voice(2.0))
    await call.asks("add_recipient", mailbox="102")
    say(await call.asks("open_greeting", kind="unavailable"), voice(2.0))
    await call.operations.close()
    assert await office.mailboxes.messages("102") == ()
    assert await office.mailboxes.greeting("101") is None
    assert not list((office.root / "spool").rglob("*.raw"))


async def test_a_reply_nobody_decided_about_is_kept_when_the_call_ends(office: Office) -> None:
    await office.hire()
    await office.hire(Mailbox("102", "Luc Gagnon"))
    call = Call(office)
    await call.signs_in()
    say(await call.asks("compose", mailbox="102"), voice(2.0))
    await call.operations.close()
    (message,) = await office.mailboxes.messages("102")
    assert message.caller == Party("101", CAMILLE.name)


async def test_a_greeting_is_forgotten_even_when_the_message_cannot_be_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.hire()
    call = Call(office)
    await call.signs_in()
    opened = await call.asks("open_greeting", kind="unavailable")
    say(opened, voice(2.0))
    say(await call.asks("open_deposit", mailbox="101", busy=False), voice(2.0))

    async def keep(_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(office.mailboxes, "keep", keep)
    with pytest.raises(OSError, match="gone"):
        await call.operations.close()
    spool = opened.values["spool"]
    assert isinstance(spool, Path)
    assert not spool.exists()


SECRETS = ("470911", "861305", "295037", "738264", "5173")
"""PINs: the first, guesses, one typed where a number was asked, the new one and its slip."""


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that the program logs, down to the last detail, as it logs it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log_to_stderr("DEBUG")
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_no_log_of_a_whole_visit_tells_a_pin_a_guess_or_a_name(
    office: Office, logged: Callable[[], str]
) -> None:
    first, guess, early, new, slip = SECRETS
    await office.hire(pin=first)
    await office.hire(Mailbox("102", "Luc Gagnon"))
    await office.leave()
    call = Call(office)
    assert (await call.asks("login", mailbox=early, pin=guess)).name == "wrong"
    assert (await call.asks("login", mailbox="101", pin=guess)).name == "wrong"
    await call.signs_in(first)
    await call.asks("change_pin", pin=new, again=slip)
    await call.asks("change_pin", pin=new, again=new)
    await call.asks("select", move="first")
    await call.asks("open_forward")
    await call.asks("add_recipient", mailbox="102")
    await call.asks("forward")
    say(await call.asks("open_greeting", kind="name"), voice(2.0))
    await call.asks("keep_greeting", kind=GreetingKind.NAME.value)
    await call.operations.close()
    for _ in range(3):
        again = Call(office)
        for _ in range(3):
            await again.asks("login", mailbox="101", pin=guess)
    log, history = logged(), repr(await office.ports.store.history(None, 100))
    assert all(event in log for event in ("login refused", "login locked", "message forwarded"))
    assert "mailbox locked" in history
    for secret in (*SECRETS, CALLER.number, CALLER.name):
        assert secret not in log
        assert secret not in history


async def test_a_database_that_fails_tells_the_log_no_number_that_was_typed(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.hire()
    await office.database.transact(lambda c: c.exec_driver_sql("DROP TABLE failure"))
    _, guess, early, *_ = SECRETS
    try:
        await Call(office).asks("login", mailbox=early, pin=guess)
    except Exception:
        logging.getLogger("a call").exception("operation failed")
    assert "no such table" in caplog.text
    assert early not in caplog.text
    assert guess not in caplog.text
