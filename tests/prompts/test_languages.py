"""What callers hear of numbers, dates, hours and telephone numbers, in French and in English."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.languages import ENGLISH, FRENCH, LANGUAGES, Gender, Unspeakable

MONTREAL = ZoneInfo("America/Toronto")
AFTERNOON = datetime(2027, 3, 3, 14, 30, tzinfo=MONTREAL)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize("gender", Gender)
def test_every_number_up_to_9999_is_said_in_words_of_its_own(language, gender):
    said = [language.number(number, gender) for number in range(10_000)]
    assert len(set(said)) == 10_000
    assert not [words for words in said if any(c.isdigit() or c == "\u00ad" for c in words)]
    everything = " ".join(said)
    assert language.spoken(everything) == everything


@pytest.mark.parametrize(
    ("number", "masculine", "feminine"),
    [
        (0, "zéro", "zéro"),
        (1, "un", "une"),
        (21, "vingt et un", "vingt et une"),
        (71, "soixante et onze", "soixante et onze"),
        (80, "quatre-vingts", "quatre-vingts"),
        (81, "quatre-vingt-un", "quatre-vingt-une"),
        (201, "deux cent un", "deux cent une"),
        (1000, "mille", "mille"),
    ],
)
def test_french_numbers_agree_with_what_is_counted(number, masculine, feminine):
    assert FRENCH.number(number, Gender.MASCULINE) == masculine
    assert FRENCH.number(number, Gender.FEMININE) == feminine


def test_ranks_are_said_in_both_genders():
    assert FRENCH.ordinal(1) == "premier"
    assert FRENCH.ordinal(1, Gender.FEMININE) == "première"
    assert FRENCH.ordinal(2) == "deuxième"
    assert FRENCH.ordinal(21) == "vingt et unième"
    assert ENGLISH.ordinal(22) == "twenty-second"


def test_french_counts_zero_and_one_as_singular_and_english_only_one():
    assert [FRENCH.plural(n) for n in (0, 1, 2)] == ["one", "one", "other"]
    assert [ENGLISH.plural(n) for n in (0, 1, 2)] == ["other", "one", "other"]


@pytest.mark.parametrize(
    ("at", "french", "english"),
    [
        ((0, 0), "minuit", "midnight"),
        ((0, 5), "zéro heure cinq", "twelve oh five a.m."),
        ((1, 0), "une heure", "one a.m."),
        ((12, 0), "midi", "noon"),
        ((14, 30), "quatorze heures trente", "two thirty p.m."),
        ((21, 1), "vingt et une heures une", "nine oh one p.m."),
    ],
)
def test_the_hour_is_said_as_people_say_it(at, french, english):
    moment = AFTERNOON.replace(hour=at[0], minute=at[1])
    assert FRENCH.spoken(FRENCH.time(moment)) == french
    assert ENGLISH.spoken(ENGLISH.time(moment)) == english


@pytest.mark.parametrize(
    ("days", "french", "english"),
    [
        (0, "aujourd'hui", "today"),
        (1, "hier", "yesterday"),
        (2, "le 1er mars", "on March 1st"),
        (30, "le 1er février", "on February 1st"),
        (365, "le 3 mars 2026", "on March 3rd, 2026"),
    ],
)
def test_a_day_is_named_from_where_the_listener_stands(days, french, english):
    at = AFTERNOON - timedelta(days=days)
    assert FRENCH.day(at, AFTERNOON) == french
    assert ENGLISH.day(at, AFTERNOON) == english


@pytest.mark.parametrize(
    ("days", "french", "english"),
    [
        (0, "aujourd'hui", "today"),
        (1, "demain", "tomorrow"),
        (2, "le vendredi 5 mars", "on Friday, March 5th"),
        (-1, "le mardi 2 mars", "on Tuesday, March 2nd"),
        (305, "le dimanche 2 janvier 2028", "on Sunday, January 2nd, 2028"),
    ],
)
def test_a_day_to_come_is_named_with_its_day_of_the_week(days, french, english):
    at = AFTERNOON + timedelta(days=days)
    assert FRENCH.coming_day(at, AFTERNOON) == french
    assert ENGLISH.coming_day(at, AFTERNOON) == english


def test_today_is_the_day_of_the_mailbox_and_not_of_greenwich():
    late_in_montreal = datetime(2027, 3, 3, 22, 0, tzinfo=MONTREAL)
    heard = datetime(2027, 3, 4, 3, 30, tzinfo=UTC)
    assert FRENCH.day(late_in_montreal, heard) == "aujourd'hui"


@pytest.mark.parametrize(
    ("number", "printed", "spoken"),
    [
        ("5145550123", "514 555-0123", "cinq un quatre, cinq cinq cinq, zéro un deux trois"),
        ("+15145550123", "514 555-0123", "cinq un quatre, cinq cinq cinq, zéro un deux trois"),
        ("101", "poste 1 0 1", "poste un zéro un"),
        (
            "+33145550123",
            "3 3 1 4 5 5 5 0 1 2 3",
            "trois trois un quatre cinq cinq cinq zéro un deux trois",
        ),
        (
            "+4412345678",
            "4 4 1 2 3 4 5 6 7 8",
            "quatre quatre un deux trois quatre cinq six sept huit",
        ),
        ("", "numéro inconnu", "numéro inconnu"),
        ("anonymous", "numéro inconnu", "numéro inconnu"),
    ],
)
def test_a_telephone_number_is_grouped_as_people_say_it(number, printed, spoken):
    assert FRENCH.phone(number) == printed
    assert FRENCH.spoken(printed) == spoken


@pytest.mark.parametrize(
    ("name", "french"),
    [
        ("Camille", "de Camille"),
        ("Émile", "d'Émile"),
        ("Hélène", "d'Hélène"),
        ("Yves", "d'Yves"),
        ("Yolande", "de Yolande"),
        ("William", "de William"),
    ],
)
def test_french_elides_before_a_name_that_begins_with_a_vowel(name, french):
    assert FRENCH.of(name) == french
    assert ENGLISH.of(name) == f"of {name}"


def test_lengths_of_time_are_said_with_their_units_in_agreement():
    assert FRENCH.duration(0) == "zéro seconde"
    assert FRENCH.duration(61) == "une minute et une seconde"
    assert FRENCH.duration(3 * 3600 + 21) == "trois heures et vingt et une secondes"
    assert ENGLISH.duration(3721) == "one hour, two minutes and one second"


def test_abbreviations_and_printed_hours_are_read_in_full():
    assert (
        FRENCH.spoken("M. Roy & Fils ltée, 14 h 05, Mme Côté, le 1er")
        == "monsieur Roy et Fils limitée, quatorze heures cinq, madame Côté, le premier"
    )
    assert ENGLISH.spoken("Dr. Roy at 2 p.m. on the 3rd") == "doctor Roy at two p.m. on the third"


def test_codes_are_read_figure_by_figure_and_amounts_as_numbers():
    assert (
        FRENCH.spoken("0450 et 123456") == "zéro quatre cinq zéro et un deux trois quatre cinq six"
    )
    assert ENGLISH.spoken("12 rooms") == "twelve rooms"


@given(st.text(max_size=120))
def test_whatever_a_name_holds_it_can_be_spoken(text):
    for language in LANGUAGES.values():
        spoken = language.spoken(text)
        assert spoken.isprintable()
        assert not any(c in "0123456789" for c in spoken)


def test_a_negative_count_and_a_rank_of_zero_are_refused():
    with pytest.raises(Unspeakable):
        FRENCH.number(-1)
    with pytest.raises(Unspeakable):
        ENGLISH.ordinal(0)
