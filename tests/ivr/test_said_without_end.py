"""What a leg plays without end, as the imaginary leg of the tests plays it."""

from ivr.prompts import Phrase, Segment
from ivr.testing.line import Line

RING, REST = Phrase("ring", "fr"), Phrase("rest", "fr")


def test_segments_are_said_again_and_the_end_is_never_told() -> None:
    heard: list[tuple[float, Segment]] = []
    line = Line(lambda segment, at: heard.append((at, segment)))
    line.play([(RING, 2.0), (REST, 4.0)], 1, 10.0, repeat=True)
    assert line.advance(25.0) == []
    assert heard == [
        (10.0, RING),
        (12.0, REST),
        (16.0, RING),
        (18.0, REST),
        (22.0, RING),
        (24.0, REST),
    ]
    line.pause(25.0)
    line.resume(26.0)
    assert line.due == 29.0
    line.skip(8.5, 26.0)
    assert heard[-1] == (26.0, REST)
    assert line.due == 26.5
    line.stop_playing()
    assert line.advance(90.0) == []


def test_what_lasts_no_time_is_said_once() -> None:
    heard: list[Segment] = []
    line = Line(lambda segment, at: heard.append(segment))
    line.play([(RING, 0.0)], 1, 10.0, repeat=True)
    assert [type(event).__name__ for event in line.advance(11.0)] == ["PlayEnded"]
    assert heard == [RING]
