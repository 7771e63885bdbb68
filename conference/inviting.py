"""Invitations: written when they are due, sent again on demand, and seen before they are sent."""

from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from typing import Protocol

from call.clock import Clock
from conference.arranging import person_named
from conference.codes import Chance
from conference.conference import Conference, Invitee
from conference.errors import BadConference
from conference.invitation import Host, Invitations
from conference.letter import Letter, envelop
from conference.ports import ConferenceBook, MailDue, MailKind, MailQueue


class Hosts(Protocol):
    """Who invites."""

    async def host(self, conference: Conference) -> Host:
        """Whoever arranged a conference. Raises StoreUnavailable."""


class Inviting:
    """What tells people of conferences. All raise StoreUnavailable."""

    def __init__(
        self,
        *,
        book: ConferenceBook,
        invitations: Invitations,
        hosts: Hosts,
        queue: MailQueue,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._book = book
        self._invitations = invitations
        self._hosts = hosts
        self._queue = queue
        self._clock = clock
        self._chance = chance

    async def write(self, due: MailDue) -> Letter | None:
        """The letter that is due, which tells how things stand now; None where there is nothing
        to tell any more.

        An invitation may wait for a server while what it tells is changed, and would come after
        the word of the change.
        """
        if due.kind is not MailKind.CANCELLED:
            conference = await self._book.get(due.conference.id)
            invitee = None if conference is None else _same(conference, due.invitee)
            if conference is None or invitee is None or self._is_over(conference):
                return None
            due = replace(due, conference=conference, invitee=invitee)
        return self._invitations.letter(due, await self._hosts.host(due.conference))

    async def resend(self, conference: Conference, who: str | None) -> tuple[Invitee, ...]:
        """Send the invitation again to somebody, by id, name or address, or to all (None).

        Tells to whom. Raises ConferenceUnknown for nobody, BadConference where there is nothing
        to send, or nowhere.
        """
        if self._is_over(conference):
            raise BadConference(f"room {conference.room}: this conference is over")
        people = conference.invitees if who is None else (person_named(conference, who),)
        reachable = tuple(each for each in people if each.email)
        if not reachable:
            raise BadConference("email: there is no address to send an invitation to")
        await self._queue.add(self._due(conference, reachable))
        return reachable

    async def preview(self, conference: Conference, who: str) -> EmailMessage:
        """The invitation of somebody, as it would go out now. Raises as `resend`."""
        invitee = person_named(conference, who)
        (due,) = self._due(conference, (invitee,))
        letter = self._invitations.letter(due, await self._hosts.host(conference))
        return envelop(letter, due, self._invitations.house.sender)

    def _due(self, conference: Conference, people: Sequence[Invitee]) -> Sequence[MailDue]:
        now = self._clock.now()
        return [
            MailDue(self._chance.token(16).hex(), MailKind.INVITATION, conference, each, now)
            for each in people
        ]

    def _is_over(self, conference: Conference) -> bool:
        return conference.is_over(self._clock.now())


def _same(conference: Conference, invitee: Invitee) -> Invitee | None:
    """Somebody as they are invited now; None where they are not, or by another address: whoever
    reads the one before is not to know their code."""
    for each in conference.invitees:
        if (each.id, each.email) == (invitee.id, invitee.email):
            return each
    return None
