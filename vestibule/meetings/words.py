"""What is said in one conference, as sound: whose name first, in whose language, to whom."""

from conference.telling import EVERYBODY_INSIDE, Chime, Saying
from ivr.prompts import Phrase, Recorded, Segment
from ivr.voices.chimes import Chime as Sounded
from vestibule.call_sounds import CallSounds
from vestibule.meetings.announcements import ROOM, Announcements, Sentence
from vestibule.meetings.people import People


class Words:
    """Puts sayings into the announcements; `language` is what the room is spoken to in."""

    def __init__(
        self, people: People, announcements: Announcements, sounds: CallSounds, language: str
    ) -> None:
        self._people = people
        self._announcements = announcements
        self._sounds = sounds
        self._room_language = language

    def say(self, saying: Saying) -> None:
        """Say something to everybody it is for."""
        for to in saying.to if saying.to != EVERYBODY_INSIDE else (ROOM,):
            self._announcements.say(to, self._sentence(saying, to))

    def _sentence(self, saying: Saying, to: str) -> Sentence:
        segments: list[Segment] = []
        person = self._people.find(saying.name_of)
        if person is not None and person.said is not None:
            segments.append(Recorded(person.said))
        if saying.phrase:
            arguments = tuple(sorted(saying.arguments))
            segments.append(Phrase(saying.phrase, self._language(to), arguments))
        return Sentence(
            tuple(segments),
            None if saying.chime is None else self._sounds.chimes[Sounded(saying.chime)],
            saying.about if saying.chime is Chime.ARRIVAL else "",
            is_coming=bool(saying.about),
        )

    def _language(self, to: str) -> str:
        person = self._people.find(to)
        return self._room_language if person is None else person.member.language
