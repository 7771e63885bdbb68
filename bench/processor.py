"""Processor time and memory of a program with all its processes, from /proc."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PPID, _UTIME, _REAPED_STIME = 1, 11, 14
_PROC = Path("/proc")

_ROLES = {"telephony.media": "media plane", "espeak": "voice"}
"""What a command line says of the part a process plays."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds by part of the program since it began, its dead children included."""

    by_part: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.by_part.values())

    def since(self, before: "Usage") -> "Usage":
        """What was used between two readings."""
        return Usage({part: s - before.by_part.get(part, 0.0) for part, s in self.by_part.items()})


def processor_s(pid: int) -> float:
    """Processor seconds one process and its dead children have used."""
    return sum(int(n) for n in _stat(pid)[_UTIME : _REAPED_STIME + 1]) / _TICKS


def usage(pid: int) -> Usage:
    """Processor seconds of a process and all its descendants."""
    by_part: dict[str, float] = {}
    for each in _family(pid):
        try:
            part, seconds = _part(each, pid), processor_s(each)
        except OSError:
            continue  # it ended meanwhile, and counts with its parent
        by_part[part] = by_part.get(part, 0.0) + seconds
    return Usage(by_part)


def machine_s() -> float:
    """Processor seconds everything on this machine has used."""
    fields = (_PROC / "stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _idle, _waiting, *interrupts = map(int, fields)
    return (user + nice + system + sum(interrupts)) / _TICKS


def _part(pid: int, root: int) -> str:
    if pid == root:
        return "program"
    command = (_PROC / str(pid) / "cmdline").read_text().replace("\0", " ")
    return next((role for word, role in _ROLES.items() if word in command), "other")


def _family(pid: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat(int(entry.name))[_PPID]), []).append(int(entry.name))
            except OSError:
                continue
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += children.get(each, [])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold anything."""
    return (_PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()


def memory_kb(pid: int) -> dict[str, int]:
    """Resident kilobytes of a process and all its descendants, by part."""
    by_part: dict[str, int] = {}
    for each in _family(pid):
        try:
            status = (_PROC / str(each) / "status").read_text()
            part = _part(each, pid)
        except OSError:
            continue
        resident = next((line for line in status.splitlines() if line.startswith("VmRSS")), "0 0")
        by_part[part] = by_part.get(part, 0) + int(resident.split()[1])
    return by_part
