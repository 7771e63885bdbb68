"""Whatever people do, in whatever order: nobody waits twice or alone, and no slot is lost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.parking import SLOTS
from telephony.watcher import Transfer
from tests.exchange.office import Handset, Office, in_office


@dataclass(frozen=True)
class Deed:
    """Somebody does something; `who` and `where` choose among those and the slots there are."""

    kind: str
    who: int
    where: int


KINDS = (
    *("talk", "blind", "to_slot", "consult", "attended", "retrieve", "hang_up", "hold"),
    *("answer", "wait_short", "wait_long"),
)

deeds = st.lists(
    st.builds(Deed, st.sampled_from(KINDS), st.integers(0, 20), st.integers(0, 3)),
    max_size=25,
)


class Day:
    """People at their telephones."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.consultations: list[tuple[Handset, Handset]] = []

    def _talking(self) -> Sequence[Handset]:
        """Colleagues in a call."""
        return [
            leg
            for leg in self.office.legs.values()
            if leg.up and leg.caller.internal and self.office.exchange.patch(leg) is not None
        ]

    async def does(self, deed: Deed) -> None:
        office, slot = self.office, SLOTS[deed.where]
        colleagues = self._talking()
        colleague = colleagues[deed.who % len(colleagues)] if colleagues else None
        up = [leg for leg in office.legs.values() if leg.up]
        match deed.kind:
            case "talk":
                inside = bool(deed.who % 2)
                caller = office.calls("104" if inside else "5145550188", internal=inside)
                await office.talking(caller, office.calls(f"10{1 + deed.where}"))
            case "blind" if colleague is not None:
                office.transfers.transfer_asked(colleague, Transfer("700"))
            case "to_slot" if colleague is not None:
                office.transfers.transfer_asked(colleague, Transfer(slot))
            case "consult" if colleague is not None:
                second = office.calls(colleague.caller.number)
                await second.answer()
                office.asks(second, "routing.park")
                self.consultations.append((colleague, second))
            case "attended" if self.consultations:
                first, second = self.consultations.pop()
                if first.up:
                    office.transfers.transfer_asked(first, Transfer("700", second.call_id))
            case "retrieve":
                taker = office.calls(f"10{1 + deed.who % 4}")
                office.asks(taker, "routing.retrieve", slot=slot)
            case "hang_up" if up:
                up[deed.who % len(up)].caller_hangs_up()
            case "hold" if colleague is not None:
                office.transfers.held(colleague, bool(deed.where % 2))
            case "answer":
                desktop = office.desktops[f"10{1 + deed.where}"]
                desktop.answers_after = (None, 0.0, 3.0, 15.0)[deed.who % 4]
            case "wait_short":
                await asyncio.sleep(deed.who / 10)
            case "wait_long":
                await asyncio.sleep(10 + 3 * deed.who)
            case _:
                pass
        await asyncio.sleep(0)

    def is_sound(self) -> None:
        """Everybody who waits is up, hears music, and waits in one slot."""
        parking, exchange = self.office.parking, self.office.exchange
        waiting = [leg for leg in self.office.legs.values() if leg.hears == "music" and leg.up]
        patches = [exchange.patch(leg) for leg in waiting]
        parked = [leg for leg, patch in zip(waiting, patches, strict=True) if patch is None]
        assert len(parked) <= len(parking.waiting)


@settings(max_examples=150, deadline=None)
@given(deeds)
def test_whatever_people_do_nobody_is_lost(chosen: list[Deed]) -> None:
    async def story(office: Office) -> None:
        day = Day(office)
        for deed in chosen:
            await day.does(deed)
            day.is_sound()
        for leg in office.legs.values():
            leg.caller_hangs_up()
        await asyncio.sleep(120)
        for leg in office.legs.values():
            assert leg.over
        await asyncio.sleep(1)
        assert dict(office.parking.waiting) == {}
        assert all(office.parking.promise(slot) for slot in SLOTS), "a slot is lost"
        assert office.exchange.remains == []
        lamps = dict(office.lamps)
        assert not any(lamps.values())

    in_office(story)
