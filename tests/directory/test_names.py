"""People are found by the letters of their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.extension import Extension
from directory.names import keys, letters, matches, search

KEYPAD = {
    "2": "ABC",
    "3": "DEF",
    "4": "GHI",
    "5": "JKL",
    "6": "MNO",
    "7": "PQRS",
    "8": "TUV",
    "9": "WXYZ",
}


def typed(word: str) -> str:
    return "".join(key for letter in word for key, on in KEYPAD.items() if letter in on)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Émile Côté-Roy", "EMI COT ROY EMILECOTE COTEEMILE COTEROYEMILE ROYEMILE EMILECOTEROY"),
        ("François D'Amour", "FRA DAMOUR AMO AMOURFRANCOIS DAMOURFRANCOIS"),
        ("Cœur-de-Lion Zoë", "COEUR COEURDELION LION ZOE"),
        ("Ève St-Pierre", "STPIERRE SAINTPIERRE PIERRE EVESAINT"),
        ("Jean Sainte-Marie", "SAINTEMARIE STEMARIE MARIE"),
        ("Noël Façade", "NOEL FAC"),
        ("Søren Łukasz", "SOREN LUKASZ"),
        ("Marie-Ève de la Tour du Pin", "MARIEEVE DELATOUR TOURDUPIN PINMARIE"),
    ],
)
def test_a_name_is_found_by_any_of_its_words_in_any_order(name: str, words: str) -> None:
    assert [word for word in words.split() if not matches(name, typed(word))] == []


@pytest.mark.parametrize("wrong", ["MIL", "EMILEX", "OTE", "COTX"])
def test_letters_from_the_middle_of_a_word_find_nobody(wrong: str) -> None:
    assert not matches("Émile Côté-Roy", typed(wrong))


def test_the_keys_are_those_of_every_telephone() -> None:
    assert [keys(word) for word in ("EMI", "COT", "ROY", "QZ")] == ["364", "268", "769", "79"]


def test_no_key_names_nobody() -> None:
    assert not matches("Émile", "")


def test_several_people_are_told_in_the_order_of_their_names_and_hidden_ones_are_not() -> None:
    people = [
        Extension("103", "Émile Côté-Roy"),
        Extension("104", "Colette Émond", listed=False),
        Extension("102", "Emma Anctil"),
        Extension("105", "Zoé Roy"),
    ]
    assert [each.number for each in search(people, typed("EM"))] == ["103", "102"]
    assert [each.number for each in search(people, typed("ROY"))] == ["103", "105"]


@given(st.text(max_size=30), st.text("23456789", max_size=8))
def test_any_name_can_be_looked_for(name: str, keys_typed: str) -> None:
    if matches(name, keys_typed):
        assert letters(name)


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyzéèàçôïü", min_size=3), min_size=1, max_size=3))
def test_whoever_types_the_first_letters_of_a_word_finds_its_owner(words: list[str]) -> None:
    name = "-".join(words)
    for word in letters(name):
        assert matches(name, keys(word[:3]))
