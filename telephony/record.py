"""What there is to tell of a call when it is over."""

from dataclasses import dataclass

from call.leg import HangUpCause
from call.media import KeySource, MediaStatistics
from telephony.leg import SipLeg


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call from its INVITE to its end. Seconds; numbers and keys are never told here."""

    call_id: str
    outgoing: bool
    setup_s: float | None
    """From the INVITE to the 200; None for a call that was never answered."""
    talk_s: float | None
    """From the 200 to the end."""
    cause: HangUpCause | None
    by_peer: bool
    presses: int
    """Keys pressed, each counted once."""
    told_by: tuple[tuple[KeySource, int], ...]
    """Reports of keys by each way in which any came."""
    sound: MediaStatistics | None
    """None when the media plane was gone."""

    def fields(self) -> dict[str, object]:
        """The call as fields of a log line."""
        fields: dict[str, object] = {"call_id": self.call_id, "keys": self.presses}
        if self.cause is not None:
            fields |= {"cause": self.cause.value, "by_peer": self.by_peer}
        if self.talk_s is not None:
            fields["talk_s"] = round(self.talk_s, 1)
        fields |= {source.value: count for source, count in self.told_by}
        return fields | _sound(self.sound)


def record_of(leg: SipLeg, now: float) -> CallRecord:
    """What there is to tell of a leg that is over."""
    end, answered_at = leg.farewell, leg.answered_at
    return CallRecord(
        call_id=leg.call_id,
        outgoing=leg.outgoing,
        setup_s=None if answered_at is None else answered_at - leg.began_at,
        talk_s=None if answered_at is None else now - answered_at,
        cause=None if end is None else end.cause,
        by_peer=end is not None and end.by_caller,
        presses=leg.keys.presses,
        told_by=tuple((each, n) for each in KeySource if (n := leg.keys.reports(each))),
        sound=leg.statistics,
    )


def _sound(sound: MediaStatistics | None) -> dict[str, object]:
    if sound is None:
        return {}
    fields: dict[str, object | None] = {
        "codec": None if sound.codec is None else sound.codec.value,
        "sent": sound.packets_sent,
        "received": sound.packets_received,
        "lost": sound.packets_lost,
        "late": sound.packets_late,
        "bursts": _rounded(sound.burst_ratio, 1) if sound.burst_ratio > 1 else None,
        "jitter_ms": round(sound.jitter_ms, 1),
        "late_ticks": sound.late_ticks,
        "r": _rounded(sound.r_factor, 0),
        "mos": _rounded(sound.mos, 2),
        "rtt_ms": _rounded(sound.round_trip_ms, 0),
        "remote_lost": sound.remote_lost,
        "remote_jitter_ms": _rounded(sound.remote_jitter_ms, 1),
        "remote_mos": _rounded(sound.remote_mos, 2),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _rounded(value: float | None, places: int) -> float | None:
    if value is None:
        return None
    return round(value, places) if places else round(value)
