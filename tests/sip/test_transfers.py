"""What a telephone experiences that sends its peer elsewhere (RFC 3515, RFC 5589)."""

import pytest

from telephony.sip.events import TransferAsked
from telephony.sip.message import Request, Response
from telephony.sip.transfers import FAREWELL_S, LONGEST_S
from tests.sip.by_hand import Hand, invite, request
from tests.sip.wire import ANSWER

HERE = "sip:102@192.0.2.2"


class Transferor(Hand):
    """A telephone in a call with us, that acknowledges each NOTIFY."""

    def __init__(self, *, answered: bool = True) -> None:
        super().__init__()
        self.says: int | None = 200
        self.notified: list[Request] = []
        self._cseq = 1
        self.tag = self.calls("hand@192.0.2.9", answered=answered)
        self.call = self.last_call()

    def calls(self, call_id: str, *, answered: bool = True, from_tag: str = "them") -> str:
        """Open a call; our tag in it."""
        self.writes(invite(call_id=call_id, from_tag=from_tag, branch=f"z9hG4bK{call_id}"))
        call = self.last_call()
        if not answered:
            (ringing,) = self.sorted(self.agent.ring(call, self.now))
            return ringing.recipient.tag
        (final,) = self.sorted(self.agent.answer(call, ANSWER, self.now))
        tag = final.recipient.tag
        self.writes(
            request("ACK", branch="z9hG4bKa", to_tag=tag, call_id=call_id, from_tag=from_tag)
        )
        return tag

    def asks(self, *headers: str) -> int:
        """Send a REFER; the status of its answer, each NOTIFY being answered."""
        self._cseq += 1
        data = request(
            "REFER", *headers, to_tag=self.tag, cseq=self._cseq, branch=f"z9hG4bKr{self._cseq}"
        )
        return self.hears(self.writes(data))[-1].status

    def refers(self, to: str) -> int:
        return self.asks(f"Refer-To: {to}")

    def subscribes(self, expires: str) -> int:
        self._cseq += 1
        lines = ("Event: refer", f"Expires: {expires}")
        data = request(
            "SUBSCRIBE", *lines, to_tag=self.tag, cseq=self._cseq, branch=f"z9hG4bKs{self._cseq}"
        )
        return self.hears(self.writes(data))[-1].status

    def told(self, status: int) -> None:
        """The owner says how the transfer goes."""
        self.hears(self.sorted(self.agent.transfers.tell(self.call, status, self.now)))

    def hears(self, messages: list[Request | Response]) -> list[Response]:
        """Answer each NOTIFY, and whatever that brings."""
        answers: list[Response] = []
        for message in messages:
            if isinstance(message, Response):
                answers.append(message)
            elif message.method == "NOTIFY":
                self.notified.append(message)
                if self.says is not None:
                    answers += self.hears(self.writes(self.answer(message)))
        return answers

    def answer(self, notify: Request) -> bytes:
        kept = ("Via", "From", "To", "Call-ID", "CSeq")
        headers = tuple(pair for pair in notify.headers if pair[0] in kept)
        return bytes(Response(headers, b"", self.says or 0, "So"))

    def hangs_up(self) -> None:
        self._cseq += 1
        bye = request("BYE", to_tag=self.tag, cseq=self._cseq, branch=f"z9hG4bKb{self._cseq}")
        assert self.status(bye) == 200

    @property
    def progress(self) -> list[tuple[str, str]]:
        """What it was told: the fragment, and the state of the subscription."""
        return [
            (
                one.body.decode().strip(),
                (one.header("Subscription-State") or "").partition(";expires")[0],
            )
            for one in self.notified
        ]

    @property
    def asked(self) -> list[TransferAsked]:
        return [one for one in self.events if isinstance(one, TransferAsked)]


def test_a_blind_transfer_is_accepted_and_told_step_by_step() -> None:
    phone = Transferor()
    assert phone.refers(f"<{HERE}>") == 202
    assert phone.asked == [TransferAsked(phone.call, "102", "")]
    phone.told(180)
    phone.told(200)
    assert phone.progress == [
        ("SIP/2.0 100 Trying", "active"),
        ("SIP/2.0 180 Ringing", "active"),
        ("SIP/2.0 200 OK", "terminated;reason=noresource"),
    ]
    first = phone.notified[0]
    assert first.header("Event") == "refer"
    assert first.header("Content-Type") == "message/sipfrag;version=2.0"
    assert first.recipient.tag == "them"
    numbers = [one.cseq[0] for one in phone.notified]
    assert numbers == sorted(set(numbers))


def test_who_hangs_up_at_once_is_told_the_end_of_it_all_the_same() -> None:
    phone = Transferor()
    phone.refers(f"<{HERE}>")
    phone.hangs_up()
    phone.told(486)
    assert phone.progress[-1] == ("SIP/2.0 486 Busy Here", "terminated;reason=noresource")


def test_a_telephone_that_knows_nothing_of_it_any_more_is_told_no_more() -> None:
    phone = Transferor()
    phone.refers(f"<{HERE}>")
    phone.hangs_up()
    phone.says = 481
    phone.told(180)
    phone.told(200)
    assert len(phone.notified) == 2


def test_an_attended_transfer_names_the_call_whose_place_is_taken() -> None:
    phone = Transferor()
    tag = phone.calls("consult@192.0.2.9", from_tag="mine")
    second = phone.last_call()
    named = f"consult%40192.0.2.9%3Bto-tag%3D{tag}%3Bfrom-tag%3Dmine"
    assert phone.refers(f"<{HERE}?Replaces={named}&Require=replaces>") == 202
    assert phone.asked == [TransferAsked(phone.call, "102", second)]


def test_a_transfer_to_a_call_that_is_over_fails_and_says_so() -> None:
    phone = Transferor()
    named = "gone%40192.0.2.9%3Bto-tag%3Da%3Bfrom-tag%3Db"
    assert phone.refers(f"<{HERE}?Replaces={named}>") == 202
    assert phone.asked == []
    assert phone.progress == [
        ("SIP/2.0 481 Call/Transaction Does Not Exist", "terminated;reason=noresource")
    ]


def test_a_call_does_not_take_its_own_place() -> None:
    phone = Transferor()
    named = f"hand%40192.0.2.9%3Bto-tag%3D{phone.tag}%3Bfrom-tag%3Dthem"
    phone.refers(f"<{HERE}?Replaces={named}>")
    assert phone.asked == []


def test_one_transfer_at_a_time() -> None:
    phone = Transferor()
    phone.refers(f"<{HERE}>")
    assert phone.refers("<sip:103@192.0.2.2>") == 491
    phone.told(404)
    assert phone.refers("<sip:103@192.0.2.2>") == 202
    assert [each.target for each in phone.asked] == ["102", "103"]
    assert phone.notified[-1].header("Event") == "refer;id=4"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 400),
        (("Refer-To: <sip:102@192.0.2.2>", "Refer-To: <sip:103@192.0.2.2>"), 400),
        (("Refer-To: 102",), 400),
        (("Refer-To: <sip:102@192.0.2.2?Replaces=only-a-call-id>",), 400),
        (("Refer-To: <mailto:camille@example.com>",), 603),
        (("Refer-To: <sip:102@192.0.2.2;method=BYE>",), 603),
    ],
)
def test_what_is_no_transfer_is_refused(headers: tuple[str, ...], status: int) -> None:
    phone = Transferor()
    assert phone.asks(*headers) == status
    assert phone.asked == phone.notified == []


def test_a_number_may_be_written_as_tel_or_compactly() -> None:
    phone = Transferor()
    assert phone.asks("r: tel:+1-514-555-0123") == 202
    assert phone.asked[0].target == "+15145550123"


def test_a_call_that_is_not_answered_is_not_transferred() -> None:
    phone = Transferor(answered=False)
    assert phone.refers(f"<{HERE}>") == 403


def test_nobody_transfers_calls_from_outside_them() -> None:
    hand = Hand()
    assert hand.status(request("REFER", f"Refer-To: <{HERE}>")) == 403


def test_a_transfer_may_be_asked_about_and_given_up() -> None:
    phone = Transferor()
    phone.refers(f"<{HERE}>")
    assert phone.subscribes("60") == 200
    assert phone.progress[-1] == ("SIP/2.0 100 Trying", "active")
    assert phone.subscribes("0") == 200
    assert phone.progress[-1] == ("SIP/2.0 100 Trying", "terminated;reason=timeout")
    phone.told(200)
    assert len(phone.notified) == 3


def test_a_transfer_that_never_ends_is_told_no_longer_than_telephones_ring() -> None:
    phone = Transferor()
    phone.refers(f"<{HERE}>")
    phone.hears(phone.waits(LONGEST_S + 1))
    assert phone.progress[-1][1] == "terminated;reason=timeout"
    assert phone.refers(f"<{HERE}>") == 202


def test_a_notify_is_sent_again_until_it_is_answered_and_then_the_last_state_is_told() -> None:
    phone = Transferor()
    phone.says = None
    phone.refers(f"<{HERE}>")
    for status in (180, 183, 200):
        phone.told(status)
    phone.hears(phone.waits(2))
    assert {each for each, _ in phone.progress} == {"SIP/2.0 100 Trying"}
    assert len(phone.notified) > 1
    phone.says = 200
    phone.hears(phone.writes(phone.answer(phone.notified[-1])))
    assert phone.progress[-1] == ("SIP/2.0 200 OK", "terminated;reason=noresource")
    assert phone.waits(40) == []


def test_who_is_hung_up_knows_first_how_the_transfer_ended() -> None:
    phone = Transferor()
    phone.says = None
    phone.refers(f"<{HERE}>")
    phone.told(200)
    assert phone.sorted(phone.agent.bye(phone.call, phone.now)) == []
    phone.says = 200
    sent = phone.writes(phone.answer(phone.notified[-1]))
    assert [one.method for one in sent if isinstance(one, Request)] == ["NOTIFY"]
    (bye,) = phone.writes(phone.answer(sent[0]))  # type: ignore[arg-type]
    assert isinstance(bye, Request)
    assert bye.method == "BYE"


def test_a_telephone_that_does_not_answer_is_hung_up_all_the_same() -> None:
    phone = Transferor()
    phone.says = None
    phone.refers(f"<{HERE}>")
    phone.told(200)
    phone.sorted(phone.agent.bye(phone.call, phone.now))
    sent = phone.waits(FAREWELL_S)
    assert [one.method for one in sent if isinstance(one, Request)][-1] == "BYE"
