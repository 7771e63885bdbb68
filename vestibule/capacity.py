"""`vestibule doctor --media`: how many calls this machine will hold, and what limits them."""

import resource
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from call.errors import Unavailable
from telephony.media.compiling import compiler
from telephony.media.process import slots_within
from telephony.media.trial import Round, Step, TrialPlan, try_calls
from vestibule.doctor import Finding, Verdict
from vestibule.settings import Settings

MOST = 4000
"""Calls tried at most: what holds more is no machine of a small company."""

BUSY = 0.7
"""The share of its time that the plane should work at most: what is left is for bad moments."""

MEMORY_SHARE = 0.5
"""Of the memory that is free, what calls may have."""

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The ports the system chooses from."""

BETTER_SCHEDULING = (
    "For a steadier beat on a busy machine, permit real-time scheduling: LimitRTPRIO=1 in the"
    " systemd unit (or AmbientCapabilities=CAP_SYS_NICE), ulimit -r 1 in a shell."
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one kind of call costs, and how many of them there may be."""

    processor: float
    """Cores a call, where there are many."""
    memory: float
    """Octets a call."""
    calls: int
    """So many keep the plane BUSY."""


def estimate(steps: Sequence[Step], *, late_s: float) -> Estimate:
    """Judge by the last two steps of a round; a step whose beats came late was too much."""
    last = steps[-1]
    before = steps[-2] if len(steps) > 1 else None
    calls = round(last.calls * BUSY / last.busy) if last.busy > 0 else last.calls
    processor = last.processor / last.calls
    memory = 0.0
    if before is not None:
        more = last.calls - before.calls
        memory = max(0.0, (last.memory - before.memory) / more)
        a_call = (last.busy - before.busy) / more
        if a_call > 0:
            calls = round(last.calls + (BUSY - last.busy) / a_call)
        if last.late_s > late_s:
            calls = min(calls, before.calls)
    return Estimate(processor, memory, max(0, calls))


async def examine_media(settings: Settings, plan: TrialPlan | None = None) -> list[Finding]:
    """Try it, for about a quarter of a minute; a line for each thing that limits calls."""
    with tempfile.TemporaryDirectory(dir=_spool(settings), prefix="trial-") as folder:
        plan = plan or TrialPlan(Path(folder), MOST)
        try:
            playing = await try_calls(plan, record=False)
            recording = await try_calls(plan, record=True)
        except Unavailable as fault:
            advice = "See the other lines of the doctor."
            return [Finding(Verdict.BAD, "media trial", str(fault), advice)]
    return judge(settings, playing, recording, late_s=plan.late_s)


def judge(settings: Settings, playing: Round, recording: Round, *, late_s: float) -> list[Finding]:
    """What the rounds and the limits of this machine come to."""
    played = estimate(playing.steps, late_s=late_s)
    recorded = estimate(recording.steps, late_s=late_s)
    limits = {
        "processor": min(played.calls, recorded.calls),
        "descriptors": slots_within(resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        "ports": _ports(settings),
        "memory": _memory(max(played.memory, recorded.memory)),
    }
    return [
        _tried("calls that hear a prompt", playing, played),
        _tried("calls that are recorded", recording, recorded),
        _scheduling(playing.priority),
        *_loops(playing.compiled),
        _limit("descriptors", limits["descriptors"], "LimitNOFILE in the systemd unit, ulimit -n"),
        _limit("ports", limits["ports"], "media.first_port and media.last_port"),
        _limit("memory", limits["memory"], "more memory, or less that runs beside"),
        _verdict(settings, limits),
    ]


def _tried(about: str, trial: Round, found: Estimate) -> Finding:
    last = trial.steps[-1]
    what = (
        f"{found.processor * 100:.3f} % of a core a call, room for about {found.calls}"
        f" (tried {last.calls}: {last.busy * 100:.0f} % busy, the worst beat"
        f" {last.late_s * 1000:.1f} ms late, {trial.lost} packets lost)"
    )
    return Finding(Verdict.GOOD, about, what)


def _scheduling(priority: str) -> Finding:
    if priority == "SCHED_FIFO":
        return Finding(Verdict.GOOD, "scheduling", f"{priority}: sound comes before all else")
    return Finding(Verdict.NOTE, "scheduling", priority, BETTER_SCHEDULING)


def _loops(compiled: bool) -> list[Finding]:
    """Whether the plane that was tried did without the loops that could be compiled here."""
    there = compiler()
    if compiled or not there:
        return []
    what = f"not compiled, though {there} is there: numpy does their part"
    advice = "A warning of the plane says why; calls cost more processor until it is mended."
    return [Finding(Verdict.NOTE, "media loops", what, advice)]


def _limit(about: str, calls: int, how: str) -> Finding:
    if calls > MOST:
        return Finding(Verdict.GOOD, about, f"enough for more than {MOST} calls")
    return Finding(Verdict.GOOD, about, f"enough for {calls} calls; {how} decides")


def _verdict(settings: Settings, limits: dict[str, int]) -> Finding:
    wanted = settings.sip.max_calls
    limited_by = min(limits, key=lambda name: limits[name])
    calls = limits[limited_by]
    what = f"this machine holds about {calls} calls at once, limited by {limited_by}"
    if calls >= wanted:
        return Finding(Verdict.GOOD, f"sip.max_calls {wanted}", what)
    advice = f"Set sip.max_calls to {calls}, or give it more; callers beyond hear 503 either way."
    return Finding(Verdict.NOTE, f"sip.max_calls {wanted}", what, advice)


def _ports(settings: Settings) -> int:
    media = settings.media
    if not media.first_port:
        first, last = map(int, _EPHEMERAL.read_text().split())
        return (last - first + 1) // 2
    return max(0, media.last_port - media.first_port + 1) // 2


def _memory(a_call: float) -> int:
    """How many calls half of what is free has room for."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(int(rest.split()[0]) * 1024 * MEMORY_SHARE / max(a_call, 1.0))
    return MOST


def _spool(settings: Settings) -> Path | None:
    """Where recordings will lie, so that they are tried on that disk; elsewhere if not made yet."""
    for folder in (settings.storage.spool, settings.storage.data):
        if folder is not None and folder.is_dir():
            return folder
    return None
