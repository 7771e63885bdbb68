"""What a parker, a caller who is parked, and whoever takes them experience."""

import asyncio

from telephony.watcher import Transfer
from tests.exchange.office import Handset, Office, in_office
from vestibule.exchange.guest import Visit


async def _talk(office: Office) -> tuple[Handset, Handset]:
    """A caller from outside talks with 101."""
    caller = office.calls("5145550188", internal=False, name="Marie Tremblay")
    parker = office.calls("101")
    await office.talking(caller, parker)
    return caller, parker


def test_who_parks_by_consultation_hears_the_slot_and_whoever_dials_it_has_the_caller() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        consultation = office.calls("101")
        office.asks(consultation, "routing.park")
        await asyncio.sleep(5)
        assert office.desk.parking.waiting == {}
        office.transfers.transfer_asked(parker, Transfer("700", consultation.call_id))
        await asyncio.sleep(1)
        assert (parker.over, consultation.over, parker.transfers) == (True, True, [200])
        assert caller.hears == "music"
        assert office.lamps == [("701", True)]
        colleague = office.calls("102")
        office.asks(colleague, "routing.retrieve", slot="701")
        await asyncio.sleep(1)
        assert (caller.hears, colleague.hears) == (colleague, caller)
        assert office.lamps == [("701", True), ("701", False)]
        colleague.caller_hangs_up()
        await asyncio.sleep(1)
        assert caller.over

    in_office(story)


def test_who_consults_a_free_slot_parks_there() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        consultation = office.calls("101")
        office.asks(consultation, "routing.retrieve", dialed="703", slot="703")
        await asyncio.sleep(1)
        office.transfers.transfer_asked(parker, Transfer("703", consultation.call_id))
        await asyncio.sleep(1)
        assert set(office.parking.waiting) == {"703"}
        assert caller.hears == "music"

    in_office(story)


def test_when_all_slots_are_taken_a_consultation_parks_nobody_and_the_caller_stays() -> None:
    async def story(office: Office) -> None:
        for _ in range(9):
            _, parker = await _talk(office)
            office.transfers.transfer_asked(parker, Transfer("700"))
        caller, parker = await _talk(office)
        consultation = office.calls("101")
        office.asks(consultation, "routing.park")
        await asyncio.sleep(1)
        office.transfers.transfer_asked(parker, Transfer("700", consultation.call_id))
        await asyncio.sleep(1)
        assert parker.transfers == [486]
        assert caller.hears is parker

    in_office(story)


def test_a_parker_who_hangs_up_the_consultation_leaves_the_slot_free() -> None:
    async def story(office: Office) -> None:
        consultation = office.calls("101")
        office.asks(consultation, "routing.park")
        await asyncio.sleep(1)
        consultation.caller_hangs_up()
        await asyncio.sleep(1)
        assert office.parking.promise("another") == "701"

    in_office(story)


def test_a_blind_transfer_parks_and_the_parker_hears_where() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(1)
        assert office.said == [(parker.call_id, "park.parked")]
        assert (parker.over, parker.transfers) == (False, [])
        assert caller.hears == "music"
        await asyncio.sleep(5)
        assert (parker.over, parker.transfers) == (True, [200])
        assert office.desktops["101"].rings == []
        assert not caller.over

    in_office(story)


def test_a_parker_whose_telephone_holds_the_call_is_shown_the_slot_by_a_ring() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.desktops["101"].answers_after = 3.0
        office.transfers.held(parker, True)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(1)
        assert parker.over
        (shown,) = office.desktops["101"].rings
        assert (shown.caller.number, shown.caller.name) == ("701", "Marie Tremblay")
        await asyncio.sleep(3)
        (leg,) = office.desktops["101"].legs
        assert office.said == [(leg.call_id, "park.parked")]
        await asyncio.sleep(3)
        assert leg.over
        assert caller.hears == "music"

    in_office(story)


def test_a_parker_who_hangs_up_at_once_is_shown_the_slot_by_a_ring() -> None:
    async def story(office: Office) -> None:
        _, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(0.2)
        parker.caller_hangs_up()
        await asyncio.sleep(1)
        (shown,) = office.desktops["101"].rings
        assert shown.caller.number == "701"

    in_office(story)


def test_a_transfer_to_a_slot_parks_there_and_not_where_somebody_waits() -> None:
    async def story(office: Office) -> None:
        first, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("703"))
        second, other = await _talk(office)
        await asyncio.sleep(1)
        assert set(office.parking.waiting) == {"703"}
        office.transfers.transfer_asked(other, Transfer("703"))
        await asyncio.sleep(1)
        assert other.transfers == [486]
        assert (other.call_id, "park.taken") in office.said
        assert (second.hears, other.hears) == (other, second)
        assert first.hears == "music"

    in_office(story)


def test_when_all_slots_are_taken_the_caller_stays_with_the_parker() -> None:
    async def story(office: Office) -> None:
        for _ in range(9):
            _, parker = await _talk(office)
            office.transfers.transfer_asked(parker, Transfer("700"))
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(1)
        assert parker.transfers == [486]
        assert (parker.call_id, "park.full_returned") in office.said
        assert caller.hears is parker
        consultation = office.calls("102")
        office.asks(consultation, "routing.park")
        await asyncio.sleep(1)
        assert office.outcomes[consultation.call_id] == "full"

    in_office(story)


def test_a_slot_in_which_nobody_waits_is_told_empty() -> None:
    async def story(office: Office) -> None:
        colleague = office.calls("102")
        office.asks(colleague, "routing.retrieve", slot="705")
        await asyncio.sleep(1)
        assert office.outcomes[colleague.call_id] == "empty"

    in_office(story)


def test_nobody_from_outside_takes_a_parked_call() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        stranger = office.calls("5145550199", internal=False)
        await office.asks(stranger, "routing.retrieve", slot="701")
        assert office.outcomes[stranger.call_id] == "stranger"
        assert caller.hears == "music"

    in_office(story)


def test_nobody_from_outside_parks_a_colleague() -> None:
    async def story(office: Office) -> None:
        caller, colleague = await _talk(office)
        office.transfers.transfer_asked(caller, Transfer("700"))
        await asyncio.sleep(1)
        assert caller.transfers == [603]
        assert colleague.hears is caller
        assert not office.parking.waiting

    in_office(story)


def test_after_45_seconds_the_parker_is_rung_back_and_sees_who_waits() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        office.desktops["101"].answers_after = 6.0
        await asyncio.sleep(44)
        assert office.desktops["101"].rings == []
        await asyncio.sleep(2)
        (shown,) = office.desktops["101"].rings
        assert (shown.caller.number, shown.caller.name) == ("5145550188", "701 Marie Tremblay")
        assert caller.hears == "music"
        await asyncio.sleep(6)
        (leg,) = office.desktops["101"].legs
        assert (caller.hears, leg.hears) == (leg, caller)
        assert office.lamps[-1] == ("701", False)

    in_office(story)


def test_a_caller_whom_the_parker_does_not_take_back_goes_to_the_general_mailbox() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(64)
        assert caller.call_id not in office.outcomes
        await asyncio.sleep(3)
        assert office.outcomes[caller.call_id] == "forsaken 100"
        assert not caller.over
        assert office.lamps[-1] == ("701", False)

    in_office(story)


def test_a_caller_may_be_taken_from_another_telephone_while_the_parker_is_rung() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(50)
        assert len(office.desktops["101"].rings) == 1
        colleague = office.calls("102")
        office.asks(colleague, "routing.retrieve", slot="701")
        await asyncio.sleep(1)
        assert caller.hears is colleague
        rung = [leg for leg in office.legs.values() if leg.caller.number == "101"]
        assert all(leg.over for leg in rung)

    in_office(story)


def test_a_caller_who_hangs_up_leaves_the_slot_and_rings_nobody() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(10)
        caller.caller_hangs_up()
        await asyncio.sleep(60)
        assert office.desktops["101"].rings == []
        assert office.lamps == [("701", True), ("701", False)]

    in_office(story)


def test_somebody_who_hangs_up_in_the_instant_they_are_parked_leaves_the_slot() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        colleague = office.calls("102")
        office.asks(colleague, "routing.retrieve", slot="701")
        await asyncio.sleep(1)
        office.exchange.welcome(caller, Visit("", caller.caller))
        office.transfers.transfer_asked(colleague, Transfer("700"))
        caller.caller_hangs_up()
        await asyncio.sleep(1)
        assert not office.parking.waiting
        assert office.lamps[-1] == ("701", False)

    in_office(story)


def test_a_caller_who_was_taken_may_be_parked_again() -> None:
    async def story(office: Office) -> None:
        caller, parker = await _talk(office)
        office.transfers.transfer_asked(parker, Transfer("700"))
        await asyncio.sleep(10)
        colleague = office.calls("102")
        office.asks(colleague, "routing.retrieve", slot="701")
        await asyncio.sleep(1)
        office.transfers.transfer_asked(colleague, Transfer("700"))
        await asyncio.sleep(44)
        assert caller.hears == "music"
        assert office.desktops["101"].rings == []
        await asyncio.sleep(3)
        assert len(office.desktops["102"].rings) == 1

    in_office(story)
