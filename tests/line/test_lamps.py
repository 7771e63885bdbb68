"""What telephones with a lamp experience of a line: counted, told, kept over a restart."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from call.clock import VirtualClock
from call.errors import Misuse, Unavailable
from ivr.testing import run_in_virtual_time
from telephony.adapters.folder_lamp_book import FolderLampBook, LampBookUnavailable
from telephony.lamps import Lamps
from telephony.sip.events import Kept, Peer, Transport
from telephony.sip.message import Request
from telephony.sip.summary import Waiting
from tests.line.scripted import PHONE, Caller, Scene

SUBSCRIBE = "Event: message-summary\r\n"
DESK = "sip:101@127.0.0.1:5090"


class Office:
    """Mailboxes that are only counts; counting may fail, or take until it is let go on."""

    def __init__(self) -> None:
        self.waiting: dict[str, Waiting] = {"101": Waiting(new=1, old=0)}
        self.counted: list[str] = []
        self.fault: Exception | None = None
        self.stuck: asyncio.Event | None = None

    async def counts(self, account: str) -> Waiting | None:
        self.counted.append(account)
        if self.stuck is not None:
            await self.stuck.wait()
        if self.fault is not None:
            raise self.fault
        return self.waiting.get(account)


class MemoryBook:
    """A book of subscriptions that may be out of reach."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[Kept, datetime]] = {}
        self.away = False
        self.slow: asyncio.Event | None = None

    async def load(self) -> list[tuple[Kept, datetime]]:
        self._reach()
        await asyncio.sleep(0)
        return list(self.pages.values())

    async def save(self, kept: Kept, until: datetime) -> None:
        self._reach()
        if self.slow is not None:
            await self.slow.wait()
        self.pages[kept.subscription] = (kept, until)

    async def remove(self, subscription: str) -> None:
        self._reach()
        self.pages.pop(subscription, None)

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("the disk is away")


class Desk:
    """A line with lamps, the office behind it, and a telephone that answers every NOTIFY."""

    def __init__(self, office: Office | None = None, book: MemoryBook | None = None) -> None:
        self.office = office or Office()
        self.book = book or MemoryBook()
        self.lamps = Lamps(self.office.counts, self.book)
        self.scene = Scene(lamps=self.lamps)
        self.phone = Caller(self.scene, "101")
        self._answered = 0

    async def __aenter__(self) -> "Desk":
        await self.scene.__aenter__()
        await self.settle()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.scene.__aexit__(*exc)

    async def subscribes(self, expires: int = 3600) -> int:
        """Subscribe; the status of the answer."""
        await self.phone.sends("SUBSCRIBE", extra=f"{SUBSCRIBE}Expires: {expires}\r\n")
        await self.settle()
        return self.scene.statuses("SUBSCRIBE")[-1]

    async def changes(self, waiting: Waiting | None, account: str = "101") -> None:
        """The messages of a mailbox change, and the line is told so."""
        if waiting is None:
            del self.office.waiting[account]
        else:
            self.office.waiting[account] = waiting
        self.lamps.lamp_changed(account)
        await self.settle()

    async def settle(self) -> None:
        """Let every task go as far as it can, and the telephone acknowledge what comes."""
        await self.scene.settle()
        while self._answered < len(self.notified):
            self.answer(self.notified[self._answered])
            await self.scene.settle()

    def answer(self, notify: Request, status: int = 200) -> None:
        """Answer a NOTIFY from where it was sent."""
        (hop,) = [to for to, message in self.scene.wire.sent if message is notify]
        self._answered += 1
        kept = [
            f"{name}: {value}\r\n"
            for name, value in notify.headers
            if name in ("Via", "From", "To", "Call-ID", "CSeq")
        ]
        text = f"SIP/2.0 {status} OK\r\n{''.join(kept)}Content-Length: 0\r\n\r\n"
        self.scene.wire.receive(text.encode(), hop)

    @property
    def notified(self) -> list[Request]:
        return self.scene.requests("NOTIFY")

    @property
    def lit(self) -> list[bool]:
        """What each NOTIFY said of the lamp, in order."""
        return [b"Messages-Waiting: yes" in notify.body for notify in self.notified]


async def test_the_lamp_goes_on_with_a_message_and_off_when_it_was_heard() -> None:
    async with Desk() as desk:
        desk.office.waiting["101"] = Waiting(new=0, old=0)
        assert await desk.subscribes() == 200
        await desk.changes(Waiting(new=1, old=0))
        await desk.changes(Waiting(new=0, old=1))
        assert desk.lit == [False, True, False]


async def test_a_mailbox_that_does_not_exist_has_no_lamp() -> None:
    async with Desk() as desk:
        desk.office.waiting.clear()
        assert await desk.subscribes() == 404
        assert desk.notified == []


async def test_a_stranger_is_told_nothing_of_the_messages() -> None:
    async with Desk() as desk:
        stranger = Peer(Transport.UDP, "203.0.113.9", 5060)
        await desk.phone.sends("SUBSCRIBE", extra=SUBSCRIBE, source=stranger)
        assert desk.scene.statuses("SUBSCRIBE") == [403]
        assert desk.office.counted == []


async def test_a_line_without_lamps_takes_no_subscription() -> None:
    async with Scene() as scene:
        await Caller(scene, "101").sends("SUBSCRIBE", extra=SUBSCRIBE)
        assert scene.statuses("SUBSCRIBE") == [489]


async def test_a_burst_of_changes_is_counted_once() -> None:
    async with Desk() as desk:
        await desk.subscribes()
        before = len(desk.office.counted)
        desk.office.waiting["101"] = Waiting(new=9, old=9)
        for _ in range(50):
            desk.lamps.lamp_changed("101")
        await desk.settle()
        assert len(desk.office.counted) == before + 1
        assert b"Voice-Message: 9/9" in desk.notified[-1].body


async def test_a_change_during_the_count_is_counted_again() -> None:
    async with Desk() as desk:
        await desk.subscribes()
        desk.office.stuck = asyncio.Event()
        await desk.changes(Waiting(new=2, old=0))
        counted = len(desk.office.counted)
        await desk.changes(Waiting(new=3, old=0))
        assert len(desk.office.counted) == counted
        desk.office.stuck.set()
        await desk.settle()
        assert len(desk.office.counted) == counted + 1
        assert b"Voice-Message: 3/0" in desk.notified[-1].body


async def test_without_the_database_lamps_stay_and_newcomers_come_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Desk() as desk:
        await desk.subscribes()
        desk.office.fault = Unavailable("the database is away")
        await desk.changes(Waiting(new=0, old=1))
        newcomer = Caller(desk.scene, "101", name="b")
        await newcomer.sends("SUBSCRIBE", extra=SUBSCRIBE)
        await desk.settle()
        assert desk.scene.statuses("SUBSCRIBE")[-1] == 503
        assert desk.scene.response(503).header("Retry-After") == "30"
        assert desk.lit == [True]
        told = [record.getMessage() for record in caplog.records]
        assert told.count("lamps put off") == 1
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_without_the_database_a_refresh_is_granted_on_what_was_known() -> None:
    async with Desk() as desk:
        await desk.subscribes()
        desk.phone.tagged("SUBSCRIBE")
        desk.office.fault = Unavailable("the database is away")
        assert await desk.subscribes() == 200
        assert desk.lit == [True, True]


async def test_each_outage_is_logged_once_and_its_end_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with Desk() as desk:
        for _ in range(2):
            desk.office.fault = Unavailable("the database is away")
            for _ in range(3):
                await desk.changes(Waiting(new=0, old=1))
            desk.office.fault = None
            await desk.changes(Waiting(new=1, old=0))
    told = [record.getMessage() for record in caplog.records if "lamps" in record.getMessage()]
    assert told == ["lamps put off", "lamps go on"] * 2


async def test_when_the_line_is_closed_nothing_of_the_lamps_is_left() -> None:
    async with Desk() as desk:
        await desk.subscribes()
    assert "message lamps" not in {task.get_name() for task in asyncio.all_tasks()}
    told = len(desk.notified)
    desk.lamps.lamp_changed("101")
    await desk.settle()
    assert len(desk.notified) == told


async def test_a_fault_of_ours_in_counting_is_logged_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Desk() as desk:
        await desk.subscribes()
        desk.office.fault = ValueError("a bug")
        await desk.changes(Waiting(new=0, old=1))
        desk.office.fault = None
        await desk.changes(Waiting(new=0, old=2))
        assert desk.lit == [True, False]
    assert "lamps failed" in [record.getMessage() for record in caplog.records]


def test_what_could_not_be_counted_is_counted_when_the_database_is_back() -> None:
    async def day(_: VirtualClock) -> None:
        async with Desk() as desk:
            await desk.subscribes()
            desk.office.fault = Unavailable("the database is away")
            await desk.changes(Waiting(new=0, old=1))
            await asyncio.sleep(20)
            desk.office.fault = None
            await asyncio.sleep(6)
            await desk.settle()
            assert desk.lit == [True, False]

    run_in_virtual_time(day)


def test_a_count_that_takes_too_long_is_given_up_and_tried_again() -> None:
    async def day(_: VirtualClock) -> None:
        async with Desk() as desk:
            desk.office.stuck = asyncio.Event()
            await desk.phone.sends("SUBSCRIBE", extra=SUBSCRIBE)
            await asyncio.sleep(6)
            assert desk.scene.statuses("SUBSCRIBE") == [503]

    run_in_virtual_time(day)


def test_a_change_made_by_another_program_is_seen_within_a_minute() -> None:
    async def day(_: VirtualClock) -> None:
        async with Desk() as desk:
            await desk.subscribes()
            desk.office.waiting["101"] = Waiting(new=0, old=0)
            await asyncio.sleep(61)
            await desk.settle()
            assert desk.lit == [True, False]
            await asyncio.sleep(600)
            await desk.settle()
            assert desk.lit == [True, False]

    run_in_virtual_time(day)


# Telephones that never ask


async def test_a_configured_telephone_is_told_at_the_start_and_of_every_change() -> None:
    desk = Desk()
    desk.lamps.announce("101", DESK)
    async with desk:
        await desk.changes(Waiting(new=0, old=1))
        assert desk.lit == [True, False]
        first = desk.notified[0]
        assert first.uri == DESK
        assert first.header("Event") == "message-summary"
        assert first.header("Subscription-State") == "active"
        assert first.recipient.tag == ""
        assert b"Message-Account: sip:101@192.0.2.1\r\n" in first.body
        assert desk.scene.wire.sent[0][0] == Peer(Transport.UDP, "127.0.0.1", 5090)


async def test_a_telephone_configured_while_the_line_is_open_is_told_at_once() -> None:
    async with Desk() as desk:
        desk.lamps.announce("101", DESK)
        await desk.settle()
        assert desk.lit == [True]


async def test_a_configured_telephone_elsewhere_is_heard_though_it_may_not_call() -> None:
    desk = Desk()
    desk.lamps.announce("101", "sip:101@203.0.113.9:5060")
    async with desk:
        for new in range(2, 10):
            await desk.changes(Waiting(new=new, old=0))
        desk.scene.wire.advance(600)
        assert len(desk.notified) == 9


async def test_each_configured_telephone_is_told_of_its_own_mailbox_and_once() -> None:
    desk = Desk()
    desk.office.waiting["102"] = Waiting(new=0, old=0)
    desk.lamps.announce("101", DESK)
    desk.lamps.announce("101", DESK)
    desk.lamps.announce("102", "sip:102@127.0.0.1:5092")
    async with desk:
        assert sorted(desk.lit) == [False, True]
        await desk.changes(Waiting(new=1, old=0), account="102")
        assert len(desk.notified) == 3
        desk.lamps.announce("101", DESK)
        await desk.settle()
        assert len(desk.notified) == 3
        assert desk.notified[-1].uri == "sip:102@127.0.0.1:5092"


async def test_a_configured_telephone_that_was_off_is_told_when_it_is_back() -> None:
    desk = Desk()
    desk.lamps.announce("101", DESK)
    await desk.scene.__aenter__()
    await desk.scene.settle()
    desk.scene.wire.advance(33)
    unheard = len(desk.notified)
    assert unheard > 1
    desk.scene.wire.advance(120)
    assert len(desk.notified) > unheard
    assert desk.notified[-1].call_id != desk.notified[0].call_id
    desk._answered = len(desk.notified) - 1
    await desk.settle()
    told = len(desk.notified)
    desk.scene.wire.advance(600)
    assert len(desk.notified) == told
    await desk.scene.__aexit__()


async def test_a_configured_telephone_that_wants_no_lamp_is_asked_again_at_a_change_only() -> None:
    desk = Desk()
    desk.lamps.announce("101", DESK)
    await desk.scene.__aenter__()
    await desk.scene.settle()
    desk.answer(desk.notified[-1], 489)
    desk.scene.wire.advance(3600)
    assert len(desk.notified) == 1
    await desk.changes(Waiting(new=0, old=1))
    assert len(desk.notified) == 2
    await desk.scene.__aexit__()


@pytest.mark.parametrize(
    "uri",
    [
        "sip:101@phone.example.com", "tel:101", "101", "sips:101@127.0.0.1", "sip:a@b@c",
        "sip:101@127.0.0.1?Subject=lamp",
    ],
)  # fmt: skip
def test_a_telephone_that_cannot_be_reached_by_address_is_refused_at_once(uri: str) -> None:
    with pytest.raises(Misuse, match="SIP URI of an IP address"):
        Desk().lamps.announce("101", uri)


# Restarts


async def test_after_a_restart_the_lamp_shows_what_is_true_by_then() -> None:
    first = Desk()
    async with first:
        await first.subscribes()
        before = first.notified[-1]
    assert len(first.book.pages) == 1
    second = Desk(first.office, first.book)
    second.office.waiting["101"] = Waiting(new=0, old=1)
    async with second:
        assert second.lit == [False]
        after = second.notified[-1]
        assert after.call_id == before.call_id
        assert after.cseq[0] > before.cseq[0]
        assert second.scene.wire.sent[0][0] == PHONE


async def test_a_refresh_that_comes_as_the_line_opens_finds_its_subscription() -> None:
    first = Desk()
    async with first:
        await first.subscribes()
        first.phone.tagged("SUBSCRIBE")
    second = Desk(first.office, first.book)
    second.phone = first.phone.at(second.scene)
    knocks = second.phone.sends("SUBSCRIBE", extra=SUBSCRIBE)
    second.scene.wire.attached = lambda: asyncio.ensure_future(knocks)
    async with second:
        assert second.scene.statuses("SUBSCRIBE") == [200]


async def test_a_telephone_that_unsubscribed_is_not_told_after_a_restart() -> None:
    first = Desk()
    async with first:
        await first.subscribes()
        first.phone.tagged("SUBSCRIBE")
        assert await first.subscribes(expires=0) == 200
    assert first.book.pages == {}


async def test_a_subscription_that_ended_meanwhile_is_struck_out() -> None:
    book = MemoryBook()
    async with Desk(book=book) as first:
        await first.subscribes(expires=60)
    ((name, (kept, until)),) = book.pages.items()
    book.pages[name] = (kept, until - timedelta(seconds=120))
    async with Desk(book=book) as second:
        assert second.notified == []
    assert book.pages == {}


async def test_a_book_out_of_reach_ends_neither_the_line_nor_the_lamps(
    caplog: pytest.LogCaptureFixture,
) -> None:
    book = MemoryBook()
    book.away = True
    async with Desk(book=book) as desk:
        assert await desk.subscribes() == 200
        await desk.changes(Waiting(new=0, old=1))
        assert desk.lit == [True, False]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_what_could_not_be_written_down_is_written_when_the_book_is_back() -> None:
    async def day(_: VirtualClock) -> None:
        async with Desk() as desk:
            desk.book.away = True
            await desk.subscribes()
            desk.book.away = False
            await asyncio.sleep(6)
            assert len(desk.book.pages) == 1

    run_in_virtual_time(day)


async def test_what_is_still_to_be_written_down_is_when_the_line_closes() -> None:
    book = MemoryBook()
    async with Desk(book=book) as desk:
        book.away = True
        await desk.subscribes()
        assert book.pages == {}
        book.away = False
    assert len(book.pages) == 1


async def test_numbers_that_a_restart_leapt_to_are_written_down_before_anything_is_told() -> None:
    book = MemoryBook()
    async with Desk(book=book) as first:
        await first.subscribes()
        ((before, _),) = book.pages.values()
    second = Desk(book=book)
    second.office.stuck = asyncio.Event()
    async with second:
        ((after, _),) = book.pages.values()
        assert second.notified == []
        assert after.local_seq > before.local_seq


async def test_a_subscription_that_ends_while_it_is_written_down_is_struck_out() -> None:
    book = MemoryBook()
    async with Desk(book=book) as desk:
        book.slow = asyncio.Event()
        await desk.subscribes(expires=60)
        desk.scene.wire.advance(61)
        assert book.pages == {}
        book.slow.set()
        await desk.settle()
        assert book.pages == {}


# The book in a folder

NOON = VirtualClock().now()


def kept(subscription: str = "abc1", cseq: int = 7) -> Kept:
    return Kept(
        subscription=subscription,
        account="101",
        account_uri="sip:101@pbx.example.com",
        event="message-summary",
        call_id="a@b",
        local="<sip:101@pbx.example.com>",
        local_tag="us",
        remote='"Aimée" <sip:101@127.0.0.1>',
        remote_tag="them",
        target="sip:101@127.0.0.1:5070",
        route=("<sip:127.0.0.2;lr>",),
        via_peer=PHONE,
        local_seq=cseq,
        remote_seq=None,
    )


async def test_a_folder_gives_back_what_was_written_in_it(tmp_path: Path) -> None:
    book = FolderLampBook(tmp_path / "lamps")
    assert list(await book.load()) == []
    await book.save(kept(cseq=1), NOON)
    await book.save(kept(cseq=8), NOON)
    await book.save(kept("def2"), NOON)
    assert list(await book.load()) == [(kept(cseq=8), NOON), (kept("def2"), NOON)]
    await book.remove("def2")
    await book.remove("def2")
    assert list(await FolderLampBook(tmp_path / "lamps").load()) == [(kept(cseq=8), NOON)]


@pytest.mark.parametrize(
    "damage", [lambda octets: octets[:40], lambda octets: b"", lambda octets: b'{"until": 1}']
)
async def test_a_damaged_page_is_passed_over(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    book = FolderLampBook(tmp_path)
    await book.save(kept("abc1"), NOON)
    await book.save(kept("def2"), NOON)
    page = tmp_path / "abc1.json"
    page.write_bytes(damage(page.read_bytes()))
    (tmp_path / "ghi3.part").write_bytes(b"half a page")
    assert list(await book.load()) == [(kept("def2"), NOON)]


async def test_a_folder_that_cannot_be_used_is_told_as_unavailable(tmp_path: Path) -> None:
    (tmp_path / "lamps").write_text("not a folder")
    book = FolderLampBook(tmp_path / "lamps")
    with pytest.raises(LampBookUnavailable):
        await book.save(kept(), NOON)
    with pytest.raises(LampBookUnavailable):
        await book.remove("abc1")
    with pytest.raises(LampBookUnavailable):
        await FolderLampBook(tmp_path).save(kept("../abc"), NOON)
