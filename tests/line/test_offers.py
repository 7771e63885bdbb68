"""Offers of ours that meet those of the peer, in the middle of a call."""

from call.media import Direction, Wideband
from call.sound import Law
from telephony.codecs import NAMES
from telephony.sdp import parse
from telephony.sip.message import Request
from tests.line.scripted import OFFER, Caller, Scene


def refused(request: Request, status: int) -> bytes:
    """The peer's refusal of what we asked."""
    names = ("Via", "From", "To", "Call-ID", "CSeq")
    lines = [f"SIP/2.0 {status} X", *(f"{name}: {request.header(name)}" for name in names)]
    return "\r\n".join([*lines, "Content-Length: 0"]).encode() + b"\r\n\r\n"


def version(description: bytes) -> int:
    return parse(description).origin.version


def direction(description: bytes) -> Direction:
    described = parse(description)
    return described.direction_of(described.media[0])


def moved(offer: bytes, to: bytes) -> bytes:
    """The peer's next description: its sound comes elsewhere."""
    return offer.replace(b"phone 1 1", b"phone 1 2").replace(b"m=audio 40000", b"m=audio " + to)


async def test_an_offer_that_waited_out_a_491_says_what_was_agreed_meanwhile() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        answered = version(scene.response(200).body)
        scene.leg.hold()
        (first,) = scene.requests("INVITE")
        scene.wire.receive(refused(first, 491))
        await caller.invites(moved(OFFER, b"40002"))
        await caller.acknowledges()
        theirs = version(scene.response(200).body)
        assert scene.plane.slots[0].streams[-1].remote == ("192.0.2.7", 40_002)
        scene.wire.advance(2.5)
        again = [one for one in scene.requests("INVITE") if one.cseq > first.cseq]
        ours = again[0].body
        assert direction(ours) is Direction.SENDONLY
        assert [version(first.body) - answered, theirs - answered, version(ours) - answered] == [
            1,
            2,
            3,
        ]


async def test_hold_then_resume_while_the_peer_offers_leaves_only_the_last_wish() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        scene.leg.hold()
        (first,) = scene.requests("INVITE")
        scene.wire.receive(refused(first, 491))
        scene.leg.unhold()
        scene.wire.advance(2.5)
        again = [one for one in scene.requests("INVITE") if one.cseq > first.cseq]
        assert {direction(one.body) for one in again} == {Direction.SENDRECV}


async def test_a_refused_hold_is_not_asked_for_again() -> None:
    async with Scene() as scene:
        await Caller(scene).calls()
        scene.leg.hold()
        (first,) = scene.requests("INVITE")
        scene.wire.receive(refused(first, 488))
        scene.wire.advance(20)
        assert {one.cseq for one in scene.requests("INVITE")} == {first.cseq}
        assert not scene.leg.held


async def test_a_caller_may_change_to_a_wide_codec_and_back() -> None:
    async with Scene(codecs=tuple(NAMES.values())) as scene:
        caller = Caller(scene)
        await caller.calls()
        wide = OFFER.replace(b"RTP/AVP 0", b"RTP/AVP 9 0", 1)
        for version, offer in ((b"2", wide), (b"3", OFFER)):
            await caller.invites(offer.replace(b"phone 1 1", b"phone 1 " + version))
            await caller.acknowledges()
        codecs = [stream.codec for stream in scene.plane.slots[0].streams]
        assert codecs == [Law.PCMU, Wideband.G722, Law.PCMU]
        assert scene.statuses().count(200) == 3
