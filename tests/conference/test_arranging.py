"""Arranging conferences: what is refused and why, which codes there are, who is told of what."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conference.arranging import Draft, Guest, is_address, person_named, read_guest
from conference.codes import codes_of, is_guessable
from conference.conference import Kind, Options, Role
from conference.conferences import Conferences
from conference.errors import BadConference, ConferenceUnknown, RoomTaken
from conference.ports import MailKind
from tests.conference.arranged import (
    AVA,
    CAMILLE,
    LUC,
    MARC,
    ONCE,
    TOMORROW,
    TUESDAY,
    WEEKLY,
    Desk,
    Loaded,
)

INVITATION, CHANGED, CANCELLED = MailKind.INVITATION, MailKind.CHANGED, MailKind.CANCELLED
EVERYBODY = [(INVITATION, "Ava Reed"), (INVITATION, "Camille Roy"), (INVITATION, "Marc Côté")]


# ---- Made


async def test_a_conference_gets_a_room_and_each_person_a_code_of_their_own(desk: Desk) -> None:
    made = await desk.conferences.arrange(WEEKLY, (CAMILLE, MARC, LUC), tuple(Role))
    conference = made.conference
    assert await desk.conferences.find(conference.room) == conference
    assert len(codes_of(conference)) == 5
    assert not any(map(is_guessable, codes_of(conference)))
    assert [each.role for each in conference.generic_codes] == list(Role)


async def test_everybody_with_an_address_is_invited_and_nobody_else(desk: Desk) -> None:
    made = await desk.conferences.arrange(ONCE, (CAMILLE, MARC, AVA, LUC))
    assert await desk.told() == EVERYBODY
    assert [each.name for each in made.told] == ["Camille Roy", "Marc Côté", "Ava Reed"]


async def test_the_invitation_has_the_code_that_opens_the_door(desk: Desk) -> None:
    made = await desk.conferences.arrange(WEEKLY, (MARC,))
    (mail,) = await desk.mail()
    assert mail.invitee == made.conference.invitees[0]
    assert mail.conference == made.conference
    assert mail.created == desk.clock.now()


async def test_two_of_one_name_are_two_people(desk: Desk) -> None:
    made = await desk.conferences.arrange(WEEKLY, (MARC, replace(MARC, email="m2@example.org")))
    assert len({each.id for each in made.conference.invitees}) == 2
    assert len(codes_of(made.conference)) == 2


async def test_a_room_that_was_asked_for_is_given(desk: Desk) -> None:
    made = await desk.conferences.arrange(replace(WEEKLY, room="4321"))
    assert made.conference.room == "4321"


async def test_a_code_that_anybody_would_try_is_never_given(desk: Desk) -> None:
    first_tries = (1111 - 1000, 1234 - 1000, 4321 - 1000, 2525 - 1000, 5083 - 1000)
    conferences = Conferences(desk.book, desk.clock, Loaded(0, *first_tries))
    made = await conferences.arrange(replace(WEEKLY, room="7007"), (MARC,))
    assert made.conference.invitees[0].code == "5083"


async def test_two_who_arrange_at_once_never_get_the_same_room(desk: Desk) -> None:
    several = [
        Conferences(desk.book, desk.clock, Loaded(at, 42, 42, 42, 4000 + at)) for at in range(4)
    ]
    made = await asyncio.gather(*(each.arrange(WEEKLY) for each in several))
    assert len({each.conference.room for each in made}) == 4


async def test_two_who_ask_for_one_room_at_once_do_not_both_get_it(desk: Desk) -> None:
    wanted = replace(WEEKLY, room="4321")
    ends = await asyncio.gather(
        *(desk.conferences.arrange(wanted, (MARC,)) for _ in range(2)), return_exceptions=True
    )
    assert [type(end) for end in ends if isinstance(end, Exception)] == [RoomTaken]
    assert len(await desk.conferences.all()) == 1
    assert await desk.told() == [(INVITATION, "Marc Côté")]


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(WEEKLY, title="  "), "title"),
        (replace(WEEKLY, title="x" * 81), "title"),
        (replace(WEEKLY, title="two\nlines"), "title"),
        (replace(WEEKLY, language="de"), "language"),
        (replace(WEEKLY, zone="America/Laval"), "zone"),
        (replace(WEEKLY, room="123"), "room"),
        (replace(WEEKLY, room="0123"), "room"),
        (replace(WEEKLY, room="١٢٣٤"), "room"),
        (replace(WEEKLY, starts_at=TOMORROW), "start"),
        (replace(WEEKLY, options=Options(streamed=True)), "stream"),
        (replace(ONCE, starts_at=None), "start"),
        (replace(ONCE, starts_at=TUESDAY - timedelta(minutes=1)), "start"),
        (replace(ONCE, starts_at=datetime(2072, 8, 4, tzinfo=UTC)), "start"),
        (replace(ONCE, planned=timedelta(hours=3, minutes=1)), "length"),
        (replace(ONCE, planned=timedelta(minutes=-5)), "length"),
    ],
)
async def test_what_cannot_be_arranged_is_refused_by_the_name_of_its_field(
    desk: Desk, draft: Draft, field: str
) -> None:
    with pytest.raises(BadConference, match=f"^{field}: "):
        await desk.conferences.arrange(draft, (MARC,))
    assert await desk.conferences.all() == ()
    assert await desk.mail() == []


async def test_everything_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    wrong = (Guest("", "nobody"), Guest("x", "a@b", language="de"))
    with pytest.raises(BadConference) as refused:
        await desk.conferences.arrange(replace(WEEKLY, title=""), wrong)
    for part in ("title: ", "name: ", "email: nobody", "email: a@b", "language: de"):
        assert part in str(refused.value)


async def test_two_hundred_people_may_be_invited_and_no_more(desk: Desk) -> None:
    crowd = [Guest(f"Personne {number}") for number in range(201)]
    with pytest.raises(BadConference, match=r"^people: 200 at most"):
        await desk.conferences.arrange(WEEKLY, crowd)
    made = await desk.conferences.arrange(WEEKLY, crowd[:200])
    assert len(codes_of(made.conference)) == 200


@pytest.mark.parametrize(
    "address", ["a@b.ca", "camille.roy+x@mail.example.org", "o'neil@x-y.ca", "a@xn--caf-dma.ca"]
)
def test_an_address_that_mail_is_sent_to_is_taken(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "a", "a@b", "@b.ca", "a@b.ca ", "a b@c.ca", "a..b@c.ca", "a@-b.ca", "a@b.c"),
        *("a@b.ca\nBcc: x@y.ca", "é@b.ca", "a@b.ca,c@d.ca"),
        *("a" * 65 + "@b.ca", "a@" + "b." * 130 + "ca"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert not is_address(address)


@pytest.mark.parametrize(
    ("text", "guest"),
    [
        ("Marc Côté <marc@example.org>", Guest("Marc Côté", "marc@example.org")),
        ('"Côté, Marc" <marc@example.org>', Guest("Côté, Marc", "marc@example.org")),
        ("Ava Reed <ava@example.com> en", AVA),
        ("Marc Côté marc@example.org", Guest("Marc Côté", "marc@example.org")),
        ('Ève "La Voix"', Guest('Ève "La Voix"')),
        ("<marc@example.org>", Guest("", "marc@example.org")),
    ],
)
def test_people_are_read_as_they_are_written(text: str, guest: Guest) -> None:
    assert read_guest(text) == guest


# ---- Changed


async def test_a_start_that_moves_is_told_to_all_with_a_higher_sequence(desk: Desk) -> None:
    made = await desk.arranged(ONCE, CAMILLE, MARC, LUC)
    later = TOMORROW + timedelta(hours=2)
    done = await desk.conferences.change(
        made.conference.id, lambda draft: replace(draft, starts_at=later)
    )
    assert (done.conference.starts_at, done.conference.sequence) == (later, 1)
    told = await desk.mail()
    assert {(each.kind, each.invitee.name) for each in told} == {
        (CHANGED, "Camille Roy"),
        (CHANGED, "Marc Côté"),
    }
    assert {each.conference.sequence for each in told} == {1}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Autre"},
        {"planned": timedelta(hours=1)},
        {"zone": "Europe/Paris"},
        {"room": "4321"},
        {"options": Options(streamed=True)},
    ],
    ids="".join,
)
async def test_whatever_the_invitation_told_is_told_again(
    desk: Desk, change: dict[str, object]
) -> None:
    made = await desk.arranged(ONCE, MARC)
    await desk.conferences.change(
        made.conference.id,
        lambda draft: replace(draft, **change),  # type: ignore[arg-type]  # as written above
    )
    assert await desk.told() == [(CHANGED, "Marc Côté")]


async def test_an_option_of_a_room_is_changed_without_a_word(desk: Desk) -> None:
    made = await desk.arranged(WEEKLY, MARC)
    options = Options(recorded=True, announced=False, reported=False)
    done = await desk.conferences.change(
        made.conference.id, lambda draft: replace(draft, options=options)
    )
    assert (done.conference.options, done.conference.sequence) == (options, 0)
    assert await desk.mail() == []


async def test_people_and_codes_outlive_every_change(desk: Desk) -> None:
    made = await desk.conferences.arrange(ONCE, (CAMILLE, MARC), tuple(Role))
    done = await desk.conferences.change(
        made.conference.id, lambda draft: replace(draft, title="Autre", room="4321")
    )
    assert done.conference.invitees == made.conference.invitees
    assert done.conference.generic_codes == made.conference.generic_codes


async def test_a_conference_moves_to_no_room_that_is_taken(desk: Desk) -> None:
    await desk.arranged(replace(WEEKLY, room="4321"))
    made = await desk.arranged(WEEKLY, MARC)
    with pytest.raises(RoomTaken, match="4321"):
        await desk.conferences.change(made.conference.id, lambda draft: replace(draft, room="4321"))
    assert (await desk.conferences.find("4321")).id != made.conference.id
    assert await desk.mail() == []


async def test_a_conference_stays_of_its_kind(desk: Desk) -> None:
    made = await desk.arranged(WEEKLY)
    with pytest.raises(BadConference, match=r"^kind: "):
        await desk.conferences.change(
            made.conference.id,
            lambda draft: replace(draft, kind=Kind.SINGLE_USE, starts_at=TOMORROW),
        )


async def test_one_that_is_being_held_may_still_be_changed_and_its_start_is_no_fault(
    desk: Desk,
) -> None:
    made = await desk.arranged(ONCE, MARC)
    desk.clock.advance(86_400 + 600)
    done = await desk.conferences.change(
        made.conference.id, lambda draft: replace(draft, options=Options(recorded=True))
    )
    assert done.conference.options.recorded
    assert (await desk.conferences.invite(made.conference.id, (AVA,))).told[0].name == "Ava Reed"


async def test_one_that_is_over_is_not_changed_any_more(desk: Desk) -> None:
    made = await desk.arranged(ONCE, MARC)
    desk.clock.advance(86_400 + 3 * 3600)
    with pytest.raises(BadConference, match="over"):
        await desk.conferences.invite(made.conference.id, (AVA,))
    assert await desk.mail() == []


async def test_a_stream_that_is_turned_on_again_has_another_link(desk: Desk) -> None:
    made = await desk.arranged(replace(ONCE, options=Options(streamed=True)))
    links = [made.conference.link]
    for streamed in (False, True):
        options = Options(streamed=streamed)

        def with_options(draft: Draft, options: Options = options) -> Draft:
            return replace(draft, options=options)

        done = await desk.conferences.change(made.conference.id, with_options)
        links.append(done.conference.link)
    assert links[1] == ""
    assert len({*links}) == 3
    assert len(links[2]) == 32


# ---- Called off, over


async def test_one_that_is_called_off_is_told_to_all_and_its_room_is_free(desk: Desk) -> None:
    made = await desk.arranged(replace(ONCE, room="4321"), CAMILLE, MARC, LUC)
    await desk.conferences.remove(made.conference.id)
    told = await desk.mail()
    assert {each.kind for each in told} == {CANCELLED}
    assert {each.conference.sequence for each in told} == {1}
    assert len(told) == 2
    with pytest.raises(ConferenceUnknown):
        await desk.conferences.find("4321")
    assert (await desk.arranged(replace(WEEKLY, room="4321"))).conference.room == "4321"


async def test_one_that_is_over_is_taken_away_without_a_word(desk: Desk) -> None:
    made = await desk.arranged(ONCE, MARC)
    desk.clock.advance(2 * 86_400)
    assert (await desk.conferences.remove(made.conference.id)).told == ()
    assert await desk.mail() == []


async def test_the_room_of_one_that_is_over_may_be_given_to_another(desk: Desk) -> None:
    past = await desk.arranged(replace(ONCE, room="4321"))
    with pytest.raises(RoomTaken):
        await desk.arranged(replace(WEEKLY, room="4321"))
    desk.clock.advance(86_400 + 3 * 3600)
    assert (await desk.conferences.find("4321")) == past.conference
    present = await desk.arranged(replace(WEEKLY, room="4321"))
    assert (await desk.conferences.find("4321")) == present.conference
    assert await desk.conferences.active() == [present.conference]
    assert len(await desk.conferences.all()) == 2


async def test_one_that_was_ended_early_lets_its_room_go(desk: Desk) -> None:
    made = await desk.arranged(replace(ONCE, room="4321"))
    desk.clock.advance(86_400 + 900)
    ended = await desk.conferences.end(made.conference.id)
    assert ended.ended_at == desk.clock.now()
    desk.clock.advance(60)
    assert await desk.conferences.end(made.conference.id) == ended
    assert (await desk.arranged(replace(WEEKLY, room="4321"))).conference.room == "4321"


async def test_one_that_was_over_long_ago_is_forgotten_and_no_other(desk: Desk) -> None:
    past = await desk.arranged(ONCE, MARC)
    permanent = await desk.arranged(WEEKLY)
    desk.clock.advance((400 + 1) * 86_400 + 3 * 3600 - 1)
    await desk.conferences.forget(timedelta(days=400))
    assert past.conference in await desk.conferences.all()
    desk.clock.advance(1)
    await desk.conferences.forget(timedelta(days=400))
    assert await desk.conferences.all() == (permanent.conference,)
    assert await desk.mail() == []


async def test_a_permanent_one_has_no_end(desk: Desk) -> None:
    made = await desk.arranged(WEEKLY)
    with pytest.raises(BadConference, match="permanent"):
        await desk.conferences.end(made.conference.id)


async def test_what_is_not_there_is_unknown(desk: Desk) -> None:
    for attempt in (
        desk.conferences.remove("x"),
        desk.conferences.end("x"),
        desk.conferences.invite("x", (MARC,)),
        desk.conferences.find("4321"),
    ):
        with pytest.raises(ConferenceUnknown):
            await attempt


# ---- Who is invited


async def test_whoever_comes_later_is_invited_alone_with_a_code_unlike_all(desk: Desk) -> None:
    made = await desk.arranged(ONCE, CAMILLE, MARC)
    done = await desk.conferences.invite(made.conference.id, (AVA, LUC))
    assert len(codes_of(done.conference)) == 4
    assert await desk.told() == [(INVITATION, "Ava Reed")]


async def test_another_address_gets_another_code_and_an_invitation(desk: Desk) -> None:
    made = await desk.arranged(ONCE, MARC)
    done = await desk.conferences.change_invitee(
        made.conference.id, "marc côté", lambda guest: replace(guest, email="mc@example.org")
    )
    assert codes_of(done.conference).isdisjoint(codes_of(made.conference))
    (mail,) = await desk.mail()
    assert (mail.kind, mail.invitee.email) == (INVITATION, "mc@example.org")


async def test_another_name_is_nobodys_news_and_another_role_is(desk: Desk) -> None:
    made = await desk.arranged(ONCE, MARC)
    id = made.conference.id
    await desk.conferences.change_invitee(id, MARC.email, lambda who: replace(who, name="M. Côté"))
    assert await desk.mail() == []
    await desk.conferences.change_invitee(
        id, MARC.email, lambda who: replace(who, role=Role.ADMINISTRATOR)
    )
    assert await desk.told() == [(CHANGED, "M. Côté")]


async def test_whoever_is_invited_no_more_is_told_and_the_others_are_not(desk: Desk) -> None:
    made = await desk.arranged(ONCE, CAMILLE, MARC)
    done = await desk.conferences.uninvite(made.conference.id, "marc@EXAMPLE.org")
    assert [each.name for each in done.conference.invitees] == ["Camille Roy"]
    assert await desk.told() == [(CANCELLED, "Marc Côté")]


async def test_the_last_code_stays_so_that_the_door_does_not_open_to_everybody(desk: Desk) -> None:
    made = await desk.arranged(ONCE, MARC)
    with pytest.raises(BadConference, match="everybody"):
        await desk.conferences.uninvite(made.conference.id, "Marc Côté")
    assert (await desk.conferences.find(made.conference.room)).invitees


async def test_a_name_of_two_people_is_not_guessed_at(desk: Desk) -> None:
    twin = replace(MARC, email="m2@example.org")
    conference = (await desk.arranged(WEEKLY, MARC, twin)).conference
    with pytest.raises(BadConference, match=r"m2@example\.org"):
        person_named(conference, "Marc Côté")
    assert person_named(conference, conference.invitees[1].id) == conference.invitees[1]
    assert person_named(conference, "m2@example.org") == conference.invitees[1]
    for nobody in ("", " ", "Luc", "arc", "m2"):
        with pytest.raises(ConferenceUnknown):
            person_named(conference, nobody)


@pytest.mark.parametrize("who", ["camille", "Roy", "cam r", "CAMILLE@example.org"])
async def test_somebody_is_meant_by_the_beginning_of_their_name(desk: Desk, who: str) -> None:
    conference = (await desk.arranged(WEEKLY, CAMILLE, MARC)).conference
    assert person_named(conference, who) == conference.invitees[0]


async def test_a_whole_name_is_not_taken_for_the_beginning_of_another(desk: Desk) -> None:
    marcel = replace(MARC, name="Marc Côtérie", email="marcel@example.org")
    conference = (await desk.arranged(WEEKLY, MARC, marcel)).conference
    assert person_named(conference, "marc cote") == conference.invitees[0]
    with pytest.raises(BadConference, match=r"marcel@example\.org"):
        person_named(conference, "marc")


# ---- Codes


async def test_a_code_that_got_about_is_replaced_and_its_owner_told(desk: Desk) -> None:
    made = await desk.arranged(ONCE, CAMILLE, MARC)
    done = await desk.conferences.renew_code(made.conference.id, "Marc Côté")
    before, after = (each.conference.invitees for each in (made, done))
    assert before[0] == after[0]
    assert before[1].code != after[1].code
    assert await desk.told() == [(CHANGED, "Marc Côté")]


async def test_generic_codes_come_stay_and_go_by_role(desk: Desk) -> None:
    made = await desk.arranged(WEEKLY, MARC)
    id = made.conference.id
    one = (await desk.conferences.set_generic_codes(id, (Role.PARTICIPANT,))).conference
    both = (await desk.conferences.set_generic_codes(id, tuple(Role))).conference
    assert one.generic_codes[0] in both.generic_codes
    assert len(codes_of(both)) == 3
    anew = (await desk.conferences.renew_generic_codes(id)).conference
    assert len(codes_of(anew) | codes_of(both)) == 5
    assert (await desk.conferences.set_generic_codes(id, ())).conference.generic_codes == ()
    assert await desk.mail() == []


async def test_the_only_generic_codes_stay(desk: Desk) -> None:
    made = await desk.conferences.arrange(WEEKLY, (), tuple(Role))
    with pytest.raises(BadConference, match="everybody"):
        await desk.conferences.set_generic_codes(made.conference.id, ())


async def test_two_who_invite_at_once_both_do(desk: Desk) -> None:
    id = (await desk.arranged(WEEKLY)).conference.id
    await asyncio.gather(*(desk.conferences.invite(id, (guest,)) for guest in (MARC, AVA, LUC)))
    there = await desk.book.get(id)
    assert there is not None
    assert {each.name for each in there.invitees} == {"Marc Côté", "Ava Reed", LUC.name}
    assert len(codes_of(there)) == 3
