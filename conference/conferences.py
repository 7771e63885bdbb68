"""Conferences as they are arranged: made, changed and called off; who is invited, and who is told.

Whoever has an e-mail address is told of what concerns them, by an e-mail that is due in the same
transaction: a change that is not kept tells nobody, and one that is kept is not forgotten.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from call.clock import Clock
from conference.arranging import (
    Draft,
    Guest,
    check,
    check_start,
    draft_of,
    drafted,
    invited,
    person_named,
)
from conference.codes import ROOMS, Chance, codes_of, draw_code, draw_room
from conference.conference import Conference, GenericCode, Invitee, Kind, Role
from conference.errors import BadConference, ConferenceUnknown, RoomTaken
from conference.ports import Changed, ConferenceBook, MailDue, MailKind

log = logging.getLogger(__name__)

_ROOM_DRAWS = 20
"""So often a room is drawn anew that somebody else took in the same instant."""

_ID_OCTETS = 16


@dataclass(frozen=True, slots=True)
class Arranged:
    """A conference after a change, and whom the change concerns."""

    conference: Conference
    concerned: tuple[Invitee, ...] = ()

    @property
    def told(self) -> tuple[Invitee, ...]:
        """Who is told of it by e-mail."""
        return tuple(each for each in self.concerned if each.email)

    @property
    def untold(self) -> tuple[Invitee, ...]:
        """Who has no address, and is to be told by other means."""
        return tuple(each for each in self.concerned if not each.email)


@dataclass(frozen=True, slots=True)
class _News:
    """What becomes of a conference, and what this is to whom."""

    conference: Conference
    kind: MailKind = MailKind.CHANGED
    people: tuple[Invitee, ...] = ()


class Conferences:
    """Every conference of the company, as those who arrange them see it.

    All raise StoreUnavailable; what names a conference by its id raises ConferenceUnknown.
    """

    def __init__(self, book: ConferenceBook, clock: Clock, chance: Chance) -> None:
        self._book = book
        self._clock = clock
        self._chance = chance

    # ---- Which there are

    async def all(self) -> Sequence[Conference]:
        """Every one by room, those that are over too."""
        return await self._book.all()

    async def active(self) -> Sequence[Conference]:
        """Those that are not over. « Conférences actives »"""
        return [each for each in await self._book.all() if not self._is_over(each)]

    async def find(self, room: str) -> Conference:
        """The one that has a room, had it last, or has this id. Raises ConferenceUnknown."""
        found = await self._book.in_room(room) or await self._book.get(room)
        if found is None:
            raise ConferenceUnknown(f"no conference has room {room}")
        return found

    # ---- Made, changed, called off

    async def arrange(
        self, draft: Draft, guests: Sequence[Guest] = (), generic: Collection[Role] = ()
    ) -> Arranged:
        """Make one; its people are told. `generic` are the roles that get a code for anybody.

        Raises BadConference with everything that is wrong, and RoomTaken.
        """
        for _ in range(_ROOM_DRAWS):
            room = draft.room or draw_room(await self._rooms_held(), self._chance)
            blank = Conference(self._token(), room, draft.title)
            made = self._made(drafted(draft, blank), guests, generic)
            try:
                return await self._keep(made)
            except RoomTaken:
                if draft.room:
                    raise
        raise BadConference("room: no free one was found; name one")

    async def change(self, id: str, edit: Callable[[Draft], Draft]) -> Arranged:
        """Change what was asked for: `edit` is given how it stands. Its kind stays.

        Its people are told where what they were told is not true any more. Raises BadConference
        with everything that is wrong, and RoomTaken.
        """

        def changed(before: Conference) -> _News:
            after = self._linked(drafted(edit(draft_of(before)), before))
            if after.kind is not before.kind:
                raise BadConference("kind: it stays what it is; arrange another conference")
            check(after)
            if after.starts_at != before.starts_at:
                check_start(after, self._clock.now())
            if _told_of(after) == _told_of(before):
                return _News(after)
            after = replace(after, sequence=before.sequence + 1)
            return _News(after, MailKind.CHANGED, after.invitees)

        return await self._change(id, changed)

    async def remove(self, id: str) -> Arranged:
        """Take one away, and call it off where it was still to come. Its history stays."""
        called_off: list[_News] = []

        def away(before: Conference | None) -> Changed:
            there = _there(before, id)
            people = () if self._is_over(there) else there.invitees
            after = replace(there, sequence=there.sequence + 1)
            called_off.append(_News(after, MailKind.CANCELLED, people))
            return Changed(None, self._mail(called_off[-1]))

        await self._book.change(id, away, self._clock.now())
        news = called_off[-1]
        log.info("conference removed", extra={"conference": id, "room": news.conference.room})
        return Arranged(news.conference, news.people)

    async def end(self, id: str) -> Conference:
        """Close one of single use for good, before its time; nothing more for one that is over.

        Raises BadConference for a permanent one, which has no end.
        """

        def ended(before: Conference | None) -> Changed:
            there = _there(before, id)
            if there.kind is Kind.PERMANENT:
                raise BadConference("kind: a permanent conference is always open; remove it")
            over = self._is_over(there)
            return Changed(there if over else replace(there, ended_at=self._clock.now()))

        return _there(await self._book.change(id, ended, self._clock.now()), id)

    async def forget(self, kept: timedelta) -> None:
        """Forget those that were over so long ago, with their people and codes."""
        before = self._clock.now() - kept

        def without_old(there: Conference | None) -> Changed:
            return Changed(None if there is None or there.is_over(before) else there)

        for each in await self._book.all():
            if each.is_over(before):
                await self._book.change(each.id, without_old, self._clock.now())

    # ---- Who is invited

    async def invite(self, id: str, guests: Sequence[Guest]) -> Arranged:
        """Invite more people, each with a code of their own. Raises BadConference."""

        def with_more(before: Conference) -> _News:
            after, fresh = invited(before, guests, self._chance)
            check(after)
            return _News(after, MailKind.INVITATION, fresh)

        return await self._change(id, with_more)

    async def change_invitee(self, id: str, who: str, edit: Callable[[Guest], Guest]) -> Arranged:
        """Change the name, address, role or language of somebody: an id, a name or an address.

        Another address gets another code, since the one before was sent to somebody else. Raises
        BadConference, and ConferenceUnknown for nobody.
        """

        def edited(before: Conference) -> _News:
            old = person_named(before, who)
            guest = edit(Guest(old.name, old.email, old.role, old.language))
            new = replace(
                old,
                name=guest.name.strip(),
                email=guest.email.strip(),
                role=guest.role,
                language=guest.language,
            )
            if old.email not in ("", new.email):
                new = replace(new, code=draw_code(codes_of(before), self._chance))
            after = _with_invitee(before, new)
            check(after)
            kind = _kind_of_news(old, new)
            return _News(after) if kind is None else _News(after, kind, (new,))

        return await self._change(id, edited)

    async def uninvite(self, id: str, who: str) -> Arranged:
        """Take somebody's code away, and tell them. Raises ConferenceUnknown, BadConference."""

        def without(before: Conference) -> _News:
            gone = person_named(before, who)
            left = tuple(each for each in before.invitees if each.id != gone.id)
            after = replace(before, invitees=left, sequence=before.sequence + 1)
            _check_door(before, after)
            return _News(after, MailKind.CANCELLED, (gone,))

        return await self._change(id, without)

    # ---- Codes

    async def renew_code(self, id: str, who: str) -> Arranged:
        """Give somebody another code, and tell them. Raises ConferenceUnknown, BadConference."""

        def renewed(before: Conference) -> _News:
            code = draw_code(codes_of(before), self._chance)
            new = replace(person_named(before, who), code=code)
            after = _with_invitee(before, new)
            return _News(after, MailKind.CHANGED, (new,))

        return await self._change(id, renewed)

    async def set_generic_codes(self, id: str, roles: Collection[Role]) -> Arranged:
        """Have a code for anybody in these roles, and in no other; one that is there stays."""

        def with_codes(before: Conference) -> _News:
            after = self._with_generic(before, roles)
            _check_door(before, after)
            return _News(after)

        return await self._change(id, with_codes)

    async def renew_generic_codes(self, id: str) -> Arranged:
        """Draw the codes for anybody anew: those who know the old ones do not come in by them."""

        def renewed(before: Conference) -> _News:
            roles = [each.role for each in before.generic_codes]
            return _News(self._with_generic(replace(before, generic_codes=()), roles, before))

        return await self._change(id, renewed)

    # ---- What these have in common

    def _made(
        self, conference: Conference, guests: Sequence[Guest], generic: Collection[Role]
    ) -> Conference:
        conference, _ = invited(conference, guests, self._chance)
        conference = self._linked(self._with_generic(conference, generic))
        check(conference)
        check_start(conference, self._clock.now())
        return conference

    async def _keep(self, made: Conference) -> Arranged:
        news = _News(made, MailKind.INVITATION, made.invitees)
        changed = Changed(made, self._mail(news))
        await self._book.change(made.id, lambda _: changed, self._clock.now())
        log.info("conference arranged", extra={"conference": made.id, "room": made.room})
        return Arranged(made, made.invitees)

    async def _change(self, id: str, work: Callable[[Conference], _News]) -> Arranged:
        """Change one that is not over, in a transaction."""
        done: list[_News] = []

        def whole(before: Conference | None) -> Changed:
            there = _there(before, id)
            if self._is_over(there):
                raise BadConference(f"room {there.room}: this conference is over")
            done.append(work(there))
            return Changed(done[-1].conference, self._mail(done[-1]))

        await self._book.change(id, whole, self._clock.now())
        news = done[-1]
        log.info("conference changed", extra={"conference": id, "room": news.conference.room})
        return Arranged(news.conference, news.people)

    async def _rooms_held(self) -> Collection[str]:
        """Rooms that are not given away: as long as there are others, those that somebody had."""
        there = await self._book.all()
        had = {each.room for each in there}
        return had if len(had) < ROOMS else {each.room for each in there if not self._is_over(each)}

    def _with_generic(
        self, conference: Conference, roles: Collection[Role], unlike: Conference | None = None
    ) -> Conference:
        kept = {each.role: each for each in conference.generic_codes}
        taken = set(codes_of(conference)) | set(codes_of(unlike) if unlike is not None else ())
        codes: list[GenericCode] = []
        for role in Role:
            if role in roles:
                code = kept.get(role) or GenericCode(role, draw_code(taken, self._chance))
                taken.add(code.code)
                codes.append(code)
        return replace(conference, generic_codes=tuple(codes))

    def _linked(self, conference: Conference) -> Conference:
        """A link to listen by as long as it is streamed: another one after each pause."""
        if not conference.options.streamed:
            return replace(conference, link="")
        return conference if conference.link else replace(conference, link=self._token())

    def _mail(self, news: _News) -> tuple[MailDue, ...]:
        now = self._clock.now()
        return tuple(
            MailDue(self._token(), news.kind, news.conference, each, now)
            for each in news.people
            if each.email
        )

    def _token(self) -> str:
        return self._chance.token(_ID_OCTETS).hex()

    def _is_over(self, conference: Conference) -> bool:
        return conference.is_over(self._clock.now())


def _there(conference: Conference | None, id: str) -> Conference:
    if conference is None:
        raise ConferenceUnknown(id)
    return conference


def _with_invitee(conference: Conference, new: Invitee) -> Conference:
    people = tuple(new if each.id == new.id else each for each in conference.invitees)
    return replace(conference, invitees=people)


def _told_of(conference: Conference) -> tuple[object, ...]:
    """What an invitation tells."""
    return (
        conference.title,
        conference.room,
        conference.zone if conference.kind is Kind.SINGLE_USE else "",
        conference.starts_at,
        conference.planned,
        conference.link,
    )


def _kind_of_news(old: Invitee, new: Invitee) -> MailKind | None:
    """What somebody is told who is invited otherwise than before."""
    if (old.email, old.language) != (new.email, new.language):
        return MailKind.INVITATION
    return None if old.role is new.role else MailKind.CHANGED


def _check_door(before: Conference, after: Conference) -> None:
    """Raises BadConference where the last code would go: everybody would be let in."""
    if before.needs_code and not after.needs_code:
        raise BadConference("codes: without this one everybody would be let in; keep a code")
