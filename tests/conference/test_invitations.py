"""What people read who are invited to a conference."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from conference.conference import Conference, GenericCode, Invitee, Role
from conference.invitation import DialIn, Host, House, one_tap
from conference.keys import COMMANDS
from conference.ports import MailKind
from tests.conference.letters import (
    ELISE,
    HOST,
    HOUSE,
    LAUNCH,
    SENDER,
    WEEKLY,
    WILLIAM,
    letter,
    mail,
    with_options,
)


def plain(text: str) -> str:
    """Words as they are read: every space alike."""
    return " ".join(text.split())


class Page(HTMLParser):
    """What a page says, and what it leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.said: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return plain(" ".join(self.said))


def test_who_is_invited_reads_who_when_where_and_their_own_code_in_french() -> None:
    told = letter()
    assert told.subject == "Invitation : Lancement, mardi 3 août 2027 à 10 h"
    text = plain(told.text)
    assert text.startswith(
        "Bonjour Élise Côté, Marc-André Gagné vous invite à la conférence téléphonique"
        " « Lancement »."
    )
    assert "Quand : Le mardi 3 août 2027, de 10 h à 11 h 30 (heure avancée de l’Est)" in text
    assert "Composez le 514 555-0199 (Montréal) ou le 1 800 555-0199 (sans frais)." in text
    assert "Entrez le numéro de la salle, 4321, puis appuyez sur le carré (#)." in text
    assert "Entrez votre code d'accès, 1750." in text
    assert "Rôle : administrateur" in text
    assert "tel:+15145550199,,4321%23,,1750" in text
    assert "10 minutes avant le début" in text


def test_who_reads_english_is_told_in_english() -> None:
    told = letter(invitee=WILLIAM)
    assert told.subject == "Invitation: Lancement, Tuesday, August 3, 2027 at 10:00 a.m."
    text = plain(told.text)
    assert (
        "Tuesday, August 3, 2027, from 10:00 a.m. to 11:30 a.m. (Eastern Daylight Saving Time)"
        in text
    )
    assert "1 800 555-0199 (toll-free)" in text
    assert "access code, 2863" in text
    assert "Role: participant" in text


@pytest.mark.parametrize("invitee", [ELISE, WILLIAM])
@pytest.mark.parametrize("conference", [LAUNCH, WEEKLY])
def test_the_page_says_what_the_text_says(invitee: Invitee, conference: object) -> None:
    told = letter(with_options(LAUNCH if conference is LAUNCH else WEEKLY, recorded=True), invitee)
    page = Page(told.html)
    for fact in (
        "514 555-0199",
        "4321",
        invitee.code,
        HOST.name,
        *re.findall(r"\*[\d#*]", told.text),
    ):
        assert fact in page.text
    assert page.open == []


def test_a_permanent_room_is_open_at_any_time() -> None:
    told = letter(WEEKLY)
    assert told.subject == "Invitation : Réunion du lundi"
    assert "Quand : En tout temps : la salle est permanente" in plain(told.text)
    assert "3 heures" not in told.text
    assert told.calendar is None


def test_an_administrator_learns_every_key_and_a_participant_their_own() -> None:
    for language in ("fr", "en"):
        chief = letter(invitee=replace(ELISE, language=language)).text
        other = letter(invitee=replace(WILLIAM, language=language)).text
        assert set(re.findall(r"\*([\d#*])(?!\*)", chief)) == set(COMMANDS)
        assert set(re.findall(r"\*([\d#*])(?!\*)", other)) == set("146789*0")


def test_people_are_told_of_the_wait_for_an_administrator_only_where_there_is_one() -> None:
    assert "until then, you will wait" in letter(invitee=WILLIAM).text
    alone = replace(LAUNCH, invitees=(WILLIAM,))
    assert "wait" not in letter(alone, WILLIAM).text
    generic = replace(alone, generic_codes=(GenericCode(Role.ADMINISTRATOR, "7777"),))
    assert "until then, you will wait" in letter(generic, WILLIAM).text


def test_people_are_told_that_they_will_be_recorded() -> None:
    assert "enregistrée" not in letter().text
    recorded = letter(with_options(LAUNCH, recorded=True))
    assert "La conférence sera enregistrée." in recorded.text
    assert "La conférence sera enregistrée." in recorded.html


def test_names_are_asked_for_only_where_arrivals_are_announced() -> None:
    assert "Dites votre nom" in letter(with_options(LAUNCH, announced=True)).text
    assert "Dites votre nom" not in letter(with_options(LAUNCH, announced=False)).text


def test_the_listening_link_is_told_where_it_is_streamed_and_pages_are_served() -> None:
    streamed = with_options(LAUNCH, streamed=True)
    link = "https://tel.example.org/listen/q7Xk2"
    assert link in letter(streamed).text
    assert link in Page(letter(streamed).html).links
    assert "listen" not in letter(LAUNCH).text
    assert "listen/" not in letter(streamed, house=replace(HOUSE, web="")).text


def test_a_change_says_that_it_is_one_and_how_all_stands_now() -> None:
    told = letter(kind=MailKind.CHANGED)
    assert told.subject.startswith("Conférence modifiée : Lancement")
    assert "a changé" in plain(told.text)
    assert "1750" in told.text
    english = letter(invitee=WILLIAM, kind=MailKind.CHANGED)
    assert english.subject.startswith("Conference changed: Lancement")
    assert "has changed" in plain(english.text)


def test_who_is_uninvited_reads_so_and_is_not_told_the_code_again() -> None:
    told = letter(kind=MailKind.CANCELLED)
    assert told.subject == "Conférence annulée : Lancement, mardi 3 août 2027 à 10 h"
    assert "est annulée" in plain(told.text)
    assert "Votre code d'accès n'est plus valide." in told.text
    whole = mail(kind=MailKind.CANCELLED).as_string() + told.text + told.html
    assert "1750" not in whole


def test_an_end_after_midnight_is_told_with_its_day() -> None:
    late = replace(LAUNCH, starts_at=datetime(2027, 8, 4, 3, 30, tzinfo=UTC))
    assert "mardi 3 août 2027, de 23 h 30 à 1 h le mercredi 4 août 2027" in plain(letter(late).text)


def test_an_end_by_another_clock_is_told_with_both() -> None:
    night = replace(
        LAUNCH,
        starts_at=datetime(2027, 11, 7, 5, 30, tzinfo=UTC),  # 1:30, before clocks are put back
        planned=timedelta(hours=1),
    )
    assert (
        "Le dimanche 7 novembre 2027, de 1 h 30 (heure avancée de l’Est)"
        " à 1 h 30 (heure normale de l’Est)"
    ) in plain(letter(night).text)


def test_the_first_of_a_month_is_read_as_one_says_it() -> None:
    first = replace(LAUNCH, starts_at=datetime(2027, 9, 1, 14, 0, tzinfo=UTC))
    assert "mercredi 1er septembre 2027" in letter(first).subject


def test_the_start_is_told_in_the_zone_of_the_conference() -> None:
    west = replace(LAUNCH, zone="America/Vancouver")
    assert "de 7 h à 8 h 30 (heure avancée du Pacifique)" in plain(letter(west).text)


def test_what_people_are_called_cannot_write_the_page_or_the_headers() -> None:
    cruel = Invitee("x", 'Bob "<b>" \r\nBcc: all@example.org', "bob@example.org", code="3141")
    evil = replace(LAUNCH, title="<script>alert(1)</script> & {{ 7 * 7 }}", invitees=(cruel,))
    page = Page(letter(evil, cruel, host=Host("<i>Moi</i>")).html)
    assert "script" not in page.tags
    assert "i" not in page.tags
    assert "<script>alert(1)</script> & {{ 7 * 7 }}" in page.text
    got = mail(evil, cruel)
    assert got["Bcc"] is None
    assert [str(each.addr_spec) for each in got["To"].addresses] == ["bob@example.org"]


def test_nothing_is_fetched_to_read_the_page() -> None:
    page = Page(letter(with_options(LAUNCH, streamed=True)).html)
    assert not {"img", "link", "script", "iframe", "style"} & set(page.tags)
    assert {link.partition(":")[0] for link in page.links} == {"tel", "https"}


def test_a_company_without_a_number_in_its_settings_names_itself() -> None:
    bare = letter(house=House("Quincaillerie Tremblay", SENDER))
    assert "le numéro des conférences de Quincaillerie Tremblay" in plain(bare.text)
    assert "tel:" not in bare.text + bare.html


def test_a_short_number_is_told_and_is_no_link_for_a_mobile() -> None:
    told = letter(house=replace(HOUSE, numbers=(DialIn("8600"),)))
    assert "Composez le 8600." in told.text
    assert "tel:" not in told.text + told.html


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("514 555-0199", "+15145550199"),
        ("1 800 555-0199", "+18005550199"),
        ("+33 1 99 00 12 34", "+33199001234"),
        ("15145550199", "+15145550199"),
    ],
)
def test_one_touch_dials_number_room_and_code_from_anywhere(number: str, dialled: str) -> None:
    assert one_tap(number, LAUNCH, ELISE) == f"tel:{dialled},,4321%23,,1750"
    assert one_tap(number, LAUNCH, replace(ELISE, code="")) == f"tel:{dialled},,4321%23"


def test_a_mobile_is_told_of_each_link_that_dials_it_all() -> None:
    assert "l'un de ces liens compose tout" in letter().text
    assert "any of these links dials it all" in letter(invitee=WILLIAM).text
    one = replace(HOUSE, numbers=HOUSE.numbers[:1])
    assert "ce lien compose tout" in letter(house=one).text
    assert "this link dials it all" in letter(invitee=WILLIAM, house=one).text


@pytest.mark.parametrize("conference", [WEEKLY, LAUNCH])
@pytest.mark.parametrize("house", [HOUSE, replace(HOUSE, numbers=())])
@pytest.mark.parametrize("invitee", [ELISE, WILLIAM])
def test_no_place_of_an_invitation_is_left_empty(
    invitee: Invitee, house: House, conference: Conference
) -> None:
    alone = replace(conference, invitees=(WILLIAM,))
    for each in (conference, alone):
        assert "\n\n\n" not in letter(each, invitee, house=house).text


@pytest.mark.parametrize(
    ("language", "arranged", "changed"),
    [
        ("fr", "que vous avez organisée.", "que vous avez organisée, a changé."),
        ("en", "which you arranged.", "which you arranged, has changed."),
    ],
)
def test_who_arranged_a_conference_is_not_invited_by_themself(
    language: str, arranged: str, changed: str
) -> None:
    own = replace(ELISE, email="Marc@example.org", language=language)
    told = letter(invitee=own)
    for text in (plain(told.text), Page(told.html).text):
        assert arranged in text
        assert HOST.name not in text
    assert told.reply_to == ""
    assert changed in plain(letter(invitee=own, kind=MailKind.CHANGED).text)


def test_an_answer_goes_to_who_invites_and_no_absence_note_comes_back() -> None:
    got = mail()
    assert got["Reply-To"] == "marc@example.org"
    assert got["Auto-Submitted"] == "auto-generated"
    assert "Répondez à ce courriel" in letter().text
    assert "n'y répondez pas" in letter(host=Host("Quincaillerie Tremblay")).text


def test_an_invitation_is_the_same_whenever_it_is_composed() -> None:
    got = mail()
    assert got["Message-ID"] == "<m1@example.org>"
    assert got["Date"].datetime.isoformat() == "2027-07-30T16:15:00-04:00"
    assert str(got["To"]) == "Élise Côté <elise@example.org>"
    assert got["Content-Language"] == "fr"
    assert [each.get_content_type() for each in got.walk()] == [
        "multipart/mixed", "multipart/alternative",
        "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip
    assert [each.get_content_type() for each in mail(WEEKLY).walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
