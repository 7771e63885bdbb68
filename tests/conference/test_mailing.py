"""E-mails about conferences reach people: late where a server is away, and never lost."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import Connection, text

from call.errors import Unavailable
from conference.conference import Conference
from conference.errors import BadConference, ConferenceUnknown
from conference.invitation import Host, Invitations
from conference.inviting import Inviting
from conference.letter import Letter
from conference.mailing import HELD, Answer, Mailing, Outcome, Post
from conference.ports import MailDue, MailKind, MailQueue, Undelivered
from storage.errors import StoreUnavailable
from tests.conference.arranged import AVA, CAMILLE, LUC, MARC, ONCE, WEEKLY, Desk, Loaded
from tests.conference.letters import HOST, HOUSE, WORDING

WAIT_S = 30.0


@dataclass
class PostOffice:
    """Takes e-mail, or answers as it is told to."""

    answers: dict[str, Answer] = field(default_factory=dict)
    """By address; by default it takes everything."""
    closed: bool = False
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    tried: int = 0

    async def deliver(self, id: str, to: str, mail: EmailMessage) -> Answer:
        self.tried += 1
        if self.closed:
            raise Unavailable("connection refused")
        answer = self.answers.get(to, Answer(Outcome.TAKEN, "250 queued"))
        if answer.outcome is Outcome.TAKEN:
            self.taken.append((to, mail))
        return answer

    @property
    def readers(self) -> list[str]:
        return sorted(to for to, _ in self.taken)


class OneHost:
    """Everything is arranged by the same person."""

    async def host(self, conference: Conference) -> Host:
        return HOST


def inviting(desk: Desk) -> Inviting:
    return Inviting(
        book=desk.book,
        invitations=Invitations(HOUSE, WORDING),
        hosts=OneHost(),
        queue=desk.queue,
        clock=desk.clock,
        chance=Loaded(9),
    )


def mailing(desk: Desk, post: Post, queue: MailQueue | None = None) -> Mailing:
    write = inviting(desk).write
    return Mailing(
        queue=queue or desk.queue,
        writers={kind: write for kind in MailKind if kind is not MailKind.REPORT},
        post=post,
        clock=desk.clock,
        sender=HOUSE.sender,
    )


async def waiting(desk: Desk, conference: Conference) -> Sequence[Undelivered]:
    return await desk.queue.undelivered(conference.id)


async def test_everybody_with_an_address_is_told_once(desk: Desk) -> None:
    post = PostOffice()
    await desk.conferences.arrange(ONCE, [CAMILLE, MARC, AVA, LUC])
    for _ in range(3):
        await mailing(desk, post).work()
        desk.clock.advance(3600)
    assert post.readers == ["ava@example.com", "camille@example.org", "marc@example.org"]


async def test_each_reads_their_own_language_and_their_own_code(desk: Desk) -> None:
    post = PostOffice()
    made = await desk.conferences.arrange(ONCE, [CAMILLE, AVA])
    await mailing(desk, post).work()
    codes = {each.email: each.code for each in made.conference.invitees}
    mails = dict(post.taken)
    for to, language in (("camille@example.org", "fr"), ("ava@example.com", "en")):
        assert mails[to]["Content-Language"] == language
        body = mails[to].get_body(("plain",))
        assert body is not None
        read = body.get_content()
        assert codes[to] in read
        assert not any(code in read for other, code in codes.items() if other != to)


async def test_a_server_that_is_away_is_asked_again_in_growing_pauses(desk: Desk) -> None:
    post = PostOffice(closed=True)
    made = await desk.conferences.arrange(ONCE, [MARC])
    worker = mailing(desk, post)
    pauses = []
    for _ in range(8):
        await worker.work()
        (late,) = await waiting(desk, made.conference)
        assert late.why == "connection refused"
        assert late.again is not None
        wait = (late.again - desk.clock.now()).total_seconds()
        pauses.append(wait)
        desk.clock.advance(wait)
    assert pauses == sorted(pauses)
    assert pauses[0] == 30
    assert pauses[-1] > 200
    post.closed = False
    await worker.work()
    assert post.readers == ["marc@example.org"]
    assert await waiting(desk, made.conference) == ()


async def test_nothing_is_tried_again_before_its_time(desk: Desk) -> None:
    post = PostOffice(closed=True)
    await desk.conferences.arrange(ONCE, [MARC])
    worker = mailing(desk, post)
    for _ in range(5):
        await worker.work()
    assert post.tried == 1


async def test_an_address_that_is_refused_for_good_is_given_up_at_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    post = PostOffice({MARC.email: Answer(Outcome.REFUSED, "550 5.1.1 no such user")})
    made = await desk.conferences.arrange(ONCE, [CAMILLE, MARC])
    worker = mailing(desk, post)
    await worker.work()
    desk.clock.advance(3600)
    await worker.work()
    assert post.tried == 2
    assert post.readers == ["camille@example.org"]
    (lost,) = await waiting(desk, made.conference)
    assert (lost.invitee.name, lost.again, lost.why) == (
        "Marc Côté", None, "550 5.1.1 no such user",
    )  # fmt: skip
    assert [each.message for each in caplog.records if each.levelno == logging.ERROR] == [
        "conference mail given up"
    ]


async def test_after_two_days_an_e_mail_is_given_up(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    post = PostOffice({MARC.email: Answer(Outcome.LATER, "450 try later")})
    made = await desk.conferences.arrange(WEEKLY, [MARC])
    begun = desk.clock.now()
    worker = mailing(desk, post)
    while True:
        await worker.work()
        (late,) = await waiting(desk, made.conference)
        if late.again is None:
            break
        desk.clock.advance((late.again - desk.clock.now()).total_seconds())
    lasted = desk.clock.now() - begun
    assert timedelta(days=2) <= lasted < timedelta(days=2, hours=1)
    assert post.tried < 80
    assert "conference mail given up" in caplog.text


async def test_one_who_is_slow_to_reach_keeps_nobody_else_waiting(desk: Desk) -> None:
    post = PostOffice({MARC.email: Answer(Outcome.LATER, "450 greylisted")})
    await desk.conferences.arrange(ONCE, [MARC, CAMILLE, AVA])
    await mailing(desk, post).work()
    assert post.readers == ["ava@example.com", "camille@example.org"]


async def test_a_letter_that_cannot_be_written_holds_no_other_up(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    post = PostOffice()
    await desk.conferences.arrange(ONCE, [MARC, CAMILLE])
    write = inviting(desk).write

    async def stumbles(due: MailDue) -> Letter | None:
        if due.invitee.name == "Marc Côté":
            raise ZeroDivisionError
        return await write(due)

    worker = Mailing(
        queue=desk.queue,
        writers={MailKind.INVITATION: stumbles},
        post=post,
        clock=desk.clock,
        sender=HOUSE.sender,
    )
    await worker.work()
    assert post.readers == ["camille@example.org"]
    assert "conference mail not written or sent" in caplog.text


async def test_nobody_is_invited_to_what_is_over(desk: Desk) -> None:
    post = PostOffice(closed=True)
    made = await desk.conferences.arrange(ONCE, [MARC])
    worker = mailing(desk, post)
    await worker.work()
    post.closed = False
    desk.clock.advance(30 * 3600)
    await worker.work()
    assert post.taken == []
    assert await waiting(desk, made.conference) == ()


async def test_an_invitation_that_waited_tells_how_things_stand_when_it_is_sent(
    desk: Desk,
) -> None:
    post = PostOffice(closed=True)
    made = await desk.conferences.arrange(ONCE, [MARC])
    worker = mailing(desk, post)
    await worker.work()
    later = ONCE.starts_at + timedelta(hours=2) if ONCE.starts_at else None
    await desk.conferences.change(made.conference.id, lambda was: replace(was, starts_at=later))
    post.closed = False
    desk.clock.advance(60)
    await worker.work()
    assert [mail["Subject"].partition(",")[2] for _, mail in post.taken] == [
        " mercredi 4 août 2027 à 12 h"
    ] * 2


async def test_who_is_uninvited_before_the_invitation_went_out_reads_no_invitation(
    desk: Desk,
) -> None:
    post = PostOffice(closed=True)
    made = await desk.conferences.arrange(ONCE, [CAMILLE, MARC])
    worker = mailing(desk, post)
    await worker.work()
    await desk.conferences.uninvite(made.conference.id, "Marc Côté")
    post.closed = False
    desk.clock.advance(60)
    await worker.work()
    subjects = [mail["Subject"].partition(" :")[0] for to, mail in post.taken if to == MARC.email]
    assert subjects == ["Conférence annulée"]


async def test_whoever_reads_an_address_that_was_wrong_does_not_learn_the_new_code(
    desk: Desk,
) -> None:
    post = PostOffice(closed=True)
    made = await desk.conferences.arrange(ONCE, [CAMILLE, MARC])
    worker = mailing(desk, post)
    await worker.work()
    right = "marc@example.net"
    await desk.conferences.change_invitee(
        made.conference.id, "Marc Côté", lambda guest: replace(guest, email=right)
    )
    post.closed = False
    desk.clock.advance(60)
    await worker.work()
    assert post.readers == ["camille@example.org", right]


async def test_a_cancellation_is_told_even_late(desk: Desk) -> None:
    post = PostOffice()
    made = await desk.arranged(ONCE, MARC)
    await desk.conferences.remove(made.conference.id)
    desk.clock.advance(40 * 3600)
    await mailing(desk, post).work()
    assert post.taken[0][1]["Subject"].startswith("Conférence annulée : Lancement")


async def test_codes_do_not_stay_in_the_queue_once_they_are_sent(desk: Desk) -> None:
    made = await desk.conferences.arrange(ONCE, [MARC])
    (marc,) = made.conference.invitees
    await mailing(desk, PostOffice()).work()

    def documents(connection: Connection) -> Sequence[str]:
        return [row.document for row in connection.execute(text("select * from conference_mail"))]

    assert not any(marc.code in each for each in await desk.database.view(documents))


async def test_what_was_sent_is_forgotten_after_a_month_and_what_waits_is_not(desk: Desk) -> None:
    post = PostOffice({MARC.email: Answer(Outcome.LATER, "450")})
    made = await desk.conferences.arrange(WEEKLY, [MARC, CAMILLE])
    worker = mailing(desk, post)
    await worker.work()
    desk.clock.advance(31 * 86400)
    await worker.forget()
    (late,) = await waiting(desk, made.conference)
    assert late.again is not None
    assert await _rows(desk) == 1


async def _rows(desk: Desk) -> int:
    counted = text("select count(*) from conference_mail")
    return await desk.database.view(lambda connection: connection.execute(counted).scalar_one())


async def test_an_id_that_is_known_is_not_sent_again(desk: Desk) -> None:
    post = PostOffice()
    made = await desk.arranged(ONCE, MARC)
    (marc,) = made.conference.invitees
    report = MailDue("report-1-m", MailKind.INVITATION, made.conference, marc, desk.clock.now())
    for _ in range(2):
        await desk.queue.add([report, report])
        await mailing(desk, post).work()
    assert len(post.taken) == 1


async def test_it_is_mailed_at_once_when_woken_and_soon_when_another_program_made_it_due(
    desk: Desk,
) -> None:
    post = PostOffice()
    worker = mailing(desk, post)
    running = asyncio.create_task(worker.run())
    await desk.conferences.arrange(ONCE, [MARC])
    worker.wake()
    async with asyncio.timeout(WAIT_S):
        while not post.taken:  # noqa: ASYNC110 what is waited for is outside of any event
            await asyncio.sleep(0)
    worker.stop()
    async with asyncio.timeout(WAIT_S):
        await running


# ---- Sent again, and seen before it is sent.


async def test_an_invitation_is_sent_again_to_one_or_to_all(desk: Desk) -> None:
    post = PostOffice()
    made = await desk.arranged(ONCE, CAMILLE, MARC, LUC)
    again = inviting(desk)
    told = await again.resend(made.conference, "marc côté")
    assert [each.name for each in told] == ["Marc Côté"]
    told = await again.resend(made.conference, None)
    assert [each.name for each in told] == ["Camille Roy", "Marc Côté"]
    await mailing(desk, post).work()
    assert post.readers == ["camille@example.org", "marc@example.org", "marc@example.org"]


async def test_there_is_nothing_to_send_to_nobody_nor_about_what_is_over(desk: Desk) -> None:
    made = await desk.arranged(ONCE, LUC)
    with pytest.raises(BadConference, match="no address"):
        await inviting(desk).resend(made.conference, None)
    with pytest.raises(ConferenceUnknown):
        await inviting(desk).resend(made.conference, "Zoé")
    desk.clock.advance(30 * 3600)
    with pytest.raises(BadConference, match="over"):
        await inviting(desk).resend(made.conference, None)


async def test_a_preview_is_what_would_be_sent_and_sends_nothing(desk: Desk) -> None:
    made = await desk.arranged(ONCE, MARC)
    seen = await inviting(desk).preview(made.conference, "Marc Côté")
    post = PostOffice()
    await mailing(desk, post).work()
    assert post.taken == []
    await inviting(desk).resend(made.conference, None)
    await mailing(desk, post).work()
    sent = post.taken[0][1]
    assert (seen["Subject"], seen.get_body(("plain",)).get_content()) == (  # type: ignore[union-attr]
        sent["Subject"], sent.get_body(("plain",)).get_content(),  # type: ignore[union-attr]
    )  # fmt: skip


# ---- The power goes.


class PowerCut(BaseException):
    """The program is gone, between two steps of its work."""


@dataclass
class Fuse:
    """Blows before or after the n-th thing that is asked of a port."""

    left: int
    after: bool
    blown: bool = False

    async def pass_through(self, work: Callable[[], Awaitable[object]]) -> object:
        if self.blown:
            raise PowerCut
        self.left -= 1
        self.blown = self.left < 0
        if self.blown and not self.after:
            raise PowerCut
        answer = await work()
        if self.blown:
            raise PowerCut
        return answer


class Wired:
    """A port behind a fuse."""

    def __init__(self, port: object, fuse: Fuse) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        asked = getattr(self._port, name)

        async def through(*given: object) -> object:
            return await self._fuse.pass_through(lambda: asked(*given))

        return through


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(9))
async def test_whenever_the_power_goes_each_e_mail_is_there_and_a_copy_is_the_same(
    desk: Desk, step: int, after: bool
) -> None:
    post, fuse = PostOffice(), Fuse(step, after)
    await desk.conferences.arrange(ONCE, [CAMILLE, MARC, AVA])
    dying = mailing(desk, Wired(post, fuse), Wired(desk.queue, fuse))  # type: ignore[arg-type]
    with pytest.raises(PowerCut):
        await dying.work()
    desk.clock.advance(HELD.total_seconds())
    await mailing(desk, post).work()
    copies: dict[str, list[EmailMessage]] = defaultdict(list)
    for to, mail in post.taken:
        copies[to].append(mail)
    assert set(copies) == {"ava@example.com", "camille@example.org", "marc@example.org"}
    for same in copies.values():
        assert len({each["Message-ID"] for each in same}) == 1
        assert len({each["Date"] for each in same}) == 1


async def test_while_one_is_being_sent_no_other_server_sends_it(desk: Desk) -> None:
    now = desk.clock.now()
    await desk.conferences.arrange(ONCE, [MARC])
    assert await desk.queue.next(now, now + HELD) is not None
    assert await desk.queue.next(now, now + HELD) is None
    assert await desk.queue.next(now + HELD, now + 2 * HELD) is not None


class Away:
    """A database that went away."""

    async def next(self, now: datetime, held_until: datetime) -> MailDue | None:
        raise StoreUnavailable("gone")


async def test_a_database_that_is_away_is_told_to_whoever_begins_the_work_again(desk: Desk) -> None:
    with pytest.raises(StoreUnavailable):
        await mailing(desk, PostOffice(), Away()).run()  # type: ignore[arg-type]
