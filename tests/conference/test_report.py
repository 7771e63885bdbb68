"""The report as an administrator reads it, in French and in English."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conference.adapters.typst_report import report_pdf
from conference.conference import Conference
from conference.errors import ReportUnavailable
from conference.happening import (
    AllMuted,
    Began,
    Came,
    Departure,
    Ending,
    Happening,
    Locked,
    Member,
    Muted,
    Over,
    Warned,
    Went,
)
from conference.history import retell
from conference.letter import envelop
from conference.ports import MailDue, MailKind, Spoke
from conference.report import Report, report
from conference.report_mail import report_letter
from conference.report_words import LANGUAGES, length_told, words_of
from tests.conference.sessions import BOB, BUDGET, CHANTAL, MORNING, at, member, notes
from vestibule.meetings.mail import conference_words


def of(
    *told: tuple[float, Happening | Spoke],
    language: str = "fr",
    ended: float | None = None,
    conference: Conference = BUDGET,
    kept_until: datetime | None = None,
) -> Report:
    return report(retell(notes(*told, ended=ended, conference=conference)), language, kept_until)


def said(text: str) -> str:
    """Without the difference of spaces."""
    return re.sub(r"\s", " ", text)


def test_the_french_report_tells_when_how_long_and_who() -> None:
    told = of(*MORNING, ended=30, kept_until=at(5) + timedelta(days=7))
    assert {said(label): said(value) for label, value in told.facts} == {
        "Date": "jeudi 1er juillet 2027",
        "Heures": "de 10 h à 10 h 30, heure avancée de l’Est",
        "Durée de la conférence": "20 min",
        "Salle": "4821",
        "Personnes": "2",
        "Enregistrement": "20 min, à télécharger jusqu’au jeudi 8 juillet 2027",
        "Fin": "Un administrateur a mis fin à la conférence",
    }
    bob, chantal = told.rows
    assert (chantal.name, chantal.role) == ("Chantal Côté", "administrateur")
    assert [said(each) for each in chantal.came] == ["10 h 05", "10 h 25"]
    assert [said(each) for each in chantal.went] == ["10 h 20 (ligne coupée)", "10 h 30"]
    assert (said(chantal.inside), said(chantal.spoke)) == ("20 min", "2 min 30 s")
    assert bob.role == "participant"
    assert told.notice == ""


def test_the_english_report_tells_the_same() -> None:
    told = of(*MORNING, ended=30, language="en")
    facts = {said(label): said(value) for label, value in told.facts}
    assert facts["Time"] == "10:00 a.m. to 10:30 a.m., Eastern Daylight Saving Time"
    assert facts["Recording"] == "20 min"
    assert [said(each) for each in told.rows[1].went] == ["10:20 a.m. (cut off)", "10:30 a.m."]
    assert [said(what) for _, what in told.events] == [
        "The conference began",
        "Recording began",
        "Recording ended",
        "Interrupted: no administrator was left",
        "The conference went on",
        "Recording began",
        "Recording ended",
        "An administrator ended the conference",
    ]


def test_bars_lie_where_people_were_and_spoke() -> None:
    told = of(*MORNING, ended=30)
    bob, chantal = told.rows
    assert bob.waiting_bars == (
        (0, pytest.approx(1 / 6)),
        (pytest.approx(2 / 3), pytest.approx(5 / 6)),
    )
    assert bob.inside_bars == (
        (pytest.approx(1 / 6), pytest.approx(2 / 3)),
        (pytest.approx(5 / 6), 1),
    )
    assert chantal.spoke_bars[0] == (pytest.approx(7 / 30), pytest.approx(8 / 30))
    assert told.recorded_bars == bob.inside_bars
    assert [said(tick.label) for tick in told.ticks] == [
        *("10 h", "10 h 05", "10 h 10", "10 h 15", "10 h 20", "10 h 25", "10 h 30"),
    ]


@pytest.mark.parametrize("minutes", [0, 0.5, 1, 7, 44, 95, 180])
def test_however_long_it_was_the_times_on_the_axis_stand_apart(minutes: float) -> None:
    told = of((0, Came(member(CHANTAL), True)), (minutes, Over(Ending.EMPTY)), ended=minutes)
    assert len(told.ticks) <= 8
    assert all(0 <= tick.at <= 1 for tick in told.ticks)
    assert [tick.at for tick in told.ticks] == sorted({tick.at for tick in told.ticks})


def test_times_on_the_axis_are_round_whenever_it_began() -> None:
    told = of((3.4, Came(member(CHANTAL), True)), (33.4, Over(Ending.EMPTY)), ended=33.4)
    labels = [said(tick.label) for tick in told.ticks]
    assert labels[:2] == ["10 h 05", "10 h 10"]
    assert told.ticks[0].at == pytest.approx(1.6 / 30)


def test_a_session_cut_off_by_a_crash_says_so_and_up_to_when() -> None:
    told = of(*MORNING[:6], ended=12)
    assert said(told.notice) == (
        "La conférence a été interrompue à 10 h 12 par l’arrêt du serveur : ce rapport, et "
        "l’enregistrement s’il y en a un, vont jusque-là."
    )
    assert told.cut_off
    assert "Fin" not in dict(told.facts)


def test_a_session_that_did_not_begin_says_so() -> None:
    told = of(
        MORNING[0], (9, Went(member(BOB), Departure.HUNG_UP)), (9, Over(Ending.EMPTY)), ended=9
    )
    assert said(told.notice) == "La conférence n’a pas commencé : aucun administrateur n’est venu."


def test_what_administrators_did_is_told_with_their_names() -> None:
    guest = Member("g", number="+15145550188")
    told = of(
        (0, Came(member(CHANTAL), True)),
        (0, Began("i1")),
        (1, Came(guest, True)),
        (2, Muted("g", True, "i1")),
        (3, Muted("g", False, "")),
        (4, Muted("g", True, "g")),
        (5, AllMuted(True, "i1")),
        (6, Locked(True, "")),
        (7, Warned(10)),
        (8, Went(guest, Departure.EXPELLED)),
    )
    assert [said(what) for _, what in told.events] == [
        "Début de la conférence",
        "Micro coupé (514 555-0188), par Chantal Côté",
        "Micro rétabli (514 555-0188)",
        "Micros des participants coupés, par Chantal Côté",
        "Salle verrouillée",
        "Annonce du temps qui reste : 10 min",
    ]
    assert said(told.rows[1].went[0]) == "10 h 08 (expulsion)"


def test_a_session_over_midnight_tells_both_days() -> None:
    late = 13.5 * 60  # half past eleven at night
    told = of((late, Came(member(CHANTAL), True)), (late + 60, Over(Ending.EMPTY)), ended=late + 60)
    hours = said(dict(told.facts)["Heures"])
    assert hours == "de 23 h 30 à 0 h 30 (vendredi 2 juillet 2027), heure avancée de l’Est"


def test_when_clocks_are_put_back_an_hour_lasts_an_hour() -> None:
    before = datetime(2027, 11, 7, 5, 30, tzinfo=UTC)  # 1:30 in the morning, for the first time
    minutes = (before - at(0)) / timedelta(minutes=1)
    told = of(
        (minutes, Came(member(CHANTAL), True)),
        (minutes, Began("i1")),
        (minutes + 60, Over(Ending.EMPTY)),
        ended=minutes + 60,
    )
    facts = {label: said(value) for label, value in told.facts}
    assert facts["Durée de la conférence"] == "1 h"
    assert [said(tick.label) for tick in told.ticks][:2] == ["1 h 30", "1 h 40"]


def test_whoever_is_not_known_is_called_that() -> None:
    (row,) = of((0, Came(Member("x"), True)), language="en").rows
    assert row.name == "Unknown number"


@pytest.mark.parametrize(
    ("number", "told"),
    [("5145550188", "514 555-0188"), ("101", "101"), ("+33142685300", "+33142685300")],
)
def test_whoever_has_no_name_is_called_by_their_number(number: str, told: str) -> None:
    (row,) = of((0, Came(Member("x", number=number), True))).rows
    assert said(row.name) == told


def test_a_name_cannot_turn_or_break_the_text_around_it() -> None:
    (row,) = of((0, Came(Member("x", " A\u202eb\n\u0007c \ufeff"), True))).rows
    assert row.name == "Ab c"


def test_a_long_name_is_whole_in_the_table_and_short_beside_its_bars() -> None:
    name = "Jean-François Bélanger-Desrosiers de la Bruère"
    (row,) = of((0, Came(Member("x", name), True))).rows
    assert row.name == name
    assert row.short == "Jean-François Bélanger-Desros…"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_in_every_language(language: str) -> None:
    words, french = words_of(language), words_of("fr")
    assert set(words.labels) == set(french.labels)
    assert set(words.endings) == set(Ending)
    assert set(words.departures) == set(Departure)
    assert (set(words.events), set(words.switched)) == (set(french.events), set(french.switched))


@pytest.mark.parametrize(
    ("length_s", "told"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (150, "2 min 30 s"),
        (3599.7, "1 h"),
        (3900, "1 h 05 min"),
        (10800, "3 h"),
    ],
)
def test_lengths_are_told_as_people_write_them(length_s: float, told: str) -> None:
    assert said(length_told(length_s)) == told


# ---- On paper


async def test_the_pdf_is_tagged_titled_in_its_language_and_accessible() -> None:
    pdf = await report_pdf(of(*MORNING, ended=30))
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in pdf
    assert b"/Marked true" in pdf
    assert b"/Lang(fr-CA)" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert '<rdf:li xml:lang="x-default">Rapport de conférence\u00a0: Budget'.encode() in pdf


NAMES = (
    "#let x = 1",
    "*gras*",
    "$x$",
    '"Guillemets" <b>',
    "`code`",
    "@ref",
    "\\u{1F389}",
    "//",
    "É" * 90,
)


async def test_names_are_text_whatever_signs_are_in_them() -> None:
    told = [(0.0, Came(Member(name, name), True)) for name in NAMES]
    pdf = await report_pdf(of(*told, ended=5, conference=replace(BUDGET, title="#panic() *$_")))
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


async def test_a_name_in_letters_without_a_font_costs_the_mark_and_not_the_report() -> None:
    pdf = await report_pdf(of((0, Came(Member("x", "李小龍 🎉"), True)), ended=5))
    assert b"/StructTreeRoot" in pdf


async def test_a_report_that_cannot_be_set_is_worth_another_try_and_says_why() -> None:
    with pytest.raises(ReportUnavailable, match="language"):
        await report_pdf(replace(of(*MORNING), language="no language"))


async def test_a_hundred_people_fill_several_pages() -> None:
    told = [(i / 10, Came(Member(f"m{i}", f"Zoé Tremblay {i}"), True)) for i in range(100)]
    pdf = await report_pdf(of(*told, ended=180))
    pages = re.search(rb"/Type/Pages/Count (\d+)", pdf)
    assert pages is not None
    assert int(pages[1]) >= 4


# ---- By e-mail


def due(language: str) -> MailDue:
    invitee = replace(CHANTAL, language=language)
    return MailDue("report-s1-i1", MailKind.REPORT, BUDGET, invitee, at(30), session="s1")


@pytest.mark.parametrize(
    ("language", "subject", "name"),
    [
        ("fr", "Rapport de conférence : Budget de l’an prochain, jeudi 1er juillet 2027",
         "rapport-de-conference-budget-de-lan-prochain.pdf"),
        ("en", "Conference report: Budget de l’an prochain, Thursday, July 1, 2027",
         "conference-report-budget-de-lan-prochain.pdf"),
    ],
)  # fmt: skip
def test_the_email_tells_the_same_and_has_the_report(
    language: str, subject: str, name: str
) -> None:
    told = of(*MORNING, ended=30, language=language)
    letter = report_letter(due(language), told, b"%PDF-1.7", conference_words(None), recording=True)
    mail = envelop(letter, due(language), "Vestibule <v@example.org>")
    assert said(mail["Subject"]) == subject
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert "vestibule conference recording s1" in part
        assert "20 min" in said(part)
    (pdf,) = mail.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == (name, "application/pdf")
    assert pdf.get_content() == b"%PDF-1.7"


def test_the_email_on_a_session_cut_off_says_so_first() -> None:
    told = of(*MORNING[:6], ended=12)
    letter = report_letter(due("fr"), told, b"", conference_words(None), recording=False)
    assert letter.subject.endswith("(interrompue)")
    assert "a été interrompue" in letter.text
    assert "a été interrompue" in letter.html
    assert "vestibule conference recording" not in letter.text + letter.html


def test_a_title_of_signs_makes_a_file_name_that_every_system_takes() -> None:
    told = of(*MORNING, conference=replace(BUDGET, title="../../a/b: «É»"))
    letter = report_letter(due("fr"), told, b"", conference_words(None), recording=False)
    assert letter.enclosures[0].name == "rapport-de-conference-a-b-e.pdf"
    assert Path(letter.enclosures[0].name).name == letter.enclosures[0].name


def test_an_administrator_of_another_language_than_the_conference_reads_their_own() -> None:
    assert BUDGET.language == "fr"
    assert of(*MORNING, language="en").heading == "Conference report"
    assert of(*MORNING, language="xx").heading == "Rapport de conférence"
