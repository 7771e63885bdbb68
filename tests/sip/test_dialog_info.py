"""What a telephone sees on the key that watches an extension (RFC 4235)."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from call.leg import Party
from telephony.sip.dialog_info import Calls, CallStage, ShownCall, write_dialogs
from telephony.sip.events import Kept, SubscribeReceived, SubscriptionKept
from telephony.sip.message import Request, Response
from telephony.sip.packages import State
from telephony.sip.pidf import Activity, Doing
from telephony.sip.replacing import DialogName
from telephony.sip.subscriptions import LEAP
from telephony.sip.summary import Waiting
from tests.sip.by_hand import Hand, request

RINGING = ShownCall(
    "a1",
    CallStage.EARLY,
    called=True,
    other=Party("5145551234", 'Zoé & "fils" <Côté>'),
    dialog=DialogName("abc@us", "theirs", "ours"),
)
TALKING = replace(RINGING, stage=CallStage.CONFIRMED)
FREE = Calls()
SECOND = ShownCall("b2", CallStage.TRYING, called=False)

NAMESPACE = "{urn:ietf:params:xml:ns:dialog-info}"


class Watcher(Hand):
    """A telephone with a key that watches 101."""

    def __init__(self) -> None:
        super().__init__(lamps=True, presence=True)
        self.notified: list[Request] = []
        self.tag = ""
        self._cseq = 0

    def watches(
        self, state: State | None = FREE, *extra: str, event: str = "dialog", expires: int = 600
    ) -> int | None:
        """Subscribe; the owner answers with `state`."""
        self._cseq += 1
        data = request(
            "SUBSCRIBE", f"Event: {event}", f"Expires: {expires}", *extra,
            uri="sip:101@pbx.example.com", to_tag=self.tag, call_id="key@192.0.2.9",
            cseq=self._cseq, branch=f"z9hG4bKk{self._cseq}",
        )  # fmt: skip
        answers = self.hears(self.writes(data))
        for ask in self.asked:
            self.events.remove(ask)
            answers += self.hears(
                self.sorted(self.agent.subscriptions.grant(ask.ask, state, self.now))
            )
        if answers and answers[-1].status < 300:
            self.tag = answers[-1].recipient.tag
        return answers[-1].status if answers else None

    @property
    def asked(self) -> list[SubscribeReceived]:
        return [one for one in self.events if isinstance(one, SubscribeReceived)]

    def told(self, state: State | None, package: str = "dialog") -> None:
        """The owner tells what 101 does."""
        self.hears(self.sorted(self.agent.subscriptions.tell("101", state, self.now, package)))

    def hears(self, messages: list[Request | Response]) -> list[Response]:
        answers: list[Response] = []
        for message in messages:
            if isinstance(message, Response):
                answers.append(message)
            elif message.method == "NOTIFY":
                self.notified.append(message)
                kept = ("Via", "From", "To", "Call-ID", "CSeq")
                headers = tuple(pair for pair in message.headers if pair[0] in kept)
                answers += self.hears(self.writes(bytes(Response(headers, b"", 200, "OK"))))
        return answers

    @property
    def documents(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """Each NOTIFY: its version, full or partial, and the state of each call in it."""
        return [
            (
                root.get("version", ""),
                root.get("state", ""),
                [
                    (each.get("id", ""), each.findtext(f"{NAMESPACE}state") or "")
                    for each in root.findall(f"{NAMESPACE}dialog")
                ],
            )
            for root in (ElementTree.fromstring(one.body) for one in self.notified)
        ]


def test_a_key_is_told_all_at_first_and_then_what_changes() -> None:
    phone = Watcher()
    assert phone.watches() == 200
    for calls in ((RINGING,), (TALKING,), (TALKING, SECOND), (TALKING,), ()):
        phone.told(Calls(calls))
    assert phone.documents == [
        ("0", "full", []),
        ("1", "partial", [("a1", "early")]),
        ("2", "partial", [("a1", "confirmed")]),
        ("3", "partial", [("b2", "trying")]),
        ("4", "partial", [("b2", "terminated")]),
        ("5", "partial", [("a1", "terminated")]),
    ]
    first = phone.notified[0]
    assert first.header("Content-Type") == "application/dialog-info+xml"
    assert first.header("Event") == "dialog"
    assert (first.header("Subscription-State") or "").startswith("active;expires=600")


def test_what_did_not_change_is_not_told_again() -> None:
    phone = Watcher()
    phone.watches()
    phone.told(Calls((RINGING,)))
    phone.told(Calls((RINGING,)))
    assert len(phone.notified) == 2


def test_who_subscribes_again_is_told_all_again_with_the_next_version() -> None:
    phone = Watcher()
    phone.watches()
    phone.told(Calls((TALKING,)))
    phone.watches(Calls((TALKING,)))
    assert phone.documents[-1] == ("2", "full", [("a1", "confirmed")])


def test_names_and_numbers_are_escaped_and_the_dialog_is_named_from_its_telephone() -> None:
    phone = Watcher()
    phone.watches(Calls((RINGING,)))
    root = ElementTree.fromstring(phone.notified[0].body)
    assert root.get("entity") == "sip:101@pbx.example.com"
    (dialog,) = root
    assert dict(dialog.attrib) == {
        "id": "a1",
        "call-id": "abc@us",
        "local-tag": "theirs",
        "remote-tag": "ours",
        "direction": "recipient",
    }
    remote = dialog.find(f"{NAMESPACE}remote/{NAMESPACE}identity")
    assert remote is not None
    assert remote.get("display") == 'Zoé & "fils" <Côté>'
    assert remote.text == "sip:5145551234@pbx.example.com"


def test_a_caller_who_withheld_the_number_stays_unknown() -> None:
    body = write_dialogs(Calls((replace(RINGING, other=Party("")),)), None, "sip:101@pbx", 0)
    assert b"anonymous.invalid" in body
    nobody = write_dialogs(Calls((replace(RINGING, other=None),)), None, "sip:101@pbx", 0)
    assert b"<remote>" not in nobody


def test_control_characters_in_a_name_do_not_break_the_document() -> None:
    odd = replace(RINGING, other=Party("1\x002", "a\x07b\udcff"))
    body = write_dialogs(Calls((odd,)), None, "sip:101@pbx", 0)
    ElementTree.fromstring(body)


def test_a_telephone_may_watch_calls_and_messages_of_one_extension() -> None:
    phone = Watcher()
    phone.watches()
    phone.tag = ""
    phone.told(Waiting(1, 0), "message-summary")
    assert len(phone.notified) == 1
    assert phone.agent.subscriptions.accounts == set()
    phone.agent.subscriptions.tell("101", None, phone.now)
    phone.told(Calls((RINGING,)))
    assert phone.documents[-1][2] == [("a1", "early")]


def test_an_extension_that_is_no_more_is_told_a_last_time() -> None:
    phone = Watcher()
    phone.watches()
    phone.told(None)
    last = phone.notified[-1]
    assert last.header("Subscription-State") == "terminated;reason=noresource"
    phone.told(Calls((RINGING,)))
    assert phone.notified[-1] is last


@pytest.mark.parametrize(
    ("extra", "event", "expires", "status"),
    [
        ((), "conference", 600, 489),
        (("Accept: application/pidf+xml",), "dialog", 600, 406),
        (("Accept: application/dialog-info+xml",), "dialog;id=7", 600, 200),
        ((), "dialog;include-session-description", 600, 200),
        ((), "dialog", 30, 423),
    ],
)
def test_what_can_be_watched_and_what_not(
    extra: tuple[str, ...], event: str, expires: int, status: int
) -> None:
    phone = Watcher()
    assert phone.watches(Calls(), *extra, event=event, expires=expires) == status
    if status == 489:
        (answer,) = phone.writes(
            request("SUBSCRIBE", "Event: conference", branch="z9hG4bKc", call_id="c@192.0.2.9")
        )
        assert answer.header("Allow-Events") == "message-summary, dialog, presence"
    if status == 200:
        assert phone.notified[0].header("Event") == event.replace(
            ";include-session-description", ""
        )


@pytest.mark.parametrize(
    ("activity", "basic", "busy", "note"),
    [
        (Activity.FREE, "open", False, "Disponible"),
        (Activity.RINGING, "open", True, "On sonne"),
        (Activity.TALKING, "open", True, "En appel"),
        (Activity.AWAY, "closed", False, "Déconnecté"),
    ],
)
def test_a_softphone_is_told_in_a_word_what_somebody_does(
    activity: Activity, basic: str, busy: bool, note: str
) -> None:
    phone = Watcher()
    assert phone.watches(Doing(activity), "Accept: application/pidf+xml", event="presence") == 200
    (notify,) = phone.notified
    assert notify.header("Content-Type") == "application/pidf+xml"
    root = ElementTree.fromstring(notify.body)
    pidf = "{urn:ietf:params:xml:ns:pidf}"
    assert root.get("entity") == "sip:101@pbx.example.com"
    assert root.findtext(f"{pidf}tuple/{pidf}status/{pidf}basic") == basic
    assert root.findtext(f"{pidf}note") == note
    assert (b"on-the-phone" in notify.body) is busy


def test_keys_and_softphones_of_one_extension_are_told_apart() -> None:
    phone = Watcher()
    phone.watches(Doing(Activity.FREE), event="presence")
    phone.told(Calls((RINGING,)))
    assert len(phone.notified) == 1
    phone.told(Doing(Activity.RINGING), "presence")
    assert b"On sonne" in phone.notified[-1].body


def test_after_a_restart_the_key_goes_on_with_a_later_version_and_all_of_it() -> None:
    phone = Watcher()
    phone.watches(Calls((TALKING,)))
    kept = [one for one in phone.events if isinstance(one, SubscriptionKept)][-1]
    anew = Watcher()
    anew.sorted(anew.agent.subscriptions.restore(kept.kept, kept.remaining_s, 0.0))
    anew.told(Calls())
    ((version, state, calls),) = anew.documents
    assert (int(version) >= LEAP, state, calls) == (True, "full", [])


def test_a_subscription_to_something_unheard_of_is_not_taken_up_after_a_restart() -> None:
    phone = Watcher()
    phone.watches()
    kept = [one for one in phone.events if isinstance(one, SubscriptionKept)][-1].kept
    assert isinstance(kept, Kept)
    anew = Watcher()
    anew.sorted(anew.agent.subscriptions.restore(replace(kept, event="weather"), 60.0, 0.0))
    anew.told(Calls())
    assert anew.notified == []
