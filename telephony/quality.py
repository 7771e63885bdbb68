"""How well a call is heard: the E-model of ITU-T G.107, and the opinion it lets one expect.

The model begins with the best a narrowband telephone call can be, and takes away what delay, echo,
the codec and lost packets spoil. What belongs to the telephones (loudness, noise of rooms and
circuits, side tone, echo) is taken at its default of G.107, Table 2, as nobody tells us better;
what belongs to the network is measured. R is 93.2 at its best, and a mean opinion score (MOS) of
4.4; below an R of 70 (MOS 3.6) many callers are dissatisfied, below 50 nearly all (G.109).

It is an estimate of a conversation. A caller who listens to a menu feels the delay less.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from call.media import Codec, Wideband
from call.sound import Law

# G.107, Table 2: what is not measured. Loudness and levels in dB, noise in dBm0p and dB(A).
_SLR, _RLR, _STMR, _LSTR = 8.0, 2.0, 15.0, 18.0
_D_S = 3.0
_TELR, _WEPL = 65.0, 110.0
_QDU = 1.0
_NC, _NFOR, _P_S, _P_R = -70.0, -64.0, 35.0, 35.0
_OLR = _SLR + _RLR

_WORST_BURSTS = 8.0  # G.107, Table 2: the burst ratios the model was made for
_WORST_BURSTS_OF_MANY = 2.0  # and where 2 % of the packets or more are lost
_MANY = 0.02


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a codec costs (ITU-T G.113, appendix I)."""

    ie: float
    """Taken from R where no packet is lost."""
    bpl: float
    """How well it bears loss: the higher, the better."""


CONCEALED = Impairment(0.0, 25.1)
"""G.711 whose losses are concealed."""

UNCONCEALED = Impairment(0.0, 4.3)
"""G.711 whose losses are silence."""

IMPAIRMENTS: Mapping[Codec, Impairment] = MappingProxyType(
    {
        Law.PCMU: CONCEALED,
        Law.PCMA: CONCEALED,
        # On the narrowband scale nothing is better than G.711. G.113 rates G.722 on the wideband
        # scale alone, and Opus not at all: they are held to bear loss as concealed G.711 does.
        Wideband.G722: CONCEALED,
        Wideband.OPUS: CONCEALED,
    }
)


def rating(
    impairment: Impairment, *, delay_s: float, loss: float, burst_ratio: float = 1.0
) -> float:
    """The transmission rating R of one direction, 0 to 93.2 (G.107, 7).

    `delay_s` is from mouth to ear; `loss` the share of packets that were lost or came too late,
    0 to 1; `burst_ratio` how much longer the bursts of loss are than chance makes them.
    """
    noise = _noise()
    ratio = 15 - 1.5 * (_SLR + noise)  # 7.1: signal to noise
    at_once = ratio - _simultaneous(ratio, noise, delay_s * 1000)
    r = at_once - _delayed(ratio, noise, delay_s * 1000) - _equipment(impairment, loss, burst_ratio)
    return max(0.0, min(100.0, r))


def opinion(r: float) -> float:
    """The mean opinion score that a rating lets one expect, 1 to 4.5 (G.107, annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    # Between 0 and 6.5 the polynomial falls under its value at 0.
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def burst_ratio(lost: int, bursts: int, expected: int) -> float:
    """How much longer the bursts of loss were than those of chance: 1 where chance alone lost.

    Of `expected` packets `lost` did not come, in `bursts` rows of neighbours (G.107, 7.5). The
    least is 1: losses spread more evenly than by chance are no easier to bear.
    """
    if not bursts or lost >= expected:
        return 1.0
    return max(1.0, lost / bursts * (1 - lost / expected))


def _noise() -> float:
    """Of circuits, rooms and the receiver, in dBm0p (7.1)."""
    receiving = _P_R + 10 * math.log10(1 + 10 ** ((10 - _LSTR) / 10))
    sources = (
        _NC,
        _P_S - _SLR - _D_S - 100 + 0.004 * (_P_S - _OLR - _D_S - 14) ** 2,
        _RLR - 121 + receiving + 0.008 * (receiving - 35) ** 2,
        _NFOR + _RLR,
    )
    return 10 * math.log10(sum(10 ** (source / 10) for source in sources))


def _simultaneous(ratio: float, noise: float, delay_ms: float) -> float:
    """What is heard with the voice: loudness, side tone, quantizing (7.2)."""
    x = (_OLR + 0.2 * (64 + noise - _RLR)) / 8
    loudness = 20 * (_bend(x, 8) - x)
    side = -10 * math.log10(10 ** (-_STMR / 10) + math.exp(-delay_ms / 4) * 10 ** (-_TELR / 10))
    tone = (
        12 * _bend((side - 13) / 6, 8)
        - 28 * _bend((side + 1) / 19.4, 35)
        - 13 * _bend((side - 3) / 33, 13)
        + 29
    )
    q = 37 - 15 * math.log10(_QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y, z = (ratio - 100) / 15 + 46 / 8.4 - g / 9, 46 / 30 - g / 40
    return loudness + tone + 15 * math.log10(1 + 10**y + 10**z)


def _delayed(ratio: float, noise: float, delay_ms: float) -> float:
    """What delay spoils: the talker's echo, the listener's, and the turns of talk (7.3)."""
    late = math.log10((1 + delay_ms / 10) / (1 + delay_ms / 150))
    echo_loudness = _TELR - 40 * late + 6 * math.exp(-0.3 * delay_ms**2)
    echo = (-1.5 * (noise - _RLR) - (80 + 2.5 * (echo_loudness - 14))) / 2
    talker = (echo + math.sqrt(echo**2 + 100) - 1) * (1 - math.exp(-delay_ms))
    around = (ratio - 10.5 * (_WEPL + 7) * math.pow(2 * delay_ms + 1, -0.25)) / 2
    return talker + around + math.sqrt(around**2 + 169) + _turns(delay_ms)


def _turns(delay_ms: float) -> float:
    """What delay alone spoils: nothing up to 100 ms (7.3)."""
    if delay_ms <= 100:
        return 0.0
    x = math.log2(delay_ms / 100)
    return 25 * (_bend(x, 6) - 3 * _bend(x / 3, 6) + 2)


def _bend(x: float, sharpness: int) -> float:
    """1 for a small x, and x for a large one."""
    return math.pow(1 + math.pow(x, sharpness), 1 / sharpness)


def _equipment(impairment: Impairment, loss: float, ratio: float) -> float:
    """What the codec and lost packets spoil (7.5)."""
    share = max(0.0, min(1.0, loss))
    most = _WORST_BURSTS if share < _MANY else _WORST_BURSTS_OF_MANY
    percent, ratio = 100 * share, max(1.0, min(most, ratio))
    lossy = (95 - impairment.ie) * percent / (percent / ratio + impairment.bpl)
    return impairment.ie + lossy
