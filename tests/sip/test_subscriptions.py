"""What a telephone experiences that asks to be told of waiting messages, message by message."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from telephony.sip.core import Refuse
from telephony.sip.events import (
    Kept,
    Output,
    Peer,
    SubscribeReceived,
    SubscriptionEnded,
    SubscriptionKept,
    Transport,
)
from telephony.sip.message import Request, Response
from telephony.sip.subscriptions import LEAP, MOST
from telephony.sip.summary import Waiting, write_summary
from tests.sip.by_hand import SOURCE, Hand, invite, request
from tests.sip.wire import ANSWER

EVENT = "Event: message-summary"
CONTACT = b"Contact: <sip:roger@192.0.2.9:5062>"
TWO_NEW = Waiting(new=2, old=1, urgent_new=1)
NONE_NEW = Waiting(new=0, old=3)


class Phone(Hand):
    """A telephone that subscribes to the lamp of 101, and acknowledges each NOTIFY with `says`."""

    def __init__(self, source: Peer = SOURCE) -> None:
        super().__init__(source=source, lamps=True)
        tcp = b";transport=tcp" if source.transport is Transport.TCP else b""
        self.contact = CONTACT.replace(b">", tcp + b">")
        self.says: int | None = 200
        self.notified: list[Request] = []
        self.hops: list[Peer] = []
        self.waiting: Waiting | None = TWO_NEW
        self.tag = ""
        self._cseq = 0

    def subscribes(
        self,
        *extra: str,
        expires: int | None = None,
        event: str = EVENT,
        call_id: str = "lamp@192.0.2.9",
        cseq: int | None = None,
        judged: bool = True,
        **fields: object,
    ) -> Response | None:
        """Send SUBSCRIBE within the dialog there is; the last answer, the owner having judged."""
        self._cseq = cseq if cseq is not None else self._cseq + 1
        lines = (event, *(() if expires is None else (f"Expires: {expires}",)), *extra)
        data = request(
            "SUBSCRIBE", *lines, uri="sip:101@pbx.example.com", to_tag=self.tag, call_id=call_id,
            cseq=self._cseq, branch=f"z9hG4bK{call_id}{self._cseq}", **fields,  # type: ignore[arg-type]
        ).replace(CONTACT, self.contact)  # fmt: skip
        answers = self.hears(self.writes(data))
        if judged:
            answers += self.judged()
        if answers and answers[-1].status < 300:
            self.tag = answers[-1].recipient.tag
        return answers[-1] if answers else None

    def judged(self) -> list[Response]:
        """The owner judges what was asked."""
        answers: list[Response] = []
        for ask in [one for one in self.events if isinstance(one, SubscribeReceived)]:
            self.events.remove(ask)
            if self.waiting is None:
                outputs = self.agent.subscriptions.refuse(ask.ask, 404, self.now)
            else:
                outputs = self.agent.subscriptions.grant(ask.ask, self.waiting, self.now)
            answers += self.hears(self.sorted(outputs))
        return answers

    def changes(self, waiting: Waiting | None) -> None:
        """The messages of 101 change."""
        outputs = self.agent.subscriptions.tell("101", waiting, self.now)
        self.hears(self.sorted(outputs))

    def rests(self, seconds: float) -> None:
        """Let time pass, acknowledging what comes as it comes."""
        end = self.now + seconds
        while (due := self.agent.deadline) is not None and due <= end:
            self.now = due
            self.hears(self.sorted(self.agent.tick(due)))
        self.now = end

    def loses_connection(self) -> None:
        """The connection that the telephone opened closes."""
        self.hears(self.sorted(self.agent.transport_failed(self.source, self.now)))

    def sorted(self, outputs: list[Output]) -> list[Request | Response]:
        messages = super().sorted(outputs)
        self.hops += [
            to for to, one in zip(self.to, messages, strict=True) if isinstance(one, Request)
        ]
        return messages

    def hears(self, messages: Sequence[Request | Response]) -> list[Response]:
        """Take what was sent: NOTIFYs are answered, responses given back."""
        answers = [one for one in messages if isinstance(one, Response)]
        for notify in [one for one in messages if isinstance(one, Request)]:
            self.notified.append(notify)
            if self.says is not None:
                answers += self.answers(notify, self.says)
        return answers

    def answers(self, notify: Request, status: int) -> list[Response]:
        """Answer one NOTIFY."""
        kept = [
            f"{name}: {value}"
            for name, value in notify.headers
            if name in ("Via", "From", "To", "Call-ID", "CSeq")
        ]
        lines = [f"SIP/2.0 {status} Whatever", *kept, "Content-Length: 0", "", ""]
        return self.hears(self.writes("\r\n".join(lines).encode()))

    @property
    def last(self) -> Request:
        return self.notified[-1]

    @property
    def state(self) -> str:
        """Subscription-State of the last NOTIFY."""
        return self.last.header("Subscription-State") or ""

    @property
    def lit(self) -> list[str]:
        """What each NOTIFY said of the lamp."""
        return [one.body.split(b"\r\n")[0].decode()[-3:].strip() for one in self.notified]

    def told(self, kind: type) -> list[object]:
        return [event for event in self.events if isinstance(event, kind)]


# Subscribing


def test_a_telephone_that_subscribes_is_told_at_once_what_waits() -> None:
    phone = Phone()
    answer = phone.subscribes(expires=600)
    assert answer is not None
    assert answer.status == 200
    assert answer.header("Expires") == "600"
    assert answer.header("Contact") == "<sip:192.0.2.2:5060>"
    (notify,) = phone.notified
    assert phone.hops == [SOURCE]
    assert notify.uri == "sip:roger@192.0.2.9:5062"
    assert notify.header("Event") == "message-summary"
    assert notify.header("Contact") == "<sip:192.0.2.2:5060>"
    assert notify.sender.tag == answer.recipient.tag
    assert notify.recipient.tag == "them"
    assert notify.call_id == "lamp@192.0.2.9"
    assert notify.content_type == "application/simple-message-summary"
    assert phone.state == "active;expires=600"
    assert notify.body == (
        b"Messages-Waiting: yes\r\n"
        b"Message-Account: sip:101@pbx.example.com\r\n"
        b"Voice-Message: 2/1 (1/0)\r\n"
    )


def test_the_path_of_proxies_is_followed_back() -> None:
    phone = Phone()
    answer = phone.subscribes("Record-Route: <sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>")
    assert answer is not None
    assert answer.header("Record-Route") == "<sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>"
    assert phone.last.values("Route") == ["<sip:192.0.2.50;lr>", "<sip:192.0.2.51;lr>"]
    assert phone.last.uri == "sip:roger@192.0.2.9:5062"


def test_over_tcp_the_connection_of_the_telephone_is_used_and_its_address_once_it_closed() -> None:
    phone = Phone(source=Peer(Transport.TCP, "192.0.2.9", 40001))
    phone.subscribes(via="SIP/2.0/TCP 192.0.2.9:5062")
    phone.loses_connection()
    phone.changes(NONE_NEW)
    assert phone.hops == [phone.source, Peer(Transport.TCP, "192.0.2.9", 5062)]


def test_over_tcp_a_telephone_that_connects_again_is_told_on_its_new_connection() -> None:
    phone = Phone(source=Peer(Transport.TCP, "192.0.2.9", 40001))
    phone.subscribes(via="SIP/2.0/TCP 192.0.2.9:5062")
    phone.loses_connection()
    phone.source = Peer(Transport.TCP, "192.0.2.9", 40002)
    phone.subscribes(via="SIP/2.0/TCP 192.0.2.9:5062")
    assert phone.hops[-1] == phone.source


def test_an_account_asked_for_by_its_telephone_number_is_known() -> None:
    phone = Phone()
    phone.hears(phone.writes(request("SUBSCRIBE", EVENT, uri="tel:+1-514-555-0101")))
    phone.judged()
    assert b"Message-Account: sip:+15145550101@192.0.2.2\r\n" in phone.last.body


def test_a_connection_that_closes_under_a_notify_has_it_sent_the_other_way() -> None:
    phone = Phone(source=Peer(Transport.TCP, "192.0.2.9", 40001))
    phone.subscribes(via="SIP/2.0/TCP 192.0.2.9:5062")
    phone.says = None
    phone.changes(NONE_NEW)
    phone.loses_connection()
    assert phone.hops[-1] == Peer(Transport.TCP, "192.0.2.9", 5062)
    assert phone.lit == ["yes", "no", "no"]
    phone.answers(phone.last, 200)
    assert not phone.told(SubscriptionEnded)


@pytest.mark.parametrize(
    ("asked", "granted"), [(None, "3600"), (60, "60"), (86400, "3600"), (4294967295, "3600")]
)
def test_a_subscription_lasts_as_asked_but_an_hour_at_most(asked: int | None, granted: str) -> None:
    answer = Phone().subscribes(expires=asked)
    assert answer is not None
    assert answer.header("Expires") == granted


@pytest.mark.parametrize(
    ("lines", "status", "told"),
    [
        (("Event: presence",), 489, ("Allow-Events", "message-summary")),
        (("Subject: none",), 489, ("Allow-Events", "message-summary")),
        (("Event: message-summary;=",), 400, None),
        ((EVENT, "Expires: 59"), 423, ("Min-Expires", "60")),
        ((EVENT, "Expires: soon"), 400, None),
        ((EVENT, "Expires: -1"), 400, None),
        ((EVENT, "Expires: ²"), 400, None),
        ((EVENT, "Expires: " + "9" * 5000), 400, None),
        ((EVENT, "Accept: application/pidf+xml"), 406,
         ("Accept", "application/simple-message-summary")),
        ((EVENT, "Require: eventlist"), 420, ("Unsupported", "eventlist")),
    ],
)  # fmt: skip
def test_what_cannot_be_granted_is_refused_with_its_reason(
    lines: tuple[str, ...], status: int, told: tuple[str, str] | None
) -> None:
    phone = Phone()
    (answer,) = phone.writes(request("SUBSCRIBE", *lines))
    assert isinstance(answer, Response)
    assert answer.status == status
    if told:
        assert answer.header(told[0]) == told[1]
    assert phone.events == []
    phone.waits(60)
    assert phone.agent.deadline is None


@pytest.mark.parametrize(
    "line", ["o: message-summary", "EVENT: Message-Summary", "Event: message-summary;id=7"]
)
def test_the_event_is_known_however_it_is_written(line: str) -> None:
    phone = Phone()
    answer = phone.subscribes("Accept: text/plain, application/simple-message-summary", event=line)
    assert answer is not None
    assert answer.status == 200
    assert (phone.last.header("Event") or "").endswith(";id=7") == ("id" in line)


def test_an_account_that_does_not_exist_is_not_found() -> None:
    phone = Phone()
    phone.waiting = None
    answer = phone.subscribes()
    assert answer is not None
    assert answer.status == 404
    assert phone.notified == []
    phone.waits(60)
    assert phone.agent.deadline is None


def test_one_who_may_not_call_may_not_watch_either() -> None:
    hand = Hand(gate=lambda asked, source, now: Refuse(403), lamps=True)
    assert hand.status(request("SUBSCRIBE", EVENT)) == 403
    assert hand.events == []


def test_a_subscribe_that_is_repeated_while_it_is_considered_is_considered_once() -> None:
    phone = Phone()
    assert phone.subscribes(judged=False) is None
    assert phone.subscribes(cseq=1, judged=False) is None
    assert len(phone.told(SubscribeReceived)) == 1
    assert [answer.status for answer in phone.judged()] == [200]
    again = phone.subscribes(cseq=1, judged=False)
    assert again is not None
    assert again.status == 200
    assert len(phone.notified) == 1


def test_a_flood_of_subscriptions_has_an_end() -> None:
    phone = Phone()
    phone.subscribes()
    kept = kept_by(phone)
    for number in range(MOST - 1):
        other = replace(kept, subscription=f"other{number}", call_id=f"{number}@192.0.2.9")
        phone.agent.subscriptions.restore(other, 600.0, phone.now)
    phone.tag = ""
    answer = phone.subscribes(call_id="one-too-many@192.0.2.9")
    assert answer is not None
    assert (answer.status, answer.header("Retry-After")) == (503, "60")


def test_a_telephone_that_starts_again_and_subscribes_anew_is_told_once() -> None:
    phone = Phone()
    phone.subscribes(call_id="before@192.0.2.9")
    phone.tag = ""
    phone.subscribes(call_id="after@192.0.2.9")
    phone.changes(NONE_NEW)
    told = ["before@192.0.2.9", "after@192.0.2.9", "after@192.0.2.9"]
    assert [notify.call_id for notify in phone.notified] == told
    assert len(phone.told(SubscriptionEnded)) == 1


def test_asking_once_leaves_the_subscription_of_the_same_telephone_alone() -> None:
    phone = Phone()
    phone.subscribes(call_id="watching@192.0.2.9")
    phone.tag = ""
    phone.subscribes(call_id="asking@192.0.2.9", expires=0)
    phone.changes(NONE_NEW)
    assert phone.last.call_id == "watching@192.0.2.9"
    assert phone.state.startswith("active")


# Changes


def test_a_change_is_told_and_what_did_not_change_is_not() -> None:
    phone = Phone()
    phone.subscribes()
    for waiting in (TWO_NEW, NONE_NEW, NONE_NEW, TWO_NEW):
        phone.changes(waiting)
    assert phone.lit == ["yes", "no", "yes"]
    assert [notify.cseq[0] for notify in phone.notified] == [1, 2, 3]


def test_of_a_burst_of_changes_the_first_and_the_last_are_told() -> None:
    phone = Phone()
    phone.subscribes()
    phone.says = None
    for new in range(1, 50):
        phone.changes(Waiting(new=new, old=0))
    assert len(phone.notified) == 2
    phone.says = 200
    phone.answers(phone.last, 200)
    assert len(phone.notified) == 3
    assert b"Voice-Message: 49/0" in phone.last.body


def test_a_change_that_was_undone_meanwhile_is_not_told() -> None:
    phone = Phone()
    phone.subscribes()
    phone.says = None
    phone.changes(NONE_NEW)
    phone.changes(TWO_NEW)
    phone.changes(NONE_NEW)
    phone.answers(phone.last, 200)
    assert phone.lit == ["yes", "no"]


def test_only_those_who_watch_the_account_are_told() -> None:
    phone = Phone()
    phone.subscribes()
    assert phone.agent.subscriptions.tell("102", TWO_NEW, phone.now) == []


def test_a_mailbox_that_is_deleted_puts_the_lamp_out_and_ends_the_subscription() -> None:
    phone = Phone()
    phone.subscribes()
    phone.changes(None)
    assert phone.lit == ["yes", "no"]
    assert phone.state == "terminated;reason=noresource"
    assert phone.agent.subscriptions.accounts == set()


# Refreshing and ending


def test_a_subscription_refreshed_goes_on_and_tells_again() -> None:
    phone = Phone()
    phone.subscribes(expires=60)
    phone.rests(50)
    answer = phone.subscribes(expires=60)
    assert answer is not None
    assert answer.status == 200
    phone.rests(50)
    assert phone.lit == ["yes", "yes"]
    phone.rests(20)
    assert phone.state == "terminated;reason=timeout"


def test_a_telephone_that_moved_says_so_when_it_refreshes() -> None:
    phone = Phone()
    phone.subscribes()
    data = request(
        "SUBSCRIBE", EVENT, to_tag=phone.tag, call_id="lamp@192.0.2.9", cseq=9, branch="z9hG4bKnew"
    ).replace(b"<sip:roger@192.0.2.9:5062>", b"<sip:roger@192.0.2.9:5099>")
    phone.hears(phone.writes(data))
    phone.judged()
    assert phone.last.uri == "sip:roger@192.0.2.9:5099"


def test_a_telephone_that_unsubscribes_is_told_a_last_time() -> None:
    phone = Phone()
    phone.subscribes()
    answer = phone.subscribes(expires=0)
    assert answer is not None
    assert (answer.status, answer.header("Expires")) == (200, "0")
    assert phone.state == "terminated;reason=timeout"
    phone.changes(NONE_NEW)
    assert phone.lit == ["yes", "yes"]
    assert phone.told(SubscriptionEnded)
    gone = phone.subscribes()
    assert gone is not None
    assert gone.status == 481
    phone.rests(60)
    assert phone.agent.deadline is None


def test_a_telephone_may_ask_once_without_subscribing() -> None:
    phone = Phone()
    answer = phone.subscribes(expires=0)
    assert answer is not None
    assert answer.status == 200
    assert phone.lit == ["yes"]
    assert phone.state == "terminated;reason=timeout"
    assert not phone.told(SubscriptionKept)
    phone.rests(60)
    assert phone.agent.deadline is None


def test_a_subscription_that_nobody_refreshes_ends() -> None:
    phone = Phone()
    phone.subscribes(expires=60)
    phone.rests(61)
    assert phone.state == "terminated;reason=timeout"
    phone.changes(NONE_NEW)
    assert len(phone.notified) == 2
    phone.rests(60)
    assert phone.agent.deadline is None


def test_an_end_that_meets_a_notify_under_way_is_told_after_it() -> None:
    phone = Phone()
    phone.subscribes(expires=60)
    phone.rests(40)
    phone.says = None
    phone.changes(NONE_NEW)
    phone.subscribes(expires=0)
    assert len(phone.notified) == 2
    phone.answers(phone.last, 200)
    assert phone.state == "terminated;reason=timeout"


@pytest.mark.parametrize("status", [481, 404, 489, 501])
def test_a_telephone_that_knows_no_subscription_is_told_no_more(status: int) -> None:
    phone = Phone()
    phone.says = status
    phone.subscribes()
    phone.changes(NONE_NEW)
    assert len(phone.notified) == 1
    assert phone.told(SubscriptionEnded)


def test_nothing_more_is_owed_to_a_telephone_that_is_gone() -> None:
    phone = Phone()
    phone.subscribes()
    phone.says = None
    phone.changes(NONE_NEW)
    phone.subscribes()
    phone.answers(phone.last, 481)
    assert len(phone.notified) == 2
    assert phone.told(SubscriptionEnded)


def test_a_telephone_that_does_not_answer_is_told_no_more() -> None:
    phone = Phone()
    phone.says = None
    phone.subscribes()
    phone.rests(33)
    assert phone.told(SubscriptionEnded)
    told = len(phone.notified)
    phone.changes(NONE_NEW)
    phone.rests(3600)
    assert len(phone.notified) == told
    assert phone.agent.deadline is None


def test_a_telephone_hindered_for_the_moment_is_told_later() -> None:
    phone = Phone()
    phone.says = 503
    phone.subscribes()
    assert not phone.told(SubscriptionEnded)
    phone.says = 200
    phone.rests(31)
    assert phone.lit == ["yes", "yes"]
    phone.rests(120)
    assert len(phone.notified) == 2


def test_a_change_is_told_at_once_to_a_telephone_that_was_hindered_and_not_twice() -> None:
    phone = Phone()
    phone.says = 503
    phone.subscribes()
    phone.says = 200
    phone.rests(10)
    phone.changes(NONE_NEW)
    phone.rests(120)
    assert phone.lit == ["yes", "no"]


def test_a_provisional_answer_settles_nothing() -> None:
    phone = Phone()
    phone.subscribes()
    phone.says = 100
    phone.changes(NONE_NEW)
    phone.changes(TWO_NEW)
    assert phone.lit == ["yes", "no"]
    phone.says = 200
    phone.answers(phone.last, 200)
    assert phone.lit == ["yes", "no", "yes"]


def test_a_forgotten_subscription_that_was_hindered_is_not_told_later() -> None:
    phone = Phone()
    phone.says = None
    phone.subscribes(call_id="before@192.0.2.9")
    before = phone.last
    phone.tag = ""
    phone.says = 200
    phone.subscribes(call_id="after@192.0.2.9")
    phone.answers(before, 503)
    phone.rests(120)
    assert len(phone.notified) == 2


def test_a_last_word_that_is_refused_is_not_said_again() -> None:
    phone = Phone()
    phone.subscribes()
    phone.says = 500
    phone.subscribes(expires=0)
    phone.rests(3600)
    assert len(phone.notified) == 2
    assert phone.agent.deadline is None


def test_where_messages_cannot_be_counted_the_telephone_keeps_what_it_knew() -> None:
    phone = Phone()
    phone.subscribes()
    phone.subscribes(judged=False)
    (ask,) = phone.told(SubscribeReceived)
    assert isinstance(ask, SubscribeReceived)
    assert not ask.fresh
    phone.hears(phone.sorted(phone.agent.subscriptions.grant(ask.ask, None, phone.now)))
    assert phone.lit == ["yes", "yes"]


def test_a_refresh_of_a_mailbox_that_is_gone_is_not_found_and_ends() -> None:
    phone = Phone()
    phone.subscribes()
    phone.waiting = None
    answer = phone.subscribes()
    assert answer is not None
    assert answer.status == 404
    assert phone.state == "terminated;reason=noresource"


def test_a_refresh_considered_until_after_the_end_is_too_late() -> None:
    phone = Phone()
    phone.subscribes(expires=60)
    phone.rests(59)
    phone.subscribes(judged=False)
    phone.rests(5)
    assert [answer.status for answer in phone.judged()] == [481]


# Within the dialog


def test_a_request_out_of_order_is_refused() -> None:
    phone = Phone()
    phone.subscribes(cseq=5)
    answer = phone.subscribes(cseq=4)
    assert answer is not None
    assert answer.status == 500


def test_another_subscription_in_the_same_dialog_is_not_made() -> None:
    phone = Phone()
    phone.subscribes()
    other = phone.subscribes(event="Event: message-summary;id=9")
    assert other is not None
    assert other.status == 481
    unknown = phone.subscribes(event="Event: presence")
    assert unknown is not None
    assert unknown.status == 489


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("BYE", 481), ("INVITE", 481)])
def test_other_requests_in_the_dialog_leave_the_subscription_alone(
    method: str, status: int
) -> None:
    phone = Phone()
    phone.subscribes()
    data = request(method, to_tag=phone.tag, call_id="lamp@192.0.2.9", cseq=7, branch="z9hG4bKx")
    assert phone.status(data) == status
    phone.changes(NONE_NEW)
    assert phone.lit == ["yes", "no"]


def test_a_stranger_to_the_dialog_is_not_taken_for_the_telephone() -> None:
    phone = Phone()
    phone.subscribes()
    answer = phone.subscribes(expires=0, from_tag="someone-else")
    assert answer is not None
    assert answer.status == 481


def test_a_call_takes_no_subscription_into_its_dialog() -> None:
    phone = Phone()
    phone.writes(invite())
    (final,) = phone.sorted(phone.agent.answer(phone.last_call(), ANSWER, 0.0))
    tag = final.recipient.tag
    phone.writes(request("ACK", branch="z9hG4bKack", to_tag=tag))
    for number, method in enumerate(("SUBSCRIBE", "NOTIFY"), start=2):
        data = request(method, EVENT, to_tag=tag, cseq=number, branch=f"z9hG4bK{method}")
        assert phone.status(data) == 481


def test_options_tells_of_the_lamp_where_there_is_one() -> None:
    (answer,) = Phone().writes(request("OPTIONS"))
    assert answer.header("Allow-Events") == "message-summary"
    assert "SUBSCRIBE" in (answer.header("Allow") or "")
    (answer,) = Hand().writes(request("OPTIONS"))
    assert answer.header("Allow-Events") is None


# Restarts


def kept_by(phone: Phone) -> Kept:
    event = phone.told(SubscriptionKept)[-1]
    assert isinstance(event, SubscriptionKept)
    return event.kept


def restarted(phone: Phone, kept: Kept, remaining_s: float = 600.0) -> Phone:
    """The server starts anew; the telephone noticed nothing."""
    anew = Phone(source=phone.source)
    anew.tag, anew._cseq = phone.tag, phone._cseq
    anew.hears(anew.sorted(anew.agent.subscriptions.restore(kept, remaining_s, anew.now)))
    return anew


def test_after_a_restart_the_telephone_is_told_in_its_own_dialog() -> None:
    phone = Phone()
    phone.subscribes("Record-Route: <sip:192.0.2.50;lr>")
    before = phone.last
    anew = restarted(phone, kept_by(phone))
    assert set(anew.agent.subscriptions.accounts) == {"101"}
    anew.changes(NONE_NEW)
    (after,) = anew.notified
    assert after.call_id == before.call_id
    assert (after.sender.tag, after.recipient.tag) == (before.sender.tag, before.recipient.tag)
    assert after.values("Route") == ["<sip:192.0.2.50;lr>"]
    assert after.uri == before.uri
    assert after.cseq[0] > before.cseq[0]
    assert anew.state == "active;expires=600"
    answer = anew.subscribes(expires=0)
    assert answer is not None
    assert answer.status == 200


def test_after_a_restart_the_numbers_are_above_any_that_were_used() -> None:
    phone = Phone()
    phone.subscribes()
    for number in range(LEAP + 10):
        phone.changes(Waiting(new=number + 10, old=0))
    anew = restarted(phone, kept_by(phone))
    anew.changes(NONE_NEW)
    assert anew.last.cseq[0] > phone.last.cseq[0]


def test_a_server_that_starts_twice_before_anything_is_told_leaps_twice() -> None:
    phone = Phone()
    phone.subscribes()
    once = restarted(phone, kept_by(phone))
    twice = restarted(once, kept_by(once))
    once.changes(NONE_NEW)
    twice.changes(NONE_NEW)
    assert twice.last.cseq[0] > once.last.cseq[0]


def test_a_subscription_that_ended_while_nobody_served_it_is_struck_out() -> None:
    phone = Phone()
    phone.subscribes()
    anew = restarted(phone, kept_by(phone), remaining_s=-1.0)
    assert anew.told(SubscriptionEnded)
    anew.changes(NONE_NEW)
    assert anew.notified == []


@pytest.mark.parametrize(
    "damage", [{"target": "nowhere"}, {"route": ("<sip:192.0.2.50", "x")}, {"target": "tel:"}]
)
def test_a_subscription_that_cannot_be_followed_is_struck_out(damage: dict[str, Any]) -> None:
    phone = Phone()
    phone.subscribes()
    anew = restarted(phone, replace(kept_by(phone), **damage))
    assert anew.told(SubscriptionEnded)
    assert not anew.agent.subscriptions.accounts


def test_after_a_restart_a_connection_is_opened_to_the_telephone() -> None:
    phone = Phone(source=Peer(Transport.TCP, "192.0.2.9", 40001))
    phone.subscribes(via="SIP/2.0/TCP 192.0.2.9:5062")
    anew = restarted(phone, kept_by(phone))
    anew.changes(NONE_NEW)
    assert anew.hops == [Peer(Transport.TCP, "192.0.2.9", 5062)]


def test_a_refresh_right_after_a_restart_is_answered_though_nothing_is_counted_yet() -> None:
    phone = Phone()
    phone.subscribes()
    anew = restarted(phone, kept_by(phone))
    anew.subscribes(judged=False)
    (ask,) = anew.told(SubscribeReceived)
    assert isinstance(ask, SubscribeReceived)
    anew.hears(anew.sorted(anew.agent.subscriptions.grant(ask.ask, None, anew.now)))
    assert anew.last.body == b""
    assert anew.last.header("Content-Type") is None
    anew.changes(TWO_NEW)
    assert anew.last.body


# Whatever happens


class Course(RuleBasedStateMachine):
    """A telephone and its lamp while messages come, answers fail, time passes, servers restart."""

    def __init__(self) -> None:
        super().__init__()
        self.phone = Phone()
        self.phone.says = None
        self.answered = 0
        self.shown = b""
        self.truth = TWO_NEW
        self.phone.subscribes(expires=3600)

    @property
    def pending(self) -> list[Request]:
        """The NOTIFYs that wait for an answer, each once however often it was sent."""
        waiting = {one.cseq[0]: one for one in self.phone.notified[self.answered :]}
        return list(waiting.values())

    @property
    def subscribed(self) -> bool:
        return bool(self.phone.agent.subscriptions.accounts)

    @rule(new=st.integers(0, 3), old=st.integers(0, 2))
    def messages_change(self, new: int, old: int) -> None:
        self.truth = Waiting(new=new, old=old)
        self.phone.changes(self.truth)

    @rule(status=st.sampled_from([200, 200, 200, 503]))
    def the_telephone_answers(self, status: int) -> None:
        for notify in self.pending:
            self.answered = len(self.phone.notified)
            if status == 200:
                self.shown = notify.body
            self.phone.answers(notify, status)

    @rule(seconds=st.sampled_from([0.1, 1.0, 9.0]))
    def time_passes(self, seconds: float) -> None:
        self.phone.rests(seconds)

    @precondition(lambda self: self.subscribed)
    @rule()
    def the_telephone_refreshes(self) -> None:
        self.phone.waiting = self.truth
        answer = self.phone.subscribes(expires=3600)
        assert answer is not None
        assert answer.status == 200

    @precondition(lambda self: self.subscribed)
    @rule()
    def the_server_restarts(self) -> None:
        before = self.phone
        self.phone = restarted(before, kept_by(before), 3600.0)
        self.phone.says = None
        self.highest = before.last.cseq[0]
        self.answered = 0
        self.phone.changes(self.truth)
        assert self.phone.last.cseq[0] > self.highest

    @invariant()
    def one_notify_at_a_time(self) -> None:
        assert len(self.pending) <= 1

    @invariant()
    def numbers_grow(self) -> None:
        numbers = [notify.cseq[0] for notify in self.phone.notified]
        assert numbers == sorted(numbers)

    def teardown(self) -> None:
        """In the end the telephone answers again: then it shows what is true, if it watches."""
        for _ in range(4):
            self.the_telephone_answers(200)
            self.phone.rests(31)
        if self.subscribed:
            self.the_telephone_answers(200)
            assert self.shown == write_summary(self.truth, "sip:101@pbx.example.com")


Course.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_lamp_shows_what_is_true_in_the_end_whatever_happens = Course.TestCase
