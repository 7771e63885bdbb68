"""Every message of RFC 4475 gets its answer, and disturbs nobody."""

import hashlib
import re

import pytest

from telephony.sip.events import IncomingCall, Peer, Send, Transport
from telephony.sip.message import Malformed, Request, Response, read
from tests.torture.agents import PEER, header_lines, lone_agent, statuses
from tests.torture.rfc4475 import CALL, DROPPED, MESSAGES, TORTURES, Torture

EVERY = pytest.mark.parametrize("torture", TORTURES, ids=lambda each: each.name)
BY_NAME = {each.name: each for each in TORTURES}


def parsed(name: str) -> Request | Response:
    return read(BY_NAME[name].octets)


def request(name: str) -> Request:
    message = parsed(name)
    assert isinstance(message, Request)
    return message


def test_none_of_the_49_is_left_out() -> None:
    assert len(TORTURES) == 49
    assert {each.stem for each in MESSAGES.glob("*.dat")} == set(BY_NAME)


def test_the_messages_are_the_octets_of_the_rfc() -> None:
    for torture in TORTURES:
        head, _, body = torture.octets.partition(b"\r\n\r\n")
        told = re.findall(rb"(?im)^(?:content-length|l)\s*:\s*(-?\d+)", head)
        if torture.outcome in (CALL, 481, 200, 405) and told and torture.name != "dblreq":
            assert [int(each) for each in told] == [len(body)]
    everything = b"".join(each.octets for each in TORTURES)
    assert (
        hashlib.sha256(everything).hexdigest()
        == "987a3db39bc629976fd069aafa744a58be9d1c03a8f131c9b0943024886ac05b"
    )


@EVERY
def test_a_torture_message_gets_its_outcome(torture: Torture) -> None:
    out = lone_agent().feed(torture.octets, PEER, 1.0)
    calls = [each for each in out if isinstance(each, IncomingCall)]
    if torture.outcome == DROPPED:
        assert out == []
    elif torture.outcome == CALL:
        assert statuses(out) == [100]
        assert len(calls) == 1
    else:
        assert statuses(out) == [torture.outcome]
        assert calls == []


@EVERY
def test_a_torture_message_through_tcp_in_pieces_ends_no_other_call(torture: Torture) -> None:
    agent = lone_agent()
    invite = BY_NAME["inv2543"].octets
    (call,) = [e for e in agent.feed(invite, PEER, 1.0) if isinstance(e, IncomingCall)]
    stranger = Peer(Transport.TCP, "192.0.2.66", 4000)
    for start in range(0, len(torture.octets), 7):
        agent.feed(torture.octets[start : start + 7], stranger, 1.1)
    answer = agent.answer(call.call, b"v=0\r\n", 1.2)
    assert statuses(answer) == [200]


@EVERY
def test_a_torture_message_repeated_opens_nothing_more(torture: Torture) -> None:
    agent = lone_agent()
    first = agent.feed(torture.octets, PEER, 1.0)
    again = agent.feed(torture.octets, PEER, 1.3)
    assert not [each for each in again if isinstance(each, IncomingCall)]
    assert [each for each in again if isinstance(each, Send)] == [
        each for each in first if isinstance(each, Send)
    ]


def test_wsinv_says_the_same_as_without_its_white_space() -> None:
    message = request("wsinv")
    assert message.target.user == "vivekg"
    assert message.recipient.tag == "1918181833n"
    assert message.sender.uri.startswith("sip:jdrosen@example.com")
    assert message.sender.tag == "98asjd8"
    assert message.cseq == (9, "INVITE")
    assert message.header("Max-Forwards") == "0068"
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert message.header("Subject") == ""
    assert len(message.body) == 150


def test_intmeth_keeps_every_unusual_character() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.cseq == (139122385, message.method)
    assert message.top_via.branch == "z9hG4bK-.!%66*_+`'~"
    assert message.sender.tag == "_token~1'+`*%!-."
    assert message.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert bytes(message).count("大停電".encode()) == 1


def test_esc01_dials_the_unescaped_user() -> None:
    (call,) = [
        each
        for each in lone_agent().feed(BY_NAME["esc01"].octets, PEER, 1.0)
        if isinstance(each, IncomingCall)
    ]
    assert call.dialed == "sips:user@example.com"
    assert call.caller.number == "I have spaces"


def test_escnull_is_not_cut_at_the_null() -> None:
    message = request("escnull")
    assert message.recipient.uri == "sip:null-%00-null@example.com"
    assert [each.uri for each in message.addresses("Contact")] == [
        "sip:%00@host5.example.com",
        "sip:%00%00@host5.example.com",
    ]


def test_esc02_is_not_taken_for_a_registration() -> None:
    message = request("esc02")
    assert message.method == "RE%47IST%45R"
    assert len(message.values("Contact")) == 2


def test_lwsdisp_has_a_display_name() -> None:
    assert request("lwsdisp").sender.display == "caller"


def test_longreq_is_read_whole() -> None:
    message = request("longreq")
    assert len(message.vias) == 34
    assert [via.host for via in message.vias[:2]] == ["sip33.example.com", "sip32.example.com"]
    assert message.vias[-1].branch == "very" + "long" * 50 + "branchvalue"
    assert message.sender.tag == "12" + "982" * 50 + "424"
    assert message.recipient.display.endswith("extreme" * 10 + " proportion")


def test_dblreq_through_tcp_is_two_requests() -> None:
    stranger = Peer(Transport.TCP, "192.0.2.66", 4000)
    octets = BY_NAME["dblreq"].octets
    assert statuses(lone_agent().feed(octets, stranger, 1.0))[0] == 405
    assert request("dblreq").body == b""


def test_semiuri_keeps_the_semicolon_in_the_user() -> None:
    assert request("semiuri").target.user == "user;par=u@example.net"
    assert request("semiuri").target.host == "example.com"


def test_transports_are_kept_for_the_way_back() -> None:
    out = lone_agent().feed(BY_NAME["transports"].octets, PEER, 1.0)
    lines = [each for line in header_lines(out, "Via") for each in line.split(", ")]
    assert [each.split()[0].rpartition("/")[2] for each in lines] == [
        "UDP", "SCTP", "TLS", "UNKNOWN", "TCP",
    ]  # fmt: skip


def test_mpart01_keeps_its_553_octets_nulls_included() -> None:
    body = request("mpart01").body
    assert len(body) == 553
    assert b"\x30\x82\x01\x52" in body
    assert b"\x00" in body


def test_reason_phrases_are_whatever_they_are() -> None:
    unusual, none = parsed("unreason"), parsed("noreason")
    assert isinstance(unusual, Response)
    assert unusual.reason == "= 2**3 * 5**2 но сто девяносто девять - простое"
    assert isinstance(none, Response)
    assert (none.status, none.reason) == (100, "")


def test_refused_extensions_are_named() -> None:
    out = lone_agent().feed(BY_NAME["bext01"].octets, PEER, 1.0)
    assert {each.strip().lower() for each in header_lines(out, "Unsupported")[0].split(",")} >= {
        "nothingsupportsthis",
        "nothingsupportsthiseither",
    }


def test_refused_types_are_told_what_is_accepted() -> None:
    for name in ("invut", "sdp01"):
        out = lone_agent().feed(BY_NAME[name].octets, PEER, 1.0)
        assert "application/sdp" in ",".join(header_lines(out, "Accept"))


def test_inv2543_is_a_call_with_its_number() -> None:
    out = lone_agent().feed(BY_NAME["inv2543"].octets, PEER, 1.0)
    (call,) = [each for each in out if isinstance(each, IncomingCall)]
    assert call.dialed == "UserB"
    assert call.caller.number == "+13035551111"


def test_a_badly_numbered_message_is_malformed_not_an_error_of_ours() -> None:
    for name in ("scalar02", "scalarlg", "bigcode", "ncl"):
        with pytest.raises(Malformed):
            parsed(name)
