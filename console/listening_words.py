"""What the pages for listening say, in French and in English. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from conference.invitation import day_told, hour_told, zone_told

_MOMENT = MappingProxyType(
    {"fr": "le {date} à {time} ({zone})", "en": "on {date} at {time} ({zone})"}
)


@dataclass(frozen=True, slots=True)
class Words:
    """One language's."""

    language: str
    kind: str
    """What the page is for, above the title of the conference."""
    listen: str
    stop: str
    starting: str
    playing: str
    failed: str
    no_script: str
    not_available: str
    unknown_title: str
    unknown: str
    standings: Mapping[str, str]
    """How a conference stands, by the values of `Standing`; {when} is its start."""


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "fr": Words(
            language="fr",
            kind="Conférence audio en direct",
            listen="Écouter",
            stop="Arrêter l’écoute",
            starting="Connexion en cours…",
            playing="Vous écoutez la conférence en direct.",
            failed="L’écoute est interrompue. Appuyez sur «\u00a0Écouter\u00a0» pour la reprendre.",
            no_script="Votre navigateur n’exécute pas de scripts\u00a0: écoutez la conférence ici.",
            not_available="L’écoute sur le Web n’est pas offerte par ce serveur.",
            unknown_title="Conférence introuvable",
            unknown=(
                "Ce lien ne mène à aucune conférence diffusée sur le Web. "
                "Vérifiez l’adresse reçue dans l’invitation."
            ),
            standings=MappingProxyType(
                {
                    "before": "La conférence commencera {when}.",
                    "expected": (
                        "La conférence n’est pas commencée. Elle est prévue {when}; "
                        "cette page vous avertira."
                    ),
                    "under_way": "La conférence est en cours.",
                    "interrupted": (
                        "La conférence est interrompue\u00a0: "
                        "elle reprendra au retour d’un administrateur."
                    ),
                    "over": "La conférence est terminée.",
                }
            ),
        ),
        "en": Words(
            language="en",
            kind="Live audio conference",
            listen="Listen",
            stop="Stop listening",
            starting="Connecting…",
            playing="You are listening to the conference live.",
            failed="Listening was interrupted. Press “Listen” to go on.",
            no_script="Your browser runs no scripts: listen to the conference here.",
            not_available="This server does not offer listening on the web.",
            unknown_title="No such conference",
            unknown=(
                "This link leads to no conference that is streamed on the web. "
                "Check the address in your invitation."
            ),
            standings=MappingProxyType(
                {
                    "before": "The conference will begin {when}.",
                    "expected": (
                        "The conference has not begun. It is planned {when}; "
                        "this page will tell you."
                    ),
                    "under_way": "The conference is under way.",
                    "interrupted": (
                        "The conference is interrupted: "
                        "it will resume when an administrator is back."
                    ),
                    "over": "The conference is over.",
                }
            ),
        ),
    }
)


def when(moment: datetime, zone: str, language: str) -> str:
    """A moment as people of a zone tell it, with the name of the zone."""
    local = moment.astimezone(ZoneInfo(zone))
    return _MOMENT[language].format(
        date=day_told(local, language),
        time=hour_told(local, language),
        zone=zone_told(local, language),
    )
