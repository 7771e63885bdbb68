"""Valid packets, as telephones send them, for the fuzzers to damage."""

import struct

from tests.torture.rfc4475 import TORTURES

OFFER = (
    b"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n"
    b"t=0 0\r\nm=audio 49170 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)

OFFERS = (
    OFFER,
    b"v=0\r\no=- 1 2 IN IP6 2001:db8::1\r\ns=call\r\nt=0 0\r\na=sendonly\r\n"
    b"m=video 0 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
    b"m=audio 4000/2 RTP/AVP 96 8 97\r\nc=IN IP6 2001:db8::2\r\nb=AS:64\r\n"
    b"a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\na=maxptime:60\r\n",
    b"v=0\r\no=- 3 3 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    b"m=audio 5004 RTP/AVP 8\r\na=inactive\r\nm=image 5006 udptl t38\r\na=T38FaxVersion:0\r\n",
)

LAMP = "Event: message-summary;id=7\r\nAccept: application/simple-message-summary, text/plain\r\n"


def sip_request(
    method: str,
    number: int,
    *,
    call_id: str = "fuzz",
    to_tag: str = "",
    body: bytes = b"",
    kind: str = "application/sdp",
    extra: str = "",
) -> bytes:
    """A request as a plain telephone sends it."""
    tag = f";tag={to_tag}" if to_tag else ""
    content = f"Content-Type: {kind}\r\n" if body else ""
    head = (
        f"{method} sip:5145550100@192.0.2.200 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{call_id}{number}{method};rport\r\n"
        f'From: "Aimée Côté" <sip:5145550123@192.0.2.1>;tag=from-{call_id}\r\n'
        f"To: <sip:5145550100@192.0.2.200>{tag}\r\n"
        f"Call-ID: {call_id}@192.0.2.1\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\n"
        f"Contact: <sip:5145550123@192.0.2.1:5060>\r\n{extra}{content}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def sip_corpus() -> list[bytes]:
    """Requests and responses of every kind, and the torture messages."""
    timed = "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n"
    folded = "Subject: a\r\n b\r\nk: timer, 100rel\r\nm: <sip:a@192.0.2.1>;q=0.5\r\n"
    requests = [
        sip_request("INVITE", 1, body=OFFER),
        sip_request("INVITE", 2, call_id="timed", body=OFFERS[1], extra=timed),
        sip_request("INVITE", 3, call_id="late"),
        sip_request("INVITE", 4, call_id="folded", body=OFFERS[2], extra=folded),
        sip_request("OPTIONS", 1, call_id="options"),
        sip_request("REGISTER", 1, call_id="register", extra="Expires: 60\r\n"),
        sip_request("SUBSCRIBE", 1, call_id="lamp", extra=LAMP + "Expires: 600\r\n"),
        sip_request("NOTIFY", 1, call_id="notify", to_tag="x", extra=LAMP),
        sip_request("CANCEL", 1, call_id="nothing"),
        sip_request("BYE", 9, call_id="nothing", to_tag="x"),
        sip_request("ACK", 9, call_id="nothing", to_tag="x"),
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.200:5060;branch=z9hG4bKtoken\r\n"
        b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n"
        b'WWW-Authenticate: Digest realm="a", nonce="b", qop="auth"\r\nContent-Length: 0\r\n\r\n',
    ]
    return requests + [each.octets for each in TORTURES]


def rtp(
    number: int, *, kind: int = 0, marker: bool = False, payload: bytes = b"\xff" * 160
) -> bytes:
    """One RTP packet of the peer's stream; `number` counts frames."""
    sequence, timestamp = (64000 + number) & 0xFFFF, (number * 160 + 4294900000) & 0xFFFFFFFF
    return (
        struct.pack("!BBHII", 0x80, (0x80 if marker else 0) | kind, sequence, timestamp, 0xCAFE)
        + payload
    )


def rtp_corpus() -> list[bytes]:
    """Sound, key presses, comfort noise, padding, contributing sources, a header extension."""
    press = struct.pack("!BBH", 5, 0x8A, 800)
    plain = rtp(7)
    return [
        plain,
        rtp(8, kind=101, marker=True, payload=press),
        rtp(9, kind=13, payload=b"\x40"),
        bytes([plain[0] | 0x20]) + plain[1:] + b"\x00\x00\x00\x04",
        bytes([plain[0] | 0x02]) + plain[1:12] + b"\x00\x00\x00\x01" * 2 + plain[12:],
        bytes([plain[0] | 0x10]) + plain[1:12] + b"\xbe\xde\x00\x01\x10\xff\x00\x00" + plain[12:],
    ]


def rtcp_corpus() -> list[bytes]:
    """Sender and receiver reports, source description, goodbye; alone and compound."""
    sender = struct.pack("!BBHIQIII", 0x81, 200, 12, 0xCAFE, 1 << 40, 160, 5, 800)
    block = struct.pack("!IIIIII", 0xBEEF, 0x01000002, 65540, 12, 99, 100)
    receiver = struct.pack("!BBHI", 0x81, 201, 7, 0xCAFE) + block
    name = struct.pack("!BBHI", 0x81, 202, 3, 0xCAFE) + b"\x01\x05phone\x00"
    goodbye = struct.pack("!BBHI", 0x81, 203, 1, 0xCAFE)
    return [sender + block + name, receiver + name, receiver, name, goodbye, receiver + goodbye]
