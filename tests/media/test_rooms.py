"""In a room everybody hears all others, and not themself."""

import numpy as np

from call.media import RoomClosed, RoomEvent
from tests.media.plane import a_call, a_plane, tone


def test_each_of_three_hears_the_two_others() -> None:
    plane = a_plane()
    told: list[RoomEvent] = []
    room = plane.open_room(told.append)
    people = [a_call(plane) for _ in range(3)]
    pitches = (400, 1000, 1600)
    for person, pitch in zip(people, pitches, strict=True):
        plane.join(person.slot, room)
        person.far.speak(tone(1.0, pitch, 4000))
    plane.advance(1.2)
    for person, own in zip(people, pitches, strict=True):
        sound = person.far.sound()[3200:7200]
        strength = np.abs(np.fft.rfft(sound)) / len(sound)
        heard = {pitch for pitch in pitches if strength[pitch // 2] > 500}
        assert heard == set(pitches) - {own}
    plane.close_room(room)
    plane.advance(0.1)
    assert told[-1] == RoomClosed()
