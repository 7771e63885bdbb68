"""The words of reports, by language."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from conference.happening import (
    AllMuted,
    Began,
    Departure,
    Ending,
    Interrupted,
    Locked,
    Muted,
    Recording,
    Resumed,
    Warned,
)

DEFAULT = "fr"

_MINUTE_S = 60
_HOUR_S = 3600

_TEN = 10
"""Digits of a North American number."""


@dataclass(frozen=True, slots=True)
class Words:
    """All that a report says in one language."""

    language: str
    heading: str
    hours: str
    cut_off: str
    never_began: str
    kept: str
    by: str
    unknown: str
    administrator: str
    participant: str
    endings: Mapping[Ending, str]
    departures: Mapping[Departure, str]
    events: Mapping[type, str]
    switched: Mapping[type, Mapping[bool, str]]
    """What was switched on or off."""
    labels: Mapping[str, str]


_FRENCH = Words(
    language="fr",
    heading="Rapport de conférence",
    hours="de {begin} à {end} ({day}), {zone}",
    cut_off="La conférence a été interrompue à {at} par l’arrêt du serveur\u00a0: ce rapport, et "
    "l’enregistrement s’il y en a un, vont jusque-là.",
    never_began="La conférence n’a pas commencé\u00a0: aucun administrateur n’est venu.",
    kept=", à télécharger jusqu’au {day}",
    by="{text}, par {name}",
    unknown="Numéro inconnu",
    administrator="administrateur",
    participant="participant",
    endings=MappingProxyType(
        {
            Ending.FINISHED: "Un administrateur a mis fin à la conférence",
            Ending.TOO_LONG: "La durée maximale a été atteinte",
            Ending.EMPTY: "La dernière personne a quitté la conférence",
            Ending.NOBODY_CAME: "Aucun administrateur n’est venu ou revenu",
        }
    ),
    departures=MappingProxyType(
        {
            Departure.HUNG_UP: "",
            Departure.CUT_OFF: "ligne coupée",
            Departure.EXPELLED: "expulsion",
            Departure.ENDED: "",
        }
    ),
    events=MappingProxyType(
        {
            Began: "Début de la conférence",
            Interrupted: "Interruption\u00a0: il n’y a plus d’administrateur",
            Resumed: "Reprise de la conférence",
            Warned: "Annonce du temps qui reste\u00a0: {minutes} min",
        }
    ),
    switched=MappingProxyType(
        {
            Recording: {True: "Début de l’enregistrement", False: "Fin de l’enregistrement"},
            AllMuted: {
                True: "Micros des participants coupés",
                False: "Micros des participants rétablis",
            },
            Locked: {True: "Salle verrouillée", False: "Salle déverrouillée"},
            Muted: {True: "Micro coupé ({name})", False: "Micro rétabli ({name})"},
        }
    ),
    labels=MappingProxyType(
        {
            "day": "Date",
            "hours": "Heures",
            "length": "Durée de la conférence",
            "room": "Salle",
            "people": "Personnes",
            "recording": "Enregistrement",
            "ending": "Fin",
            "who": "Qui était là",
            "name": "Nom",
            "role": "Rôle",
            "came": "Arrivée",
            "went": "Départ",
            "inside": "Présence",
            "spoke": "Parole",
            "when": "Présences et prises de parole",
            "plot": "Une ligne par personne, le temps de gauche à droite. Présences et temps de "
            "parole sont aussi dans le tableau «\u00a0Qui était là\u00a0».",
            "in waiting": "en salle d’attente",
            "in conference": "dans la conférence",
            "speaking": "parle",
            "events": "Déroulement",
            "time": "Heure",
            "event": "Événement",
            "page": "Page",
            "of": "de",
            "colon": "\u00a0: ",
        }
    ),
)

_ENGLISH = Words(
    language="en",
    heading="Conference report",
    hours="{begin} to {end} ({day}), {zone}",
    cut_off="The conference was interrupted at {at} when the server stopped: this report, and the "
    "recording if there is one, end there.",
    never_began="The conference did not begin: no administrator came.",
    kept=", to be downloaded until {day}",
    by="{text}, by {name}",
    unknown="Unknown number",
    administrator="administrator",
    participant="participant",
    endings=MappingProxyType(
        {
            Ending.FINISHED: "An administrator ended the conference",
            Ending.TOO_LONG: "The longest time allowed was reached",
            Ending.EMPTY: "The last person left the conference",
            Ending.NOBODY_CAME: "No administrator came, or came back",
        }
    ),
    departures=MappingProxyType(
        {
            Departure.HUNG_UP: "",
            Departure.CUT_OFF: "cut off",
            Departure.EXPELLED: "expelled",
            Departure.ENDED: "",
        }
    ),
    events=MappingProxyType(
        {
            Began: "The conference began",
            Interrupted: "Interrupted: no administrator was left",
            Resumed: "The conference went on",
            Warned: "The time left was announced: {minutes} min",
        }
    ),
    switched=MappingProxyType(
        {
            Recording: {True: "Recording began", False: "Recording ended"},
            AllMuted: {True: "All participants muted", False: "All participants may speak again"},
            Locked: {True: "Room locked", False: "Room unlocked"},
            Muted: {True: "Muted ({name})", False: "No longer muted ({name})"},
        }
    ),
    labels=MappingProxyType(
        {
            "day": "Date",
            "hours": "Time",
            "length": "Length of the conference",
            "room": "Room",
            "people": "People",
            "recording": "Recording",
            "ending": "End",
            "who": "Who was there",
            "name": "Name",
            "role": "Role",
            "came": "Arrival",
            "went": "Departure",
            "inside": "Present",
            "spoke": "Spoke",
            "when": "When people were there and spoke",
            "plot": "One line for each person, time from left to right. How long each was present "
            "and spoke is also in the table “Who was there”.",
            "in waiting": "in the waiting room",
            "in conference": "in the conference",
            "speaking": "speaking",
            "events": "What happened",
            "time": "Time",
            "event": "Event",
            "page": "Page",
            "of": "of",
            "colon": ": ",
        }
    ),
)

_LANGUAGES: Mapping[str, Words] = MappingProxyType({"fr": _FRENCH, "en": _ENGLISH})

LANGUAGES = tuple(_LANGUAGES)


def words_of(language: str) -> Words:
    """The words of a language; French where it has none."""
    return _LANGUAGES.get(language, _LANGUAGES[DEFAULT])


def length_told(length_s: float) -> str:
    """How long something was, as both languages write it: 45 s, 2 min 30 s, 1 h 05 min."""
    whole = round(length_s)
    if whole < _MINUTE_S:
        return f"{whole}\u00a0s"
    minutes, rest = divmod(whole, _MINUTE_S)
    if whole < _HOUR_S:
        return f"{minutes}\u00a0min" + (f"\u00a0{rest:02d}\u00a0s" if rest else "")
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}\u00a0h" + (f"\u00a0{minutes:02d}\u00a0min" if minutes else "")


def number_told(number: str) -> str:
    """A North American number as it is read, 514 555-0123; any other as it came."""
    digits = number.removeprefix("+1")
    if len(digits) == _TEN and digits.isascii() and digits.isdigit():
        return f"{digits[:3]}\u00a0{digits[3:6]}-{digits[6:]}"
    return number
