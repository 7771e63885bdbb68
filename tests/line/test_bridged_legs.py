"""Two bridged calls of the line: what their plane is asked, and keys told in signalling."""

from call.media import KeyPressed, KeySource
from tests.line.scripted import Caller, Scene

INFO = "application/dtmf-relay"


async def two_calls(scene: Scene, *, keys: bool = True) -> tuple[Caller, Caller]:
    """Two telephones whose calls are bridged."""
    callers = Caller(scene, name="a"), Caller(scene, name="b")
    for caller in callers:
        await caller.calls()
    first, second = scene.legs
    first.bridge(second, keys=keys)
    return callers


def asked(scene: Scene, slot: int) -> list[str]:
    return scene.plane.slots[slot].asked


async def test_two_legs_are_bridged_and_parted() -> None:
    async with Scene() as scene:
        await two_calls(scene)
        assert asked(scene, 0) == ["bridge 1 with keys"]
        scene.legs[1].unbridge()
        assert asked(scene, 1) == ["unbridge"]


async def test_ringing_repeats_until_something_else_is_played() -> None:
    async with Scene() as scene:
        await Caller(scene).calls()
        scene.leg.play([], 1, repeat=True)
        scene.leg.play([], 2)
        assert asked(scene, 0) == ["repeat 1", "play 2"]


async def test_a_key_told_by_info_is_pressed_on_the_other_leg() -> None:
    async with Scene() as scene:
        first, second = await two_calls(scene)
        await first.sends("INFO", b"Signal=5\r\nDuration=160\r\n", INFO)
        await second.sends("INFO", b"Signal=6\r\nDuration=160\r\n", INFO)
        assert asked(scene, 0)[1:] == asked(scene, 1) == ["keys"]
        assert [e.key for e in scene.events if isinstance(e, KeyPressed)] == ["5", "6"]


async def test_a_key_that_the_plane_heard_too_is_not_pressed_once_more() -> None:
    async with Scene() as scene:
        first, _ = await two_calls(scene)
        scene.plane.tell(KeyPressed("5", KeySource.RFC4733, scene.clock.monotonic()))
        await first.sends("INFO", b"Signal=5\r\nDuration=160\r\n", INFO)
        scene.wire.advance(5.0)
        await first.sends("INFO", b"Signal=6\r\nDuration=160\r\n", INFO)
        assert asked(scene, 1) == []


async def test_keys_that_are_not_to_cross_a_bridge_or_no_longer_do_stay_on_their_leg() -> None:
    async with Scene() as scene:
        first, second = await two_calls(scene, keys=False)
        await first.sends("INFO", b"Signal=5\r\nDuration=160\r\n", INFO)
        scene.legs[0].bridge(scene.legs[1])
        scene.legs[1].unbridge()
        await second.sends("INFO", b"Signal=6\r\nDuration=160\r\n", INFO)
        assert "keys" not in asked(scene, 0) + asked(scene, 1)


async def test_a_leg_that_ends_leaves_the_other_one_up() -> None:
    async with Scene() as scene:
        first, second = await two_calls(scene)
        await second.hangs_up()
        await first.sends("INFO", b"Signal=5\r\nDuration=160\r\n", INFO)
        assert scene.legs[0].up
        scene.legs[0].bridge(scene.legs[1])
        assert asked(scene, 0) == ["bridge 1 with keys"]
