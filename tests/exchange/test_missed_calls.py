"""Which telephones show a missed call, of several that rang."""

import asyncio
from typing import cast

import pytest

from call.leg import Party
from vestibule.exchange.ports import TAKEN_ELSEWHERE, Bell, Rings, SwitchedLeg
from vestibule.exchange.ringing import NotTaken, Ringing, Taken

LEG = cast(SwitchedLeg, object())
"""Whoever answers; nothing is asked of it."""


class Telephone:
    """A telephone that rings until it is taken, or until it is told to stop, and why."""

    def __init__(self, leg: SwitchedLeg | None = None) -> None:
        self._leg = leg
        self.told: tuple[object, ...] | None = None

    @property
    def bell(self) -> Bell:
        return Bell(Party("101", internal=True), self._ring)

    async def _ring(self, rings: Rings) -> SwitchedLeg:
        if self._leg is not None:
            return self._leg
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as stopped:
            self.told = stopped.args
            raise
        raise AssertionError


def unheard(leg: SwitchedLeg, early: bool) -> None:
    """Nobody listens to how it rings."""


async def test_who_was_not_quick_enough_learns_that_somebody_else_took_the_call() -> None:
    slow = Telephone()
    ringing = Ringing([slow.bell, Telephone(LEG).bell], 20.0, lambda leg: None)
    assert await ringing.run(unheard) == Taken(LEG)
    await asyncio.sleep(0)
    assert slow.told == (TAKEN_ELSEWHERE,)


async def test_what_nobody_took_was_missed() -> None:
    alone = Telephone()
    assert await Ringing([alone.bell], 0.0, lambda leg: None).run(unheard) == NotTaken()
    assert alone.told == ()


async def test_a_caller_who_gave_up_was_missed() -> None:
    alone = Telephone()
    running = asyncio.create_task(Ringing([alone.bell], 20.0, lambda leg: None).run(unheard))
    for _ in range(3):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(0)
    assert alone.told == ()
