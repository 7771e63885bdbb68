"""What the exchange and telephones live through with legs that are joined, held and sent on."""

import asyncio
from xml.etree import ElementTree

import pytest

from call.leg import HangUpCause, Party
from call.media import Direction, PlayEnded
from telephony.access import AccessPolicy
from telephony.leg import NotAnswered, SipLeg
from telephony.line import LineSettings
from telephony.presence import ExtensionCall
from telephony.sip.dialog_info import CallStage
from telephony.sip.events import Diversion
from telephony.sip.message import Request, Response
from telephony.watcher import Transfer
from tests.line.notes import Notes
from tests.line.scripted import OFFER, PHONE, Caller, Scene

OURS = LineSettings(access=AccessPolicy(phones=("127.0.0.1",)))
"""The telephones of the tests are our own."""

NAMESPACE = "{urn:ietf:params:xml:ns:dialog-info}"


class Callee:
    """A telephone that the line calls."""

    def __init__(
        self, scene: Scene, *, early: bool = True, diversions: tuple[Diversion, ...] = ()
    ) -> None:
        self._scene = scene
        self.notes = Notes()
        self.leg: SipLeg = scene.line.dial(
            "sip:101@127.0.0.1:5070",
            peer=PHONE,
            from_uri="sip:4505550123@192.0.2.1",
            caller=Party("4505550123", "Zoé"),
            early=early,
            diversions=diversions,
        )
        self.leg.watcher = self.notes
        self.invite: Request = scene.requests("INVITE")[-1]

    async def answers(self, status: int, body: bytes = b"", tag: str = "callee") -> None:
        """Send a response to the INVITE."""
        kept = ("Via", "From", "Call-ID", "CSeq")
        headers = [pair for pair in self.invite.headers if pair[0] in kept]
        headers.append(("To", f"{self.invite.header('To')};tag={tag}"))
        headers.append(("Contact", "<sip:101@127.0.0.1:5070>"))
        if body:
            headers.append(("Content-Type", "application/sdp"))
        self._scene.wire.receive(bytes(Response(tuple(headers), body, status, "So")))
        await self._scene.settle()


def direction(offer: bytes, said: bytes) -> bytes:
    return offer + b"a=" + said + b"\r\n"


# sound before the answer


async def test_a_caller_hears_what_is_played_before_the_call_is_answered() -> None:
    async with Scene() as scene:
        scene.answers = False
        caller = Caller(scene)
        await caller.invites()
        with pytest.raises(NotAnswered):
            scene.leg.play([], 1)
        assert scene.leg.progress()
        scene.leg.play([], 1, repeat=True)
        scene.plane.played(1)
        await scene.settle()
        assert scene.statuses() == [100, 180, 183]
        assert scene.plane.slots[0].streams[0].direction is Direction.SENDRECV
        assert scene.plane.slots[0].asked == ["repeat 1"]
        assert scene.events == [PlayEnded(1)]
        assert not scene.leg.up


async def test_the_answer_says_what_was_said_before_it() -> None:
    async with Scene() as scene:
        scene.answers = False
        caller = Caller(scene)
        await caller.invites()
        scene.leg.progress()
        answering = asyncio.create_task(scene.leg.answer())
        await scene.settle()
        assert scene.response(183).body == scene.response(200).body
        await caller.acknowledges()
        await answering
        assert scene.leg.up


async def test_a_caller_who_described_no_sound_waits_for_the_answer() -> None:
    async with Scene() as scene:
        scene.answers = False
        await Caller(scene).invites(b"")
        assert not scene.leg.progress()
        assert 183 not in scene.statuses()


async def test_who_waits_long_is_told_each_minute_that_it_rings() -> None:
    async with Scene() as scene:
        scene.answers = False
        caller = Caller(scene)
        await caller.invites()
        scene.leg.ring()
        scene.wire.advance(61)
        scene.leg.progress()
        scene.wire.advance(61)
        assert scene.statuses() == [100, 180, 180, 180, 183, 183]
        await caller.cancels()
        scene.wire.advance(120)
        assert scene.statuses()[-1] == 487


async def test_a_caller_who_gives_up_during_early_sound_is_gone() -> None:
    async with Scene() as scene:
        scene.answers = False
        caller = Caller(scene)
        await caller.invites()
        scene.leg.progress()
        await caller.cancels()
        assert scene.statuses()[-1] == 487
        assert (scene.line.active, scene.plane.in_use) == (0, 0)


async def test_sound_of_the_callees_network_is_passed_on_before_anybody_answers() -> None:
    async with Scene() as scene:
        scene.answers = False
        await Caller(scene).invites()
        callee = Callee(scene)
        await callee.answers(180)
        await callee.answers(183, OFFER)
        scene.leg.progress()
        scene.leg.bridge(callee.leg)
        assert callee.notes.told == ["rings", "sounds"]
        assert scene.plane.slots[1].streams[0].remote == ("192.0.2.7", 40_000)
        assert scene.plane.slots[0].asked == ["bridge 1 with keys"]
        await callee.leg.hang_up()


async def test_early_sound_that_is_not_wanted_is_not_heard() -> None:
    async with Scene() as scene:
        callee = Callee(scene, early=False)
        await callee.answers(183, OFFER)
        assert callee.notes.told == ["rings"]
        assert scene.plane.slots[0].streams == []
        await callee.answers(200, OFFER)
        assert scene.plane.slots[0].streams[0].remote == ("192.0.2.7", 40_000)


async def test_of_a_forked_call_who_answers_is_heard_whoever_rang_before() -> None:
    async with Scene() as scene:
        callee = Callee(scene)
        await callee.answers(183, OFFER, "one")
        await callee.answers(183, OFFER.replace(b"40000", b"40010"), "two")
        await callee.answers(200, b"", "one")
        assert callee.leg.up
        assert scene.plane.slots[0].streams[-1].remote == ("192.0.2.7", 40_000)


async def test_who_stops_ringing_as_another_took_the_call_shows_none_missed() -> None:
    async with Scene() as scene:
        late, given_up = Callee(scene), Callee(scene)
        await late.answers(180)
        await given_up.answers(180)
        late.leg.taken_elsewhere()
        hanging = [asyncio.create_task(each.leg.hang_up()) for each in (late, given_up)]
        await asyncio.gather(*hanging)
        first, second = scene.requests("CANCEL")
        assert first.header("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
        assert second.header("Reason") is None


# hold


async def test_hold_and_its_end_are_told_in_every_form() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        notes = scene.leg.watcher = Notes()
        null = OFFER.replace(b"IN IP4 192.0.2.7\r\nt=", b"IN IP4 0.0.0.0\r\nt=")
        for held in (direction(OFFER, b"sendonly"), direction(OFFER, b"inactive"), null):
            await caller.calls(held)
            await caller.calls(OFFER)
        assert notes.told == ["held", "taken up"] * 3


async def test_a_hold_that_is_refreshed_is_told_once() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        notes = scene.leg.watcher = Notes()
        await caller.calls(direction(OFFER, b"sendonly"))
        await caller.calls(direction(OFFER, b"sendonly"))
        assert notes.told == ["held"]


async def test_a_telephone_that_answers_our_own_hold_does_not_hold() -> None:
    async with Scene() as scene:
        callee = Callee(scene)
        await callee.answers(200, OFFER)
        callee.leg.hold()
        callee.invite = scene.requests("INVITE")[-1]
        await callee.answers(200, direction(OFFER, b"recvonly"))
        assert callee.leg.held
        callee.leg.unhold()
        callee.invite = scene.requests("INVITE")[-1]
        await callee.answers(200, OFFER)
        assert not callee.leg.held
        assert callee.notes.told == []


# transfers


async def test_a_blind_transfer_is_told_to_the_watcher_and_its_end_to_the_telephone() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        notes = scene.leg.watcher = Notes()
        await caller.sends("REFER", extra="Refer-To: <sip:102@192.0.2.1>\r\n")
        assert scene.statuses("REFER") == [202]
        assert notes.told == [Transfer("102")]
        (notify,) = scene.requests("NOTIFY")
        await caller.hangs_up()
        kept = tuple(p for p in notify.headers if p[0] in ("Via", "From", "To", "Call-ID", "CSeq"))
        scene.wire.receive(bytes(Response(kept, b"", 200, "OK")))
        scene.leg.transfer_told(200)
        assert [one.body for one in scene.requests("NOTIFY")] == [
            b"SIP/2.0 100 Trying\r\n",
            b"SIP/2.0 200 OK\r\n",
        ]


async def test_an_attended_transfer_names_the_leg_by_its_call_id() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        notes = scene.leg.watcher = Notes()
        second = Callee(scene)
        await second.answers(200, OFFER)
        ours = second.invite
        named = f"{ours.call_id}%3Bto-tag%3D{ours.sender.tag}%3Bfrom-tag%3Dcallee"
        await caller.sends("REFER", extra=f"Refer-To: <sip:101@192.0.2.1?Replaces={named}>\r\n")
        assert notes.told == [Transfer("101", second.leg.call_id)]
        assert scene.line.leg(second.leg.call_id) is second.leg
        await second.leg.hang_up()
        assert scene.line.leg(second.leg.call_id) is None


async def test_who_is_joined_with_nobody_transfers_nobody() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        await caller.sends("REFER", extra="Refer-To: <sip:102@192.0.2.1>\r\n")
        (notify,) = scene.requests("NOTIFY")
        kept = tuple(p for p in notify.headers if p[0] in ("Via", "From", "To", "Call-ID", "CSeq"))
        scene.wire.receive(bytes(Response(kept, b"", 200, "OK")))
        assert scene.requests("NOTIFY")[-1].body == b"SIP/2.0 603 Decline\r\n"


# taking a call over


@pytest.mark.parametrize("dialed", ["101", "999"])
async def test_a_telephone_picks_up_what_rings_at_another(dialed: str) -> None:
    async with Scene(OURS) as scene:
        callee = Callee(scene)
        await callee.answers(180)
        ours = callee.invite
        name = f"{ours.call_id};to-tag={ours.sender.tag};from-tag=callee"
        await Caller(scene, dialed).sends("INVITE", OFFER, extra=f"Replaces: {name}\r\n")
        assert scene.leg.replaces == callee.leg.call_id
        assert scene.statuses()[-1] == 200


async def test_a_stranger_takes_over_no_call() -> None:
    async with Scene() as scene:
        callee = Callee(scene)
        await callee.answers(180)
        ours = callee.invite
        name = f"{ours.call_id};to-tag={ours.sender.tag};from-tag=callee"
        await Caller(scene).sends("INVITE", OFFER, extra=f"Replaces: {name}\r\n")
        assert scene.statuses()[-1] == 403
        assert scene.legs == []


# diversions


async def test_what_a_call_was_sent_on_from_is_known_of_the_leg() -> None:
    async with Scene() as scene:
        line = "Diversion: <sip:101@192.0.2.1>;reason=no-answer\r\n"
        await Caller(scene).sends("INVITE", OFFER, extra=line)
        assert scene.leg.diversions == (Diversion("101", "no-answer"),)


async def test_what_a_call_is_sent_on_from_is_told_to_whom_it_is_sent() -> None:
    async with Scene() as scene:
        callee = Callee(scene, diversions=(Diversion("102", "unconditional"),))
        assert callee.invite.header("Diversion") == "<sip:102@192.0.2.1>;reason=unconditional"
        assert "index=1.1;mp=1" in (callee.invite.header("History-Info") or "")
        assert callee.leg.diversions == (Diversion("102", "unconditional"),)


# lamps of extensions


class Key:
    """A key of a telephone that watches 101; it acknowledges what it is told."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._telephone = Caller(scene, "101", "key")
        self._answered = 0

    async def watches(self) -> int:
        await self._telephone.sends("SUBSCRIBE", extra="Event: dialog\r\nExpires: 600\r\n")
        await self.acknowledges()
        return self._scene.statuses("SUBSCRIBE")[-1]

    async def acknowledges(self) -> None:
        while len(notified := self._scene.requests("NOTIFY")) > self._answered:
            kept = ("Via", "From", "To", "Call-ID", "CSeq")
            for notify in notified[self._answered :]:
                headers = tuple(pair for pair in notify.headers if pair[0] in kept)
                self._answered += 1
                self._scene.wire.receive(bytes(Response(headers, b"", 200, "OK")))
            await self._scene.settle()

    @property
    async def last(self) -> ElementTree.Element | None:
        """The last call it was told of; None where the last NOTIFY told of none."""
        await self.acknowledges()
        document = ElementTree.fromstring(self._scene.requests("NOTIFY")[-1].body)
        return document.find(f"{NAMESPACE}dialog")


async def test_a_key_shows_what_an_extension_does_and_how_to_pick_it_up() -> None:
    scene = Scene(OURS)
    scene.line.presence.changed("101", ())
    async with scene:
        key = Key(scene)
        assert await key.watches() == 200
        assert await key.last is None
        callee = Callee(scene)
        call = ExtensionCall(callee.leg.call_id, CallStage.EARLY, called=True, other=Party("450"))
        scene.line.presence.changed("101", (call,))
        shown = await key.last
        assert shown is not None
        assert shown.get("local-tag") is None
        await callee.answers(180)
        shown = await key.last
        assert shown is not None
        assert shown.get("call-id") == callee.invite.call_id
        assert shown.get("local-tag") == "callee"
        assert shown.get("remote-tag") == callee.invite.sender.tag
        scene.line.presence.changed("101", ())
        shown = await key.last
        assert shown is not None
        assert shown.findtext(f"{NAMESPACE}state") == "terminated"
        await callee.leg.hang_up(HangUpCause.NORMAL)


async def test_strangers_watch_nobody_and_nobody_watches_what_is_not_there() -> None:
    async with Scene() as scene:
        scene.line.presence.changed("101", ())
        assert await Key(scene).watches() == 403
    async with Scene(OURS) as scene:
        assert await Key(scene).watches() == 404


async def test_an_extension_that_goes_is_watched_no_more() -> None:
    async with Scene(OURS) as scene:
        scene.line.presence.changed("101", ())
        key = Key(scene)
        await key.watches()
        scene.line.presence.changed("101", None)
        state = scene.requests("NOTIFY")[-1].header("Subscription-State")
        assert state == "terminated;reason=noresource"


@pytest.mark.parametrize(
    ("stage", "called", "taken_by_key"),
    [
        (CallStage.EARLY, True, False),
        (CallStage.EARLY, False, True),
        (CallStage.CONFIRMED, True, True),
    ],
)
async def test_a_call_that_may_not_be_picked_up_is_shown_without_its_name(
    stage: CallStage, called: bool, taken_by_key: bool
) -> None:
    async with Scene(OURS) as scene:
        callee = Callee(scene)
        await callee.answers(180)
        call = ExtensionCall(callee.leg.call_id, stage, called=called, taken_by_key=taken_by_key)
        scene.line.presence.changed("101", (call,))
        key = Key(scene)
        await key.watches()
        shown = await key.last
        assert shown is not None
        assert (shown.get("call-id"), shown.get("id")) == (None, callee.leg.call_id)
        await callee.leg.hang_up()
