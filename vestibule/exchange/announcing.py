"""Sentences said on a leg while no dialogue talks there."""

import asyncio
from collections.abc import Callable, Mapping

from call.leg import Leg
from ivr.prompts import Phrase, Value, Voice
from vestibule.exchange.patch import SIGNAL_TICKET
from vestibule.exchange.ports import is_switched


class Announcer:
    """Says sentences to people; `language` is the one of whoever is at a leg."""

    def __init__(self, voice: Voice, language: Callable[[Leg], str]) -> None:
        self._voice = voice
        self._language = language

    async def say(self, leg: Leg, phrase: str, arguments: Mapping[str, Value]) -> None:
        """Say a phrase, above whom they hear; returns when it is said, or the leg is over."""
        given = tuple(sorted(arguments.items()))
        clips = await self._voice.clips((Phrase(phrase, self._language(leg), given),))
        if not (is_switched(leg) and leg.up):
            return
        leg.play(clips, SIGNAL_TICKET)
        over = asyncio.ensure_future(leg.end())
        try:
            await asyncio.wait([over], timeout=sum(clip.seconds for clip in clips))
        finally:
            over.cancel()
