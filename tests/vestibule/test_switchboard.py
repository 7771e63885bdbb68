"""A number that would lead callers nowhere is told to the administrator before any call."""

from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.machine import Flows
from ivr.testing import PureCall, ScriptedCaller
from tests.voicemail.office import CALLER, Office
from tests.voicemail.sounds import voice
from vestibule.operations import CallOperations
from vestibule.settings import BadSettings, Company, Number
from vestibule.shipped import read_book, read_flows
from vestibule.switchboard import Switchboard
from voicemail.adapters.folder_sounds import wav
from voicemail.message import GreetingKind, Mailbox, Treatment, TreatmentKind

COMPANY = Company(name="Quincaillerie", operator="101")


@pytest.fixture(scope="module")
def flows() -> Flows:
    return read_flows(read_book())


def switchboard(
    flows: Flows, office: Office, *numbers: Number, company: Company = COMPANY
) -> Switchboard:
    return Switchboard(
        company=company,
        numbers=numbers,
        flows=flows,
        mailboxes=office.mailboxes,
        clock=VirtualClock(),
    )


async def test_every_number_that_leads_nowhere_is_told_at_once(
    flows: Flows, office: Office
) -> None:
    with pytest.raises(BadSettings) as told:
        switchboard(
            flows,
            office,
            Number(number="5145550100", flow="main_atendant"),
            Number(number="8500", flow="voicemail_main", parameters={"colour": "blue"}),
            Number(number="8501", flow="voicemail_leave"),
            company=Company(name="Quincaillerie"),
        )
    first, second, third = str(told.value).splitlines()
    assert "5145550100: no flow 'main_atendant'; there are" in first
    assert "8500: voicemail_main takes no colour" in second
    assert "8501: voicemail_leave needs mailbox; set with" in third


@pytest.mark.parametrize("written", [True, "true"])
async def test_a_number_of_its_own_leads_to_the_greeting_of_who_is_on_the_telephone(
    flows: Flows, office: Office, tmp_path: Path, written: object
) -> None:
    """A telephone system sends the callers of a busy extension to 7 and its number."""
    await office.hire()
    (tmp_path / "busy.wav").write_bytes(wav(voice(3.0)))
    greeting = GreetingKind.BUSY
    await office.mailboxes.administration("test").set_greeting(
        "101", greeting, tmp_path / "busy.wav"
    )
    values = {"number": "7XXX", "flow": "extension", "with": {"busy": written}}
    board = switchboard(
        flows, office, Number.model_validate(values), Number(number="*XXX", flow="extension")
    )
    busy = ScriptedCaller("a caller").hears_recording(
        await office.mailboxes.greeting("101", busy=True)
    )
    free = ScriptedCaller("another").hears("vm.leave.unavailable_name")
    for number, script in (("7101", busy), ("*101", free)):
        operations = CallOperations(office.mailboxes, CALLER, board.redirect)
        destination = board.destination(number)
        assert destination is not None
        call = PureCall(await board.dialogue(destination), operations, office.clock)
        await call.begin()
        await script.hangs_up().calls(call)
        await operations.close()


async def test_what_a_flow_cannot_take_is_told(flows: Flows, office: Office) -> None:
    entry = Number(number="7XXX", flow="extension", parameters={"busy": "vrai"})
    with pytest.raises(BadSettings, match="7XXX: extension takes busy as true or false"):
        switchboard(flows, office, entry)


async def test_an_attendant_without_an_operator_is_refused_with_what_to_set(
    flows: Flows, office: Office
) -> None:
    entry = Number(number="5145550100", flow="main_attendant")
    with pytest.raises(BadSettings, match=r"needs operator; set company\.operator"):
        switchboard(flows, office, entry, company=Company(name="Quincaillerie"))


async def test_a_call_begins_in_the_flow_of_its_number_with_the_extensions_in_service(
    flows: Flows, office: Office
) -> None:
    await office.hire()
    board = switchboard(flows, office, Number(number="5145550100", flow="main_attendant"))
    assert board.accepts("+15145550100")
    assert not board.accepts("5145550199")
    destination = board.destination("5145550100")
    assert destination is not None
    dialogue = await board.dialogue(destination)
    dialogue.start(0.0)
    assert dialogue.place == "main_attendant/welcome"
    assert dialogue.language == "fr"


async def test_an_extension_dialled_directly_is_handed_to_its_flow(
    flows: Flows, office: Office
) -> None:
    board = switchboard(flows, office, Number(number="*XXX", flow="extension"))
    destination = board.destination("*101")
    assert destination is not None
    assert dict(destination.parameters) == {"mailbox": "101"}
    dialogue = await board.dialogue(destination)
    assert dialogue.start(0.0)


OPERATOR = Treatment(TreatmentKind.OPERATOR)


@pytest.mark.parametrize(
    ("written", "leads"),
    [
        ("operator", ("extension", "101")),
        ("extension:102", ("extension", "102")),
        ("extension:199", None),
        ("flow:main_attendant", ("main_attendant", "")),
        ("flow:nowhere", None),
        ("flow:extension", None),
        ("closed", None),
    ],
)
async def test_a_key_of_a_mailbox_leads_where_there_is_somebody(
    flows: Flows, office: Office, written: str, leads: tuple[str, str] | None
) -> None:
    await office.hire()
    await office.hire(Mailbox("102", "William"))
    assert await switchboard(flows, office).redirect(Treatment.parse(written)) == leads


async def test_an_operator_who_is_not_there_is_nobody(flows: Flows, office: Office) -> None:
    assert await switchboard(flows, office).redirect(OPERATOR) is None
    await office.hire()
    alone = switchboard(flows, office, company=Company(name="Quincaillerie"))
    assert await alone.redirect(OPERATOR) is None
