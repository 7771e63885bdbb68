"""Calls that are recorded: whose, from when, who is told, and what is kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from call.errors import Unavailable
from call.leg import Leg
from call.media import Side
from ivr.prompts import Value
from routing.handling import Handling, Taped
from telephony.watcher import Transfer
from tests.exchange.office import Handset, Office, in_office
from vestibule.exchange.taping import NOTICE, Taping


@dataclass
class Shelf:
    """Remembers what was begun and kept."""

    begun: list[str] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)

    async def begin(self, extension: str, other: str, *, incoming: bool) -> Path:
        self.begun.append(f"{extension} {'from' if incoming else 'to'} {other}")
        return Path(f"tape-{len(self.begun)}")

    async def keep(self, path: Path) -> str | None:
        self.kept.append(path)
        return str(path)


def _taping(office: Office, taped: Taped, extension: str = "101") -> Shelf:
    shelf = Shelf()
    office.handlings[extension] = Handling(taped=taped)
    Taping(office.exchange, office, shelf, office.say)
    return shelf


async def _incoming(office: Office, extension: str = "101") -> tuple[Handset, Handset]:
    """Somebody from outside calls an extension."""
    caller = office.calls("5145550188", internal=False)
    own = office.calls(extension)
    office.exchange.rung(own, own.caller)
    await asyncio.gather(caller.answer(), own.answer())
    office.exchange.join(caller, own)
    await asyncio.sleep(5)
    return caller, own


async def _outgoing(office: Office, extension: str = "101") -> tuple[Handset, Handset]:
    """An extension calls somebody outside."""
    own = office.calls(extension)
    callee = office.calls("5145550177", internal=False)
    office.exchange.rung(callee, callee.caller)
    await asyncio.gather(callee.answer(), own.answer())
    office.exchange.join(own, callee)
    await asyncio.sleep(5)
    return own, callee


def test_a_call_that_is_recorded_is_told_to_both_before_anything_is_recorded() -> None:
    async def story(office: Office) -> None:
        shelf = _taping(office, Taped.INCOMING)
        caller, own = await _incoming(office)
        assert office.said == [(own.call_id, NOTICE), (caller.call_id, NOTICE)]
        assert shelf.begun == ["101 from 5145550188"]
        assert own.recorded == [(Path("tape-1"), Side.MIXED)]
        assert caller.recorded == []
        caller.caller_hangs_up()
        await asyncio.sleep(1)
        assert shelf.kept == [Path("tape-1")]

    in_office(story)


@pytest.mark.parametrize(
    ("taped", "incoming", "outgoing"),
    [
        (Taped.NONE, False, False),
        (Taped.INCOMING, True, False),
        (Taped.OUTGOING, False, True),
        (Taped.BOTH, True, True),
    ],
)
def test_the_calls_that_were_chosen_are_recorded_and_no_others(
    taped: Taped, incoming: bool, outgoing: bool
) -> None:
    async def story(office: Office) -> None:
        _taping(office, taped)
        _, called = await _incoming(office)
        calling, _ = await _outgoing(office)
        assert (bool(called.recorded), bool(calling.recorded)) == (incoming, outgoing)

    in_office(story)


def test_calls_of_other_extensions_are_not_recorded() -> None:
    async def story(office: Office) -> None:
        _taping(office, Taped.BOTH, "103")
        caller, own = await _incoming(office)
        assert (caller.recorded, own.recorded, office.said) == ([], [], [])

    in_office(story)


def test_a_parked_call_is_an_incoming_one_to_whoever_takes_it() -> None:
    async def story(office: Office) -> None:
        shelf = _taping(office, Taped.INCOMING, "102")
        _, own = await _incoming(office)
        office.transfers.transfer_asked(own, Transfer("700"))
        colleague = office.calls("102")
        office.asks(colleague, "routing.retrieve", slot="701")
        await asyncio.sleep(5)
        assert shelf.begun == ["102 from 5145550188"]
        assert [side for _, side in colleague.recorded] == [Side.MIXED]

    in_office(story)


def test_parking_ends_the_recording_of_who_parked() -> None:
    async def story(office: Office) -> None:
        shelf = _taping(office, Taped.INCOMING)
        caller, own = await _incoming(office)
        office.transfers.transfer_asked(own, Transfer("700"))
        await asyncio.sleep(5)
        assert own.over
        assert shelf.kept == [Path("tape-1")]
        assert caller.hears == "music"

    in_office(story)


def test_who_comes_into_a_recorded_call_is_told() -> None:
    async def story(office: Office) -> None:
        shelf = _taping(office, Taped.INCOMING)
        caller, own = await _incoming(office)
        office.said.clear()
        other = office.calls("5145550166", internal=False)
        await other.answer()
        office.exchange.replace(caller, other)
        office.exchange.dismiss(caller)
        await asyncio.sleep(5)
        assert office.said == [(other.call_id, NOTICE)]
        assert shelf.begun == ["101 from 5145550188"]
        assert own.records == Path("tape-1")

    in_office(story)


def test_a_caller_who_hangs_up_during_the_notice_leaves_no_recording() -> None:
    async def story(office: Office) -> None:
        shelf = _taping(office, Taped.INCOMING)
        caller = office.calls("5145550188", internal=False)
        own = office.calls("101")
        office.exchange.rung(own, own.caller)
        await asyncio.gather(caller.answer(), own.answer())
        office.exchange.join(caller, own)
        await asyncio.sleep(1)
        caller.caller_hangs_up()
        await asyncio.sleep(5)
        assert (shelf.begun, shelf.kept) == ([], [])

    in_office(story)


def test_where_nobody_can_be_told_nothing_is_recorded(caplog: pytest.LogCaptureFixture) -> None:
    async def story(office: Office) -> None:
        async def mute(leg: Leg, phrase: str, arguments: Mapping[str, Value]) -> None:
            raise Unavailable("no voice")

        shelf = Shelf()
        office.handlings["101"] = Handling(taped=Taped.BOTH)
        Taping(office.exchange, office, shelf, mute)
        caller, own = await _incoming(office)
        assert (shelf.begun, own.recorded) == ([], [])
        assert caller.hears is own

    in_office(story)
    assert "no voice" in caplog.text
