"""Calls as a telephone, and whoever attends to it, live through them."""

import asyncio
from pathlib import Path

import pytest

from call.leg import HangUpCause, HungUp, Party
from call.media import (
    Direction,
    KeyPressed,
    KeySource,
    MediaLost,
    MediaStatistics,
    PlaneDied,
    PlayEnded,
    RecordEnded,
    Side,
)
from call.sound import EndOfRecording
from telephony.access import AccessPolicy
from telephony.leg import NotAnswered
from telephony.line import LineSettings, NoAdvertisedAddress
from telephony.sdp import parse
from telephony.sip.events import Peer, Transport
from tests.line.scripted import OFFER, Caller, Scene

STRANGER = Peer(Transport.UDP, "203.0.113.1", 5060)
BY_CALLER = HungUp(HangUpCause.NORMAL, by_caller=True)


async def test_a_call_is_rung_answered_and_its_sound_connected() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        assert scene.statuses() == [100, 180, 200]
        answer = parse(scene.response(200).body)
        assert (answer.host, answer.media[0].port) == ("192.0.2.1", 20_000)
        assert scene.plane.slots[0].streams[0].remote == ("192.0.2.7", 40_000)
        assert scene.leg.up
        assert (scene.leg.caller.number, scene.leg.dialed) == ("4505550123", "5145550100")


@pytest.mark.parametrize(("phones", "internal"), [(("127.0.0.1",), True), ((), False)])
async def test_a_call_from_a_telephone_of_ours_is_known_for_one(
    phones: tuple[str, ...], internal: bool
) -> None:
    async with Scene(LineSettings(access=AccessPolicy(phones=phones))) as scene:
        await Caller(scene).calls()
        assert scene.leg.caller.internal is internal


async def test_a_caller_who_hangs_up_ends_the_call() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await caller.hangs_up()
        assert scene.statuses("BYE") == [200]
        assert scene.events == [BY_CALLER]
        assert (scene.line.active, scene.plane.in_use) == (0, 0)


async def test_a_caller_who_gives_up_while_it_rings_is_told_so() -> None:
    async with Scene() as scene:
        scene.answers = False
        caller = Caller(scene)
        await caller.invites()
        await caller.cancels()
        assert scene.statuses("CANCEL") == [200]
        assert scene.statuses()[-1] == 487
        assert scene.events == [BY_CALLER]
        assert scene.line.active == 0


async def test_a_number_that_does_not_exist_is_404_and_takes_no_slot() -> None:
    async with Scene() as scene:
        await Caller(scene, "999").invites()
        assert scene.statuses() == [100, 404]
        assert scene.plane.slots == []


async def test_a_telephone_without_g711_is_refused_and_leaves_no_slot_behind() -> None:
    async with Scene() as scene:
        await Caller(scene).invites(OFFER.replace(b"0 8 101", b"18"))
        assert scene.statuses()[-1] == 488
        assert (scene.line.active, scene.plane.in_use) == (0, 0)


async def test_a_description_that_is_none_is_a_bad_request() -> None:
    async with Scene() as scene:
        await Caller(scene).invites(b"nonsense")
        assert scene.statuses()[-1] == 400
        assert scene.plane.in_use == 0


async def test_a_stranger_gets_403_and_a_scanner_silence() -> None:
    async with Scene() as scene:
        for number in range(8):
            await Caller(scene, name=f"s{number}").invites(source=STRANGER)
        assert scene.statuses() == [403] * 5
        assert scene.line.statistics.strangers == 5
        assert scene.line.statistics.scanners == 3


async def test_above_the_limit_a_caller_is_told_when_to_try_again() -> None:
    settings = LineSettings(access=AccessPolicy(max_calls=1, retry_after_s=7))
    async with Scene(settings) as scene:
        first = Caller(scene, name="first")
        await first.calls()
        await Caller(scene, name="second").invites()
        assert scene.statuses()[-1] == 503
        assert scene.response(503).header("Retry-After") == "7"
        await first.hangs_up()
        await Caller(scene, name="third").calls()
        assert scene.line.active == 1


async def test_a_plane_without_free_slot_sends_callers_away_for_a_while() -> None:
    async with Scene(slots=0) as scene:
        await Caller(scene).invites()
        assert scene.statuses()[-1] == 503
        assert scene.response(503).header("Retry-After") == "10"


async def test_a_delayed_offer_is_ours_and_the_ack_answers_it() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.invites(b"")
        offered = parse(scene.response(200).body)
        assert offered.media[0].formats == ("0", "8", "101")
        assert scene.plane.slots[0].streams == []
        await caller.acknowledges(OFFER)
        assert scene.plane.slots[0].streams[0].remote == ("192.0.2.7", 40_000)
        assert scene.leg.up


async def test_an_ack_that_leaves_our_offer_unanswered_ends_the_call() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.invites(b"")
        await caller.acknowledges()
        assert len(scene.requests("BYE")) == 1
        assert scene.events == [HungUp(HangUpCause.FAILED, by_caller=False)]


async def test_an_answer_that_is_never_acknowledged_ends_the_call() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.invites()
        scene.wire.advance(40)
        await scene.settle()
        assert scene.statuses().count(200) > 5
        assert len(scene.requests("BYE")) >= 1
        assert scene.events == [HungUp(HangUpCause.UNAVAILABLE, by_caller=False)]


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        ((b"t=0 0\r\n", b"t=0 0\r\na=sendonly\r\n"), Direction.RECVONLY),
        ((b"t=0 0\r\n", b"t=0 0\r\na=inactive\r\n"), Direction.INACTIVE),
        ((b"c=IN IP4 192.0.2.7", b"c=IN IP4 0.0.0.0"), Direction.RECVONLY),
    ],
    ids=["sendonly", "inactive", "null address"],
)
async def test_a_caller_who_holds_and_comes_back_is_not_taken_for_lost(
    change: tuple[bytes, bytes], direction: Direction
) -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await caller.calls(OFFER.replace(*change))
        assert scene.plane.slots[0].streams[-1].direction is direction
        scene.plane.tell(MediaLost(30.0))
        await scene.settle()
        assert scene.leg.up
        await caller.calls()
        assert scene.plane.slots[0].streams[-1].direction is Direction.SENDRECV
        assert not scene.leg.held


async def test_a_new_address_is_followed_by_update_as_well() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await caller.sends("UPDATE", OFFER.replace(b"40000", b"41000"))
        assert scene.statuses("UPDATE") == [200]
        assert scene.plane.slots[0].streams[-1].remote == ("192.0.2.7", 41_000)


async def test_a_change_we_cannot_follow_is_refused_and_the_call_goes_on() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await caller.invites(OFFER.replace(b"0 8 101", b"18"))
        assert scene.statuses()[-1] == 488
        assert scene.leg.up
        assert len(scene.plane.slots[0].streams) == 1


async def test_a_telephone_that_asks_for_our_offer_again_gets_it() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await caller.invites(b"")
        await caller.acknowledges(OFFER.replace(b"40000", b"42000"))
        assert scene.plane.slots[0].streams[-1].remote == ("192.0.2.7", 42_000)


async def test_a_key_told_by_event_by_tone_and_by_info_is_pressed_once() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        now = scene.clock.monotonic()
        scene.plane.tell(KeyPressed("8", KeySource.RFC4733, now))
        scene.plane.tell(KeyPressed("8", KeySource.INBAND, now + 0.04))
        scene.wire.advance(0.2)
        await caller.sends("INFO", b"Signal=8\r\nDuration=160\r\n", "application/dtmf-relay")
        await caller.sends("INFO", b"Signal=5\r\nDuration=160\r\n", "application/dtmf-relay")
        keys = [(e.key, e.source) for e in scene.events if isinstance(e, KeyPressed)]
        assert keys == [("8", KeySource.RFC4733), ("5", KeySource.SIP_INFO)]


async def test_an_operator_reads_how_the_keys_of_a_call_came_and_never_which(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="telephony.line")
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        for source in (KeySource.RFC4733, KeySource.INBAND):
            scene.plane.tell(KeyPressed("8", source, scene.clock.monotonic()))
        await caller.hangs_up()
    (over,) = (record for record in caplog.records if record.message == "call over")
    told = (over.__dict__["keys"], over.__dict__["rfc4733"], over.__dict__["inband"])
    assert told == (1, 1, 1)


async def test_thirty_seconds_without_sound_end_the_call() -> None:
    async with Scene() as scene:
        await Caller(scene).calls()
        scene.plane.tell(MediaLost(30.0))
        await scene.settle()
        assert len(scene.requests("BYE")) == 1
        assert scene.events == [HungUp(HangUpCause.MEDIA_LOST, by_caller=False)]


async def test_a_recording_is_complete_before_the_hang_up_is_told(tmp_path: Path) -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.leg.record(tmp_path / "a.pcm", max_s=180)
        await caller.hangs_up()
        assert [type(event) for event in scene.events] == [RecordEnded, HungUp]
        assert scene.events[-1] == BY_CALLER


@pytest.mark.parametrize("side", list(Side))
async def test_the_recording_of_a_plane_that_died_is_what_is_on_disk(
    tmp_path: Path, side: Side
) -> None:
    async with Scene() as scene:
        await Caller(scene).calls()
        path = tmp_path / "a.pcm"
        scene.leg.record(path, max_s=180, side=side)
        assert scene.plane.slots[0].asked == [
            "record 180" if side is Side.RECEIVED else f"record 180 {side}"
        ]
        path.write_bytes(bytes(2 * 8000 * 4 * side.channels))
        scene.plane.tell(PlaneDied())
        await scene.settle()
        assert len(scene.requests("BYE")) == 1
        assert scene.events == [
            RecordEnded(path, 4.0, 4.0, EndOfRecording.HANG_UP),
            HungUp(HangUpCause.FAILED, by_caller=False),
        ]
        assert scene.line.active == 0


async def test_nothing_counts_after_the_hang_up() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.plane.hangs = True
        await caller.hangs_up()
        scene.plane.tell(KeyPressed("1", KeySource.RFC4733, 0.0))
        scene.plane.played(1)
        scene.leg.play([], 1)
        scene.leg.stop_playing()
        scene.leg.record(Path("never"), max_s=1)
        scene.leg.stop_recording()
        await scene.settle()
        assert scene.plane.slots[0].asked == []
        assert scene.events == []
        scene.plane.tell(MediaStatistics(0, 0, 0, 0, 0.0, 0))
        await scene.settle()
        assert scene.events == [BY_CALLER]


async def test_a_plane_that_hangs_does_not_keep_the_call_nor_its_recording(
    tmp_path: Path,
) -> None:
    async with Scene(LineSettings(close_s=0.0)) as scene:
        await Caller(scene).calls()
        path = tmp_path / "a.pcm"
        scene.leg.record(path, max_s=180)
        path.write_bytes(bytes(2 * 8000))
        scene.plane.hangs = True
        await scene.leg.hang_up()
        await scene.settle()
        assert scene.events == [
            RecordEnded(path, 1.0, 1.0, EndOfRecording.HANG_UP),
            HungUp(HangUpCause.NORMAL, by_caller=False),
        ]


async def test_we_may_hang_up_while_the_caller_does() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await scene.leg.hang_up()
        await caller.hangs_up()
        await scene.leg.hang_up(HangUpCause.BUSY)
        assert scene.events == [HungUp(HangUpCause.NORMAL, by_caller=False)]


async def test_a_call_that_is_sent_away_unanswered_hears_why() -> None:
    async with Scene() as scene:
        scene.answers = False
        await Caller(scene).invites()
        await scene.leg.hang_up(HangUpCause.BUSY)
        await scene.settle()
        assert scene.statuses()[-1] == 486
        assert scene.events == [HungUp(HangUpCause.BUSY, by_caller=False)]


async def test_sound_before_the_answer_is_our_mistake() -> None:
    async with Scene() as scene:
        scene.answers = False
        await Caller(scene).invites()
        with pytest.raises(NotAnswered):
            scene.leg.play([], 1)


async def test_what_was_played_is_told_with_its_ticket() -> None:
    async with Scene() as scene:
        await Caller(scene).calls()
        scene.leg.play([], 41)
        scene.plane.played(41)
        await scene.settle()
        assert scene.plane.slots[0].asked == ["play 41"]
        assert scene.events == [PlayEnded(41)]


async def test_an_owner_goes_back_and_forward_and_pauses_until_the_call_is_over() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.leg.play([], 1)
        scene.leg.skip(-3.0)
        scene.leg.pause()
        scene.leg.skip(3.0)
        scene.leg.resume()
        told = ["play 1", "skip -3", "pause", "skip 3", "resume"]
        assert scene.plane.slots[0].asked == told
        await caller.hangs_up()
        for command in (scene.leg.pause, scene.leg.resume, lambda: scene.leg.skip(3.0)):
            command()
        assert scene.plane.slots[0].asked == told


async def test_a_flow_that_fails_ends_its_call_only(caplog: pytest.LogCaptureFixture) -> None:
    async with Scene() as scene:
        other = Caller(scene, name="other")
        await other.calls()
        scene.fails = True
        await Caller(scene, name="unlucky").invites()
        assert scene.statuses()[-1] == 500
        assert scene.line.active == 1
        assert "call failed" in caplog.messages


async def test_a_flow_that_returns_leaves_no_call_behind() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await scene.leg.hang_up()
        assert len(scene.requests("BYE")) == 1
        assert scene.line.active == 0


async def test_logs_never_hold_keys_nor_whole_numbers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.plane.tell(KeyPressed("7", KeySource.RFC4733, 0.0))
        await caller.hangs_up()
    taken = next(r for r in caplog.records if r.message == "call taken")
    assert taken.__dict__["from"] == "…0123"
    assert taken.__dict__["to"] == "…0100"
    text = "".join(str(sorted(map(str, r.__dict__.values()))) for r in caplog.records)
    assert "5145550100" not in text
    assert "4505550123" not in text
    assert "KeyPressed" not in text


async def test_a_draining_line_lets_calls_end_and_takes_no_other() -> None:
    scene = Scene()
    async with scene:
        caller = Caller(scene)
        await caller.calls()
        draining = asyncio.create_task(scene.line.drain(30))
        await scene.settle()
        await Caller(scene, name="late").invites()
        assert scene.statuses()[-1] == 503
        assert scene.leg.up
        await caller.hangs_up()
        await draining
        assert scene.events == [BY_CALLER]
        assert not scene.wire.open_


async def test_a_draining_line_waits_for_calls_that_nobody_attends_to() -> None:
    async with Scene() as scene:
        outgoing(scene)
        draining = asyncio.create_task(scene.line.drain(30))
        await scene.settle()
        assert not draining.done()
        assert scene.wire.open_
        await scene.legs[0].hang_up()
        await draining
        assert not scene.wire.open_


async def test_calls_that_outlast_the_drain_are_ended() -> None:
    async with Scene() as scene:
        await Caller(scene).calls()
        await scene.line.drain(0)
        assert len(scene.requests("BYE")) == 1
        assert scene.events == [HungUp(HangUpCause.SHUTDOWN, by_caller=False)]


async def test_a_line_that_stops_waits_until_its_bye_is_acknowledged() -> None:
    scene = Scene(linger_s=60)
    await scene.line.start()
    await Caller(scene).calls()
    stopping = asyncio.create_task(scene.line.stop())
    await scene.settle()
    assert scene.wire.open_
    scene.wire.receive(reply(scene, 200, method="BYE"))
    async with asyncio.timeout(20):
        await stopping
    assert not scene.wire.open_


async def test_a_line_does_not_wait_for_ever_for_a_telephone_that_is_gone() -> None:
    scene = Scene(linger_s=60)
    await scene.line.start()
    await Caller(scene).calls()
    stopping = asyncio.create_task(scene.line.stop())
    await scene.settle()
    scene.clock.advance(61)
    async with asyncio.timeout(20):
        await stopping
        await scene.line.stop()
    assert not scene.wire.open_


@pytest.mark.parametrize("advertised", ["0.0.0.0", "pbx.invalid"])
async def test_an_address_nobody_can_send_to_is_not_advertised(advertised: str) -> None:
    scene = Scene(LineSettings(advertised=advertised))
    with pytest.raises(NoAdvertisedAddress):
        await scene.line.start()


def outgoing(scene: Scene) -> Party:
    leg = scene.line.dial(
        "sip:102@127.0.0.1:5070",
        peer=Peer(Transport.UDP, "127.0.0.1", 5070),
        from_uri="sip:5145550100@192.0.2.1",
        caller=Party("5145550100", "Vestibule"),
    )
    scene.legs.append(leg)
    return leg.caller


def reply(scene: Scene, status: int, body: bytes = b"", method: str = "INVITE") -> bytes:
    """The peer's answer to what we asked last."""
    invite = scene.requests(method)[-1]
    lines = [
        f"SIP/2.0 {status} X",
        *(f"{name}: {invite.header(name)}" for name in ("Via", "From", "Call-ID", "CSeq")),
        f"To: {invite.header('To')};tag=callee",
        "Contact: <sip:102@127.0.0.1:5070>",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def test_a_call_we_make_is_taken_and_ended_by_us() -> None:
    async with Scene() as scene:
        outgoing(scene)
        assert parse(scene.requests("INVITE")[0].body).media[0].formats == ("0", "8", "101")
        scene.wire.receive(reply(scene, 180))
        scene.wire.receive(reply(scene, 200, OFFER))
        await scene.leg.answer()
        assert scene.leg.up
        assert scene.plane.slots[0].streams[-1].remote == ("192.0.2.7", 40_000)
        await scene.leg.hang_up()
        assert len(scene.requests("BYE")) == 1


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (486, HangUpCause.BUSY),
        (404, HangUpCause.NOT_FOUND),
        (480, HangUpCause.NO_ANSWER),
        (603, HangUpCause.REJECTED),
        (503, HangUpCause.UNAVAILABLE),
        (499, HangUpCause.FAILED),
    ],
)
async def test_a_call_that_is_refused_says_why(status: int, cause: HangUpCause) -> None:
    async with Scene() as scene:
        outgoing(scene)
        scene.wire.receive(reply(scene, status))
        await scene.leg.answer()
        assert await scene.leg.event() == HungUp(cause, by_caller=True)


async def test_early_media_is_connected_before_the_answer() -> None:
    async with Scene() as scene:
        outgoing(scene)
        scene.wire.receive(reply(scene, 183, OFFER))
        assert len(scene.plane.slots[0].streams) == 1
        up = [scene.leg.up]
        scene.wire.receive(reply(scene, 200, OFFER))
        up.append(scene.leg.up)
        assert up == [False, True]


async def test_we_may_give_up_a_call_we_make() -> None:
    async with Scene() as scene:
        outgoing(scene)
        scene.wire.receive(reply(scene, 180))
        await scene.leg.hang_up(HangUpCause.NO_ANSWER)
        assert len(scene.requests("CANCEL")) == 1
        assert await scene.leg.event() == HungUp(HangUpCause.NO_ANSWER, by_caller=False)


async def test_we_may_hold_and_resume() -> None:
    async with Scene() as scene:
        outgoing(scene)
        scene.wire.receive(reply(scene, 200, OFFER))
        scene.leg.hold()
        scene.wire.receive(reply(scene, 200, OFFER.replace(b"t=0 0", b"t=0 0\r\na=recvonly")))
        held = [scene.leg.held]
        scene.leg.unhold()
        scene.wire.receive(reply(scene, 200, OFFER))
        held.append(scene.leg.held)
        assert held == [True, False]
