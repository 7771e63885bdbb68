"""Damage to octets, drawn from a seed: the same seed always does the same damage."""

import random
from collections.abc import Callable, Iterator, Sequence

NASTY = (
    b"\x00",
    b"\xff\xff\xff\xff",
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"%",
    b"%00",
    b"%s%n",
    b'"',
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"@",
    b"[::1]",
    b"[",
    b"=",
    b"-1",
    b"0",
    b"4294967296",
    b"99999999999",
    b"1e9",
    b" ",
    b"\t",
    b"\xc3\x28",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"A" * 3000,
    b"sip:",
    b"tel:",
    b"sips:",
    b"SIP/2.0",
    b"INVITE",
    b"BYE",
    b"Via: ",
    b"Content-Length: ",
    b";tag=",
    b";branch=z9hG4bK",
    b"a=rtpmap:",
    b"m=audio ",
    b"c=IN IP6 ",
    b"telephone-event",
    b"*",
    b"'",
    b"(",
    b"\x7f",
    b"\x80",
)

Mutation = Callable[[random.Random, bytes], bytes]


def _flip(draw: random.Random, data: bytes) -> bytes:
    octets = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        if octets:
            octets[draw.randrange(len(octets))] ^= 1 << draw.randrange(8)
    return bytes(octets)


def _overwrite(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    nasty = draw.choice(NASTY)
    return data[:at] + nasty + data[at + len(nasty) :]


def _insert(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(NASTY) + data[at:]


def _truncate(draw: random.Random, data: bytes) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _remove(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + data[at + draw.randint(1, 40) :]


def _repeat(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    part = data[at : at + draw.randint(1, 60)]
    return data[:at] + part * draw.choice((2, 3, 50)) + data[at:]


def _shuffle_lines(draw: random.Random, data: bytes) -> bytes:
    first, *lines = data.split(b"\r\n")
    draw.shuffle(lines)
    return b"\r\n".join([first, *lines])


def _drop_line(draw: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    del lines[draw.randrange(len(lines))]
    return b"\r\n".join(lines)


def _number(draw: random.Random, data: bytes) -> bytes:
    """Replace a run of digits by a number that is hard to hold."""
    places = [at for at, octet in enumerate(data) if 48 <= octet <= 57]
    if not places:
        return _flip(draw, data)
    start = end = draw.choice(places)
    while end < len(data) and 48 <= data[end] <= 57:
        end += 1
    hard = draw.choice((b"", b"-1", b"0", b"65536", b"4294967296", b"9" * 40, b"0x10", b"1.5"))
    return data[:start] + hard + data[end:]


TEXT: Sequence[Mutation] = (
    _flip, _overwrite, _insert, _truncate, _remove, _repeat, _shuffle_lines, _drop_line, _number,
)  # fmt: skip
BINARY: Sequence[Mutation] = (_flip, _overwrite, _insert, _truncate, _remove, _repeat)


def mutants(
    corpus: Sequence[bytes], count: int, *, seed: int, kinds: Sequence[Mutation] = TEXT
) -> Iterator[bytes]:
    """`count` damaged copies of members of the corpus, each hurt one to three times."""
    draw = random.Random(seed)
    for _ in range(count):
        data = draw.choice(corpus)
        for _ in range(draw.choice((1, 1, 2, 3))):
            data = draw.choice(kinds)(draw, data)
        yield data
