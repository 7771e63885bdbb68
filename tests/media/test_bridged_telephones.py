"""Two telephones on loopback, bridged by the plane's own process."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from call.media import KeyPressed
from call.sound import FRAME
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from tests.media.test_process import Ear, Phone, call_of

pytestmark = pytest.mark.wire


@pytest.fixture
async def plane() -> AsyncIterator[MediaProcess]:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=4))
    await plane.start()
    yield plane
    await plane.stop()


async def test_two_telephones_hear_each_other_to_the_octet_and_a_key_goes_across(
    plane: MediaProcess,
) -> None:
    ears = Ear(), Ear()
    calls = [await call_of(plane, ear) for ear in ears]
    (first, slot), (second, other) = calls
    plane.bridge(slot, other)
    said = np.random.default_rng(1).integers(0, 256, (2, 100 * FRAME)).astype(np.uint8)
    await asyncio.gather(first.speak(said[0].tobytes(), 0), second.speak(said[1].tobytes(), 7))
    # This machine may stand still and make us send late; half a second in which it did not is
    # enough to tell that nothing is altered.
    assert longest_run(said[0], second) >= 25
    assert longest_run(said[1], first) >= 25
    first.press("5", 100 * FRAME)
    await ears[0].hears(KeyPressed)
    await second.hears(len(second.heard) + 10)
    assert {packet.payload[0] for packet in second.heard if packet.payload_type == 101} == {5}
    assert not [event for event in ears[1].events if isinstance(event, KeyPressed)]
    for phone, _ in calls:
        phone.transport.close()


def longest_run(said: np.ndarray, phone: Phone) -> int:
    """How many frames in a row were heard as they were said."""
    places = {said[n : n + FRAME].tobytes(): n // FRAME for n in range(0, len(said), FRAME)}
    longest = run = 0
    before = None
    for packet in phone.heard:
        place = places.get(packet.payload)
        run = run + 1 if place is not None and before is not None and place == before + 1 else 0
        longest, before = max(longest, run), place
    return longest
