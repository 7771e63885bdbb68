"""The page as somebody uses it: a real browser, real sound, one button."""

import asyncio
from pathlib import Path

import pytest

from tests.console.chromium import CHROMIUM, chromium
from tests.console.held import BOARD
from tests.console.test_listening import LINK, MEETING, House

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

PATIENCE_S = 180.0
PLAYS = "document.querySelector('#hears').textContent === 'Vous écoutez la conférence en direct.'"


async def test_listening_stops_and_begins_again_as_often_as_the_button_is_pressed(
    tmp_path: Path,
) -> None:
    house = House(MEETING, most=8)
    house.meetings.rooms = (BOARD,)
    async with (
        asyncio.timeout(PATIENCE_S),
        house.opened(PATIENCE_S) as client,
        chromium(tmp_path / "profile") as page,
    ):
        await page.goes_to(f"{client.base_url}{LINK}")
        await page.until(button_says("Écouter"))
        for _ in range(2):
            await page.clicks("#listen")
            await page.until(f"{PLAYS} && sound.currentTime > 0.1")
            await page.until(button_says("Arrêter l’écoute"))
            await page.clicks("#listen")
            await page.until("sound.paused || !sound.currentSrc")
            await page.until(button_says("Écouter"))
        for wait_ms in range(4, 13):  # about when the sound begun first is opened
            await page.tells(
                "(button => { button.click(); setTimeout(() => { button.click(); button.click(); },"
                f" {wait_ms}) }})(document.querySelector('#listen'))"
            )
            await page.until(PLAYS)
            await page.clicks("#listen")
        for _ in range(3):
            await page.clicks("#listen")
        await page.until(PLAYS)
        house.meetings.rooms = ()
        await page.until("document.querySelector('#listen').disabled")


def button_says(words: str) -> str:
    """Whether the button says this, as the page knows it."""
    return f"document.querySelector('#listen').textContent === '{words}'"
