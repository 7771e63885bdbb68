"""What a telephone experiences that registers, and what callers then find (RFC 3261 §10)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.sip.agent import UserAgent
from telephony.sip.core import Admit, Local, Verdict
from telephony.sip.events import (
    Binding,
    BindingEnded,
    BindingKept,
    BindingSilent,
    IncomingCall,
    Output,
    Peer,
    Send,
    Transport,
)
from telephony.sip.message import Request, Response, read
from tests.sip.wire import ANSWER, OFFER, Counter
from tests.telephones.handset import HOME, Handset

USER = "101-abcd"
MOVED = Peer(Transport.UDP, "203.0.113.9", 51000)
TCP = Peer(Transport.TCP, "192.0.2.50", 40500)


class House:
    """A registrar in virtual time whose telephones are believed: only where they are matters."""

    def __init__(self) -> None:
        local = Local("192.0.2.1", 5060, "Test")
        self.agent = UserAgent(local, Counter("t"), gate=self._gate, registers=True)
        self.now = 1000.0
        self.events: list[object] = []
        self.asked: list[tuple[Peer, Request]] = []
        self.mute = False
        self.tags: list[str] = []

    def _gate(self, request: Request, source: Peer, now: float) -> Verdict:
        return Admit(request.sender.uri.partition(":")[2].partition("@")[0])

    def handset(self, user: str = USER, peer: Peer = HOME) -> Handset:
        return Handset(self.carry, user, peer=peer)

    def carry(self, octets: bytes, peer: Peer) -> list[Request | Response]:
        return self._taken(self.agent.feed(octets, peer, self.now))

    def _taken(self, outputs: list[Output]) -> list[Request | Response]:
        self.events += [each for each in outputs if not isinstance(each, Send)]
        sent = [(each.to, read(each.data)) for each in outputs if isinstance(each, Send)]
        self.asked += [(to, each) for to, each in sent if isinstance(each, Request)]
        self.tags += [each.recipient.tag for _, each in sent if isinstance(each, Response)]
        return [each for _, each in sent]

    def waits(self, seconds: float) -> None:
        """Let time pass; telephones answer OPTIONS unless the house is `mute`."""
        end = self.now + seconds
        while (due := self.agent.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            before = len(self.asked)
            self._taken(self.agent.tick(self.now))
            for to, request in self.asked[before:]:
                if not self.mute:
                    kept = [p for p in request.headers if p[0] in _KEPT]
                    self.carry(bytes(Response(tuple(kept), b"", 200, "OK")), to)
        self.now = end

    def uris(self, user: str = USER) -> list[str]:
        """Where callers find an account."""
        return [each.uri for each in self.agent.registrar.telephones(user, self.now)]


_KEPT = ("Via", "From", "To", "Call-ID", "CSeq")


def contacts(response: Response | None) -> list[tuple[str, str | None]]:
    """The contacts a 200 lists, each with the seconds it has left."""
    assert response is not None
    assert response.status == 200
    return [(each.uri, each.parameters.get("expires")) for each in response.addresses("Contact")]


def test_a_telephone_that_registered_is_called_where_its_register_came_from() -> None:
    house = House()
    phone = house.handset()
    assert contacts(phone.registers()) == [(phone.contact, "600")]
    (binding,) = house.agent.registrar.telephones(USER, house.now)
    assert (binding.uri, binding.peer, binding.user) == (phone.contact, HOME, USER)
    assert house.agent.registrar.lives_at(HOME)


def test_a_registration_ends_when_its_time_is_over() -> None:
    house = House()
    phone = house.handset()
    phone.registers("Expires: 120")
    house.waits(119.0)
    assert house.uris() == [phone.contact]
    house.waits(1.0)
    assert house.uris() == []
    assert isinstance(house.events[-1], BindingEnded)
    assert not house.agent.registrar.lives_at(HOME)


def test_a_telephone_that_signs_off_is_gone() -> None:
    house = House()
    phone = house.handset()
    phone.registers()
    assert contacts(phone.registers("Expires: 0")) == []
    assert house.uris() == []


def test_a_telephone_that_refreshes_is_granted_the_time_anew() -> None:
    house = House()
    phone = house.handset()
    phone.registers("Expires: 600")
    house.waits(300.0)
    assert contacts(phone.registers("Expires: 600")) == [(phone.contact, "600")]


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ((), "3600"),
        (("Expires: 7200",), "3600"),
        (("Expires: 4294967295",), "3600"),
        (("Expires: 60",), "60"),
        (("Expires: soon",), "3600"),
        (("Expires: -5",), "3600"),
    ],
)
def test_the_time_granted_stays_within_our_terms(asked: tuple[str, ...], granted: str) -> None:
    phone = House().handset()
    where = f"Contact: <{phone.contact}>"
    assert contacts(phone.asks("REGISTER", where, *asked)) == [(phone.contact, granted)]


@pytest.mark.parametrize("where", [";expires=30", ";expires=1"])
def test_a_time_too_brief_is_refused_with_the_shortest(where: str) -> None:
    house = House()
    phone = house.handset()
    answer = phone.asks("REGISTER", f"Contact: <{phone.contact}>{where}", "Expires: 600")
    assert answer is not None
    assert (answer.status, answer.header("Min-Expires")) == (423, "60")
    assert house.uris() == []


def test_each_contact_may_have_a_time_of_its_own() -> None:
    phone = House().handset()
    both = "Contact: <sip:a@10.0.0.7>;expires=120, <sip:b@10.0.0.7:5070>;q=0.5"
    answer = phone.asks("REGISTER", both, "Expires: 900")
    assert contacts(answer) == [("sip:a@10.0.0.7", "120"), ("sip:b@10.0.0.7:5070", "900")]


def test_several_telephones_are_found_the_preferred_first() -> None:
    house = House()
    phone = house.handset()
    where = "Contact: <sip:a@10.0.0.7>;q=0.2, <sip:b@10.0.0.7>;q=0.9, <sip:c@10.0.0.7>;q=0.2"
    phone.asks("REGISTER", where, "Expires: 900")
    assert house.uris() == ["sip:b@10.0.0.7", "sip:c@10.0.0.7", "sip:a@10.0.0.7"]


def test_a_register_without_contact_only_asks() -> None:
    phone = House().handset()
    assert contacts(phone.asks("REGISTER")) == []
    phone.registers()
    assert contacts(phone.asks("REGISTER")) == [(phone.contact, "600")]


def test_a_star_signs_every_telephone_off() -> None:
    house = House()
    one, other = house.handset(), house.handset()
    other.contact, other.call_id = "sip:101@10.0.0.8", "other"
    one.registers()
    other.registers()
    assert len(house.uris()) == 2
    assert contacts(one.asks("REGISTER", "Contact: *", "Expires: 0")) == []
    assert house.uris() == []


@pytest.mark.parametrize(
    "lines",
    [
        ("Contact: *",),
        ("Contact: *", "Expires: 60"),
        ("Contact: *", "Contact: <sip:a@10.0.0.7>", "Expires: 0"),
    ],
)
def test_a_star_that_means_anything_else_changes_nothing(lines: tuple[str, ...]) -> None:
    house = House()
    phone = house.handset()
    phone.registers()
    answer = phone.asks("REGISTER", *lines)
    assert answer is not None
    assert answer.status == 400
    assert house.uris() == [phone.contact]


def test_what_was_sent_before_does_not_undo_what_was_sent_after() -> None:
    house = House()
    phone = house.handset()
    phone.registers(cseq=7)
    house.waits(40.0)
    for cseq in (6, 7):
        late = phone.asks("REGISTER", "Contact: *", "Expires: 0", cseq=cseq)
        assert late is not None
        assert late.status == 500
    assert house.uris() == [phone.contact]
    assert contacts(phone.registers("Expires: 0", cseq=1, call_id="after-a-reboot")) == []


def test_one_contact_that_cannot_be_kept_refuses_the_whole_register() -> None:
    house = House()
    phone = house.handset()
    answer = phone.asks("REGISTER", "Contact: <sip:a@10.0.0.7>, <tel:+15145550100>")
    assert answer is not None
    assert answer.status == 400
    assert house.uris() == []


def test_nobody_registers_for_another_account() -> None:
    house = House()
    answer = house.handset().asks("REGISTER", "Contact: <sip:x@10.0.0.7>", to="102-wxyz")
    assert answer is not None
    assert answer.status == 403
    assert house.uris("102-wxyz") == []


def test_a_repeated_register_is_answered_and_carried_out_once() -> None:
    house = House()
    phone = house.handset()
    octets: list[bytes] = []

    def twice(data: bytes, peer: Peer) -> list[Request | Response]:
        octets.append(data)
        return house.carry(data, peer)

    Handset(twice).registers()
    (again,) = house.carry(octets[-1], HOME)
    assert isinstance(again, Response)
    assert again.status == 200
    assert sum(isinstance(each, BindingKept) for each in house.events) == 1
    assert house.uris() == [phone.contact]


def test_a_telephone_with_a_name_of_its_own_takes_the_place_of_its_former_self() -> None:
    house = House()
    phone = house.handset()
    who = ';+sip.instance="<urn:uuid:0001>"'
    phone.asks("REGISTER", f"Contact: <sip:a@10.0.0.7:1111>{who}")
    moved = house.handset(peer=MOVED)
    moved.asks("REGISTER", f"Contact: <sip:a@10.0.0.7:2222>{who}", call_id="b")
    assert house.uris() == ["sip:a@10.0.0.7:2222"]
    assert not house.agent.registrar.lives_at(HOME)


def test_an_account_keeps_the_telephones_that_came_last() -> None:
    house = House()
    phone = house.handset()
    for port in range(5000, 5012):
        phone.registers(contact=f"sip:a@10.0.0.7:{port}")
    assert sorted(house.uris()) == [f"sip:a@10.0.0.7:{port}" for port in range(5002, 5012)]


def test_the_same_contact_written_otherwise_is_written_down_once() -> None:
    house = House()
    phone = house.handset()
    phone.registers(contact="sip:a@Desk.Example:5062;ob")
    phone.registers(contact="sip:a@desk.example:5062")
    assert house.uris() == ["sip:a@desk.example:5062"]
    book = {e.uri for e in house.events if isinstance(e, BindingEnded)}
    assert book == {"sip:a@Desk.Example:5062;ob"}


def test_a_telephone_behind_a_router_is_asked_before_the_router_forgets_it() -> None:
    house = House()
    house.handset().registers()
    house.waits(125.0)
    asked = [(to, each.method, each.uri) for to, each in house.asked]
    assert len(asked) >= 5
    assert set(asked) == {(HOME, "OPTIONS", "sip:101-abcd@10.0.0.7:5062")}


def test_a_telephone_that_vanished_is_called_no_more_until_it_is_heard_again() -> None:
    house = House()
    phone = house.handset()
    phone.registers("Expires: 3600")
    house.mute = True
    house.waits(25.0 + 33.0)
    assert house.uris() == []
    assert BindingSilent(USER, phone.contact, True) in house.events
    house.mute = False
    house.waits(90.0)
    assert house.uris() == [phone.contact]
    assert house.events[-1] == BindingSilent(USER, phone.contact, False)


def test_a_silent_telephone_that_registers_again_is_called_at_once() -> None:
    house = House()
    phone = house.handset()
    phone.registers("Expires: 3600")
    house.mute = True
    house.waits(60.0)
    assert house.uris() == []
    phone.registers("Expires: 3600")
    assert house.uris() == [phone.contact]


def test_a_telephone_that_refuses_options_is_there() -> None:
    house = House()
    phone = house.handset()
    phone.registers()
    house.mute = True
    while not house.asked:
        house.waits(1.0)
    to, request = house.asked[-1]
    kept = tuple(pair for pair in request.headers if pair[0] in _KEPT)
    house.carry(bytes(Response(kept, b"", 405, "Method Not Allowed")), to)
    house.mute = False
    house.waits(40.0)
    assert house.uris() == [phone.contact]


def test_behind_a_router_a_closed_connection_silences_its_telephone_until_it_is_back() -> None:
    house = House()
    phone = house.handset(peer=TCP)
    phone.registers(contact="sip:a@10.0.0.7:5062;transport=tcp")
    house._taken(house.agent.transport_failed(TCP, house.now))
    assert house.uris() == []
    back = house.handset(peer=Peer(Transport.TCP, TCP.host, 40501))
    back.registers(contact="sip:a@10.0.0.7:5062;transport=tcp", call_id="again")
    assert house.uris() == ["sip:a@10.0.0.7:5062;transport=tcp"]


def test_a_telephone_that_listens_itself_is_called_on_a_connection_of_ours() -> None:
    house = House()
    phone = house.handset(peer=TCP)
    phone.registers(contact=f"sip:a@{TCP.host}:5062;transport=tcp")
    house._taken(house.agent.transport_failed(TCP, house.now))
    (binding,) = house.agent.registrar.telephones(USER, house.now)
    assert binding.peer == Peer(Transport.TCP, TCP.host, 5062)


def test_an_account_that_is_no_more_leaves_no_telephone() -> None:
    house = House()
    house.handset().registers()
    house._taken(house.agent.registrar.forget(USER, house.now))
    assert house.uris() == []
    assert isinstance(house.events[-1], BindingEnded)
    house.waits(200.0)
    assert house.asked == []
    assert house.agent.deadline is None


def test_telephones_are_where_they_were_after_a_restart() -> None:
    house = House()
    kept = Binding(USER, "sip:a@10.0.0.7", HOME, "call", 4, 0.5)
    house._taken(house.agent.registrar.restore(kept, 100.0, house.now))
    assert house.agent.registrar.telephones(USER, house.now) == [kept]
    over = Binding(USER, "sip:b@10.0.0.7", HOME, "call", 4)
    house._taken(house.agent.registrar.restore(over, -1.0, house.now))
    assert house.uris() == ["sip:a@10.0.0.7"]
    assert house.events == [BindingEnded(USER, "sip:b@10.0.0.7")]
    house.waits(100.0)
    assert house.uris() == []


def test_a_telephone_that_listens_elsewhere_than_it_sends_from_is_called_there() -> None:
    house = House()
    sends = Peer(Transport.UDP, "192.0.2.50", 33000)

    def without_rport(data: bytes, peer: Peer) -> list[Request | Response]:
        return house.carry(data.replace(b";rport", b""), peer)

    Handset(without_rport, peer=sends).registers(contact="sip:a@192.0.2.50:5060")
    (binding,) = house.agent.registrar.telephones(USER, house.now)
    assert binding.peer == Peer(Transport.UDP, "192.0.2.50", 5060)


def answer_to(request: Request, contact: str = "sip:a@10.0.0.7:5062") -> bytes:
    kept = tuple(
        (name, f"{value};tag=theirs" if name == "To" else value)
        for name, value in request.headers
        if name in _KEPT
    )
    more = (("Contact", f"<{contact}>"), ("Content-Type", "application/sdp"))
    return bytes(Response((*kept, *more), ANSWER, 200, "OK"))


def test_a_call_to_a_telephone_behind_a_router_goes_through_the_router_to_its_end() -> None:
    house = House()
    phone = house.handset()
    phone.registers()
    (binding,) = house.agent.registrar.telephones(USER, house.now)
    call, outputs = house.agent.invite(
        binding.uri, from_uri="sip:102@192.0.2.1", display_name="", sdp=OFFER,
        credentials=None, peer=binding.peer, now=house.now,
    )  # fmt: skip
    house._taken(outputs)
    to, invite = house.asked[-1]
    assert (to, invite.uri) == (HOME, phone.contact)
    house.carry(answer_to(invite), HOME)
    house._taken(house.agent.bye(call, house.now))
    assert [(to, each.method) for to, each in house.asked[-2:]] == [(HOME, "ACK"), (HOME, "BYE")]


def test_a_call_of_a_telephone_behind_a_router_is_hung_up_through_the_router() -> None:
    house = House()
    phone = house.handset()
    phone.registers()
    here = f"Contact: <{phone.contact}>"
    phone.asks("INVITE", here, uri="sip:102@pbx.example", call_id="a-call", cseq=5)
    (event,) = [each for each in house.events if isinstance(each, IncomingCall)]
    assert event.account == USER
    house._taken(house.agent.answer(event.call, ANSWER, house.now))
    tag = house.tags[-1]
    phone.asks("ACK", here, cseq=5, uri="sip:192.0.2.1", call_id="a-call", to_tag=tag)
    house._taken(house.agent.bye(event.call, house.now))
    to, bye = house.asked[-1]
    assert (to, bye.method, bye.uri) == (HOME, "BYE", phone.contact)


PORTS = st.integers(5060, 5063)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("register"), PORTS, st.sampled_from([60, 300, 3600])),
        st.tuples(st.just("leave"), PORTS, st.just(0)),
        st.tuples(st.just("star"), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.just(0), st.integers(1, 400)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_callers_find_what_a_simple_list_would_hold(steps: list[tuple[str, int, int]]) -> None:
    house = House()
    phone = house.handset()
    model: dict[str, float] = {}
    for what, port, seconds in steps:
        uri = f"sip:a@10.0.0.7:{port}"
        if what == "wait":
            house.waits(float(seconds))
        elif what == "star":
            phone.asks("REGISTER", "Contact: *", "Expires: 0")
            model = {}
        else:
            phone.registers(f"Expires: {seconds}", contact=uri)
            model[uri] = house.now + seconds
        model = {uri: end for uri, end in model.items() if end > house.now}
        assert sorted(house.uris()) == sorted(model)
        kept: dict[str, bool] = {}
        for event in house.events:
            if isinstance(event, BindingKept):
                kept[event.binding.uri] = True
            elif isinstance(event, BindingEnded):
                kept.pop(event.uri, None)
        assert sorted(kept) == sorted(model), "the book holds what callers find"
