"""The undisturbed part of a beat, call by call and sample by sample: loops to be compiled.

Theory of operation. After 18 ms of sleep a processor has forgotten the program, and each operation
of numpy that a beat uses costs tens of microseconds the first time, however few the calls are: the
machine reads its code from memory. A compiled loop is little code, and that is all that counts
while calls are few. Each loop here does what a few strokes of numpy do elsewhere in this package,
to the same end, and leaves to them what is not plain. Where the extra `compiled` is not installed,
all is left to them: this module is imported where numba is there, and nothing else knows numba.

Rows are whole arrays of the plane, indexed by call, and changed in place.
"""

import socket
from collections.abc import Callable
from typing import Annotated, TypeVar, cast, get_type_hints

import numpy as np
from numba import config, njit
from numba.types import ExternalFunction, int32, int64, uint64
from numpy.typing import NDArray

from call.sound import FRAME
from telephony.concealment import KEPT
from telephony.following import ARRIVED, HEAD, LEFT, NEXT, SSRC
from telephony.media.ahead import ASK, LAID, REST
from telephony.media.limiter import FULL, KNEE, NEARLY, QUICKEST, RELEASE, ROOM
from telephony.media.line import MTU
from telephony.media.mixing import CODES, MIDDLE
from telephony.media.speakers import BEGIN, GO_ON, NOISY, ONSET, SILENT, SPAN, STEADY, WEAKEST
from telephony.playout import DEPTH, PAUSE
from telephony.rtp import HEADER

_SOUND = HEADER.size
_WHOLE = HEADER.size + FRAME
_MSG_DONTWAIT = int(socket.MSG_DONTWAIT)
# What lets a loop take several samples at once.
_REORDERED = frozenset(("reassoc", "nnan", "ninf", "nsz"))

# Arrays by their number of axes: what they are to mypy, and to numba.
Octets1 = Annotated[NDArray[np.uint8], "u1[::1]"]
Octets2 = Annotated[NDArray[np.uint8], "u1[:, ::1]"]
Octets3 = Annotated[NDArray[np.uint8], "u1[:, :, ::1]"]
Samples1 = Annotated[NDArray[np.int16], "i2[::1]"]
Samples2 = Annotated[NDArray[np.int16], "i2[:, ::1]"]
Samples3 = Annotated[NDArray[np.int16], "i2[:, :, ::1]"]
Runs1 = Annotated[NDArray[np.int32], "i4[::1]"]
Numbers1 = Annotated[NDArray[np.int64], "i8[::1]"]
Numbers2 = Annotated[NDArray[np.int64], "i8[:, ::1]"]
Gains1 = Annotated[NDArray[np.float32], "f4[::1]"]
Gains2 = Annotated[NDArray[np.float32], "f4[:, ::1]"]
Floats1 = Annotated[NDArray[np.float64], "f8[::1]"]
Flags1 = Annotated[NDArray[np.bool_], "b1[::1]"]
Number = Annotated[int, "i8"]
Two = Annotated[tuple[int, int], "UniTuple(i8, 2)"]
Flag = Annotated[bool, "b1"]
Nothing = Annotated[None, "void"]

_Loop = TypeVar("_Loop", bound=Callable[..., object])


def _compiled(loop: _Loop) -> _Loop:
    """Compile a loop now, for the types it names and no others."""
    named = get_type_hints(loop, include_extras=True)
    *takes, returns = [hint.__metadata__[0] for hint in named.values()]
    signature = f"{returns}({', '.join(takes)})"
    kept = bool(config.CACHE_DIR)  # else nothing may be written anywhere
    return cast(_Loop, njit(signature, cache=kept, fastmath=set(_REORDERED))(loop))


_send = ExternalFunction("send", int64(int32, int64, uint64, int32))
_recv = ExternalFunction("recv", int64(int32, int64, uint64, int32))


@_compiled
def take(
    whose: Numbers1, descriptors: Numbers1, calls: Numbers1, sizes: Numbers1, packets: Octets2,
    foretold: Numbers2, jitter: Floats1, listened: Flags1, octets: Octets3, frames: Numbers2,
    filled: Samples2, head: Numbers1, arrived: Numbers1, now: Number, others: Numbers1,
) -> Two:  # fmt: skip
    """Read a packet from each socket that has any, and keep the sound of those foretold.

    `whose` tells the call of each socket. What is read goes into the rows of `packets`, whose calls
    and sizes are put into `calls` and `sizes`: so many, and so many of them not as foretold; the
    rows of these are put into `others`. See `following` for what is foretold, `Ring` for the rest.
    """
    came = strange = 0
    for n in range(len(whose)):
        into = packets.ctypes.data + came * packets.shape[1]
        size = _recv(descriptors[n], into, MTU, _MSG_DONTWAIT)
        if size >= 0:
            calls[came], sizes[came] = whose[n], size
            came += 1
    for n in range(came):
        call = calls[n]
        first, ssrc = np.int64(0), np.int64(0)
        for place in range(8):
            first = first << 8 | packets[n, place]
        for place in range(8, _SOUND):
            ssrc = ssrc << 8 | packets[n, place]
        if (
            sizes[n] != _WHOLE
            or foretold[call, HEAD] != first
            or foretold[call, SSRC] != ssrc
            or foretold[call, LEFT] <= 0
            or foretold[call, ARRIVED] < now - PAUSE
        ):
            others[strange] = n
            strange += 1
            continue
        change = abs(now - 1 - foretold[call, ARRIVED]) * FRAME
        jitter[call] += (change - jitter[call]) / 16
        frame = foretold[call, NEXT]
        foretold[call, HEAD] += (1 << 32) + FRAME
        foretold[call, LEFT] -= 1
        foretold[call, ARRIVED] = now
        foretold[call, NEXT] = frame + 1
        if listened[call]:
            place = frame % DEPTH
            frames[place, call] = frame
            filled[place, call] = FRAME
            for k in range(FRAME):
                octets[place, call, k] = packets[n, _SOUND + k]
            head[call] = frame + 1
            arrived[call] = now
    return came, strange


@_compiled
def hear(
    calls: Numbers1, octets: Octets3, frames: Numbers2, filled: Samples2, head: Numbers1,
    cursor: Numbers1, owed: Numbers1, due: Numbers1, hasty: Flags1, margin: Numbers1,
    waited: Numbers1, most: Number, quiet: Number, gap: Flags1, turn: Numbers1, past: Samples3,
    law: Octets1, table: Samples1, heard: Numbers1, said: Octets2, linear: Samples2,
    others: Numbers1,
) -> Number:  # fmt: skip
    """Let each call be heard whose next frame is there, follows, and waits no longer than `most`.

    Where a frame is due to be left out or put in, it must not be `quiet` either. Tells of how many
    this is not so; they are put into `others`. See `Live` for the arrays.
    """
    strange = 0
    for n in range(len(calls)):
        call = calls[n]
        frame = cursor[call]
        place = frame % DEPTH
        waiting = head[call] - frame
        if (
            frames[place, call] != frame
            or filled[place, call] < FRAME
            or waiting > most
            or owed[call] != 0
            or gap[call]
            or hasty[call]
        ):
            others[strange] = call
            strange += 1
            continue
        lift = np.int64(law[call]) * 256
        if due[call] != 0:
            loud = False
            for k in range(FRAME):
                loud |= abs(table[lift + octets[place, call, k]]) >= quiet
            if not loud:
                others[strange] = call
                strange += 1
                continue
        cursor[call] = frame + 1
        margin[call] = min(margin[call], waited[call])
        waited[call] = waiting
        heard[call] = frame
        oldest = turn[call]
        turn[call] = (oldest + 1) % KEPT
        for k in range(FRAME):
            octet = octets[place, call, k]
            sample = table[lift + octet]
            said[call, k] = octet
            linear[call, k] = sample
            past[oldest, call, k] = sample
    return strange


@_compiled
def _soften(sound: Gains1, place: Number, limit: Gains1) -> Nothing:
    """What `limiter.soften` does, for one row."""
    peak = np.float32(0)
    for k in range(FRAME):
        peak = max(peak, abs(sound[k]))
    before = limit[place]
    after = before + (1 - before) * RELEASE
    if after > NEARLY:
        after = np.float32(1)
    if peak > KNEE:
        over = peak - KNEE
        after = min(after, (KNEE + over * ROOM / (over + ROOM)) / peak)
    limit[place] = after
    if after < before:
        first = 0
        while first < FRAME and abs(sound[first]) <= KNEE:
            first += 1
        first = max(first % FRAME, QUICKEST)
        for k in range(FRAME):
            gain = before + (after - before) * min(np.float32(k + 1) / first, 1)
            sound[k] = max(-FULL, min(FULL, sound[k] * gain))
    elif before < 1:
        step = (after - before) / FRAME
        for k in range(FRAME):
            sound[k] *= before + step * (k + 1)


@_compiled
def mix(
    calls: Numbers1, where: Numbers1, linear: Samples2, hush: Number, says: Gains1,
    says_wanted: Gains1, lowered: Gains1, hears: Gains1, hears_wanted: Gains1, spoken: Gains2,
    totals: Gains2, announced: Flag, measured: Flag, squares: Gains1, limit: Gains1,
    rooms: Numbers1, law: Octets1, table: Octets1, live: Octets2, recorded: Samples2,
) -> Nothing:  # fmt: skip
    """Mix what everybody says into what each hears next.

    `totals` has a row for each room: where anything is `announced`, it is there already. `recorded`
    has one for each room, or none. `limit` is the limiter's gain of each call, and then of each
    room. `spoken` is used up. See `Mixer` for the rest.
    """
    people = len(calls)
    if not announced:
        for room in range(len(rooms)):
            for k in range(FRAME):
                totals[room, k] = 0
    for n in range(people):
        call, room = calls[n], where[n]
        was, now = says[call], says_wanted[call] * lowered[room]
        says[call] = now
        loud = False
        if was > 0 or now > 0:
            for k in range(FRAME):
                loud |= linear[call, k] > hush or linear[call, k] < -hush
        power, step = np.float32(0), (now - was) / np.float32(FRAME)
        for k in range(FRAME):
            sample = np.float32(linear[call, k]) if loud else np.float32(0)
            power += sample * sample
            spoken[n, k] = sample * (was + step * np.float32(k + 1))
            totals[room, k] += spoken[n, k]
        if measured:
            squares[call] = power if now > 0 else np.float32(0)
    for n in range(people + len(recorded)):
        if n < people:
            room, place = where[n], calls[n]
            was, now = hears[place], hears_wanted[place]
            hears[place] = now
        else:
            room, place = n - people, len(squares) + rooms[n - people]
            was = now = np.float32(1)
            for k in range(FRAME):
                spoken[n, k] = 0
        sound, step = spoken[n], (now - was) / np.float32(FRAME)
        for k in range(FRAME):
            sound[k] = (totals[room, k] - sound[k]) * (was + step * np.float32(k + 1))
        _soften(sound, place, limit)
        if n < people:
            lift = np.float32(law[place]) * CODES + MIDDLE
            for k in range(FRAME):
                live[place, k] = table[np.int64(sound[k] + lift)]
        else:
            for k in range(FRAME):
                recorded[room, k] = np.int16(np.rint(sound[k]))
    if not len(recorded):
        for room in range(len(rooms)):  # whoever hears a whole room later begins as at first
            limit[len(squares) + rooms[room]] = 1


@_compiled
def lay(
    talkers: Numbers1, left: Numbers1, laid: Octets3, followers: Numbers1, live: Octets2,
    rows: Numbers1, packets: Octets2, asked: Numbers1, talking: Numbers1,
) -> Two:  # fmt: skip
    """Lay the next frame into the packets of `talkers` and `followers`, and count up all `rows`.

    Tells how many voices are to be asked what they say, and how many sound above what their calls
    hear: those are put into `asked`, these into `talking`.
    """
    asks = talks = 0
    for n in range(len(talkers)):
        call = talkers[n]
        if left[call] > 0:
            for k in range(FRAME):
                packets[call, _SOUND + k] = laid[call, LAID - left[call], k]
            left[call] -= 1
        elif left[call] == ASK:
            asked[asks] = call
            asks += 1
    for n in range(len(followers)):
        call = followers[n]
        for k in range(FRAME):
            packets[call, _SOUND + k] = live[call, k]
        if left[call] != REST:
            talking[talks] = call
            talks += 1
    for n in range(len(rows)):
        call = rows[n]
        sequence = (np.int64(packets[call, 2]) << 8) + packets[call, 3] + 1
        packets[call, 2], packets[call, 3] = sequence >> 8 & 0xFF, sequence & 0xFF
        timestamp = np.int64(FRAME)
        for k in range(4):
            timestamp += np.int64(packets[call, 4 + k]) << 24 - 8 * k
        for k in range(4):
            packets[call, 4 + k] = timestamp >> 24 - 8 * k & 0xFF
    return asks, talks


@_compiled
def send(
    calls: Numbers1, descriptors: Numbers1, packets: Octets2, size: Number, failed: Numbers1
) -> Number:
    """Send a packet of each call on its socket; the places of those that failed, and how many."""
    fails = 0
    for n in range(len(calls)):
        packet = packets.ctypes.data + calls[n] * packets.shape[1]
        if _send(descriptors[n], packet, size, _MSG_DONTWAIT) < 0:
            failed[fails] = n
            fails += 1
    return fails


@_compiled
def weigh(
    calls: Numbers1, seen: Gains2, steady: Gains1, least: Gains2, age: Runs1, run: Runs1,
    speaks: Flags1, pause: Number,
) -> Nothing:  # fmt: skip
    """Take several looks at who speaks. See `Speakers` for the arrays."""
    for look in range(len(seen)):
        for n in range(len(calls)):
            call = calls[n]
            squares = seen[look, call]
            steady[call] += (squares - steady[call]) * STEADY
            present = min(least[1, call], squares)
            quiet = min(max(min(least[0, call], present), SILENT), NOISY)
            age[call] += 1
            if age[call] >= SPAN:
                age[call] = 0
                least[0, call], least[1, call] = present, NOISY
            else:
                least[1, call] = present
            if squares > max(WEAKEST, quiet * (GO_ON if speaks[call] else BEGIN)):
                run[call] = max(run[call], 0) + 1
            else:
                run[call] = min(run[call], 0) - 1
            speaks[call] = run[call] > -pause if speaks[call] else run[call] >= ONSET
