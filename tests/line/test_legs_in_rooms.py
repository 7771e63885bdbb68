"""Calls of the line in rooms of their plane: what the plane is asked, and what ends it."""

import pytest

from call.leg import HangUpCause, HungUp
from call.media import KeyPressed, KeySource, MediaLost
from telephony.leg import SipLeg
from tests.line.scripted import OFFER, Caller, Scene
from vestibule.meetings.ports import RoomLeg

INFO = "application/dtmf-relay"
HELD = OFFER.replace(b"t=0 0", b"t=0 0\r\na=sendonly")


def asked(scene: Scene, slot: int = 0) -> list[str]:
    return scene.plane.slots[slot].asked


def in_a_room(leg: SipLeg) -> RoomLeg:
    """A call of the line, as those see it who hold conferences."""
    return leg


async def test_somebody_is_in_a_room_muted_turned_up_and_gone() -> None:
    async with Scene() as scene:
        await Caller(scene).calls()
        leg = in_a_room(scene.leg)
        leg.enter(3, muted=True)
        leg.mute(False)
        leg.set_volume(spoken_db=6, heard_db=-4)
        leg.quit_room()
        assert asked(scene) == ["join 3 muted", "unmute", "volume +6 -4", "leave"]
        assert leg.slot == 0


async def test_keys_told_by_info_stay_on_the_leg_that_left_its_bridge_for_a_room() -> None:
    async with Scene() as scene:
        callers = Caller(scene, name="a"), Caller(scene, name="b")
        for caller in callers:
            await caller.calls()
        first, second = scene.legs
        first.bridge(second)
        first.enter(1)
        for caller in callers:
            await caller.sends("INFO", b"Signal=5\r\nDuration=160\r\n", INFO)
        assert "keys" not in asked(scene, 0) + asked(scene, 1)
        assert [e.key for e in scene.events if isinstance(e, KeyPressed)] == ["5", "5"]


async def test_a_key_pressed_in_a_room_is_told_once() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.leg.enter(1)
        scene.plane.tell(KeyPressed("*", KeySource.RFC4733, scene.clock.monotonic()))
        await caller.sends("INFO", b"Signal=*\r\nDuration=160\r\n", INFO)
        assert [e.key for e in scene.events if isinstance(e, KeyPressed)] == ["*"]


async def test_who_holds_and_comes_back_is_still_in_the_room() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.leg.enter(1)
        await caller.calls(HELD)
        assert scene.leg.held
        scene.plane.tell(MediaLost(30.0))
        await caller.calls(OFFER)
        assert scene.leg.up
        assert not scene.leg.held
        assert asked(scene) == ["join 1"]


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_who_hangs_up_is_told_apart_from_who_is_cut_off(hangs_up: bool) -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.leg.enter(1)
        if hangs_up:
            await caller.hangs_up()
        else:
            scene.plane.tell(MediaLost(30.0))
        await scene.settle()
        cause = HangUpCause.NORMAL if hangs_up else HangUpCause.MEDIA_LOST
        assert scene.events == [HungUp(cause, by_caller=hangs_up)]


async def test_a_room_is_asked_for_nothing_by_a_call_that_is_over() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await caller.hangs_up()
        leg = scene.leg
        leg.enter(1)
        leg.mute(True)
        leg.set_volume(spoken_db=3)
        leg.quit_room()
        assert asked(scene) == []
