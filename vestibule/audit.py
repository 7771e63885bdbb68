"""What a data folder holds that it should not, or should and does not; and mending it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from call.clock import Clock
from vestibule.closures import closure_sounds
from vestibule.housekeeping import AGAIN_S, PAUSE_S, RECORDINGS_KEPT
from vestibule.mailroom import Mailroom, open_mailroom
from vestibule.meetings.takes import take_sounds
from vestibule.settings import Settings
from vestibule.tapes import tape_sounds
from voicemail.adapters.serving_lock import only_server
from voicemail.audit import MENDABLE, Defect, Discovery
from voicemail.errors import StoreUnavailable

FRAMES_KEPT = RECORDINGS_KEPT + timedelta(seconds=AGAIN_S + 2 * PAUSE_S)
"""How old a copy of a recording, ready to be played, can become while a server runs."""

_ADVICE = MappingProxyType(
    {
        Defect.SILENT_MESSAGE: (
            "bring the file back from a backup, or: vestibule message delete {name}"
        ),
        Defect.SILENT_GREETING: (
            "set it again, or: vestibule mailbox greeting erase {mailbox} {detail}"
        ),
        Defect.UNCLAIMED: "hear it, then remove it by hand",
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the audit."""

    text: str
    is_wrong: bool
    """Whether it is still so, now that the audit is over."""


async def audit(settings: Settings, clock: Clock, *, mend: bool) -> tuple[Verdict, ...]:
    """Compare the database with the disk, mend what can be mended, tell what was found.

    Mending holds the folder as its one server when none runs, so that none starts meanwhile.
    """
    data = settings.storage.data
    with ExitStack() as held:
        serving = _is_serving(data, held, hold=mend)
        async with open_mailroom(settings, clock) as mailroom:
            claimed = await closure_sounds(mailroom.database)
            claimed |= await tape_sounds(mailroom.ports.sounds)
            claimed |= await take_sounds(mailroom.ports.sounds)
            found = await mailroom.mailboxes.audit(claimed).examine(serving=serving)
            now = clock.now()
            frames = await asyncio.to_thread(_stale_frames, data, now, serving)
            overdue = mailroom.deleted.overdue(now)
            if mend:
                await _mend(mailroom, found, serving=serving)
                await asyncio.to_thread(_remove, frames)
                mailroom.deleted.sweep(now)
    return (
        *(_told(each, mended=mend) for each in found),
        *_told_copies(frames, overdue, mended=mend),
    )


async def _mend(mailroom: Mailroom, found: Sequence[Discovery], *, serving: bool) -> None:
    mailboxes = mailroom.mailboxes
    await mailboxes.audit().mend(found)
    defects = {each.defect for each in found}
    if Defect.WAITING in defects and not serving:
        await mailboxes.recover()
    if Defect.OVERDUE in defects:
        await mailboxes.sweep()


def _is_serving(data: Path, held: ExitStack, *, hold: bool) -> bool:
    """Whether a server answers from the folder; where none does, hold it until the audit ends."""
    if not data.is_dir():
        return False
    try:
        with ExitStack() as looking:
            looking.enter_context(only_server(data))
            if hold:
                held.push(looking.pop_all())
    except StoreUnavailable:
        return True
    return False


def _stale_frames(data: Path, now: datetime, serving: bool) -> tuple[Path, ...]:
    """Copies of recordings that no server will remove in time: all of them where none runs."""
    folder = data / "frames" / "recorded"
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    return tuple(
        path
        for path in sorted(files)
        if not serving or now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > FRAMES_KEPT
    )


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _told(found: Discovery, *, mended: bool) -> Verdict:
    what = found.defect.value
    if found.mailbox:
        what += f" in {found.mailbox}"
    what += f": {found.name}"
    if found.defect is Defect.SILENT_GREETING:
        what += f" ({found.detail})"
    if not found.is_wrong:
        return Verdict(f"note    {what}; {_ADVICE[found.defect]}", is_wrong=False)
    if found.defect in MENDABLE:
        return _mendable(what, mended=mended)
    advice = _ADVICE[found.defect].format(
        name=found.name, mailbox=found.mailbox, detail=found.detail
    )
    return Verdict(f"wrong   {what}; {advice}", is_wrong=True)


def _told_copies(
    frames: Sequence[Path], overdue: Sequence[Path], *, mended: bool
) -> Iterator[Verdict]:
    if frames:
        what = f"copies of recordings for playing, no longer needed: {len(frames)}"
        yield _mendable(what, mended=mended)
    for path in overdue:
        yield _mendable(f"archive of a deleted mailbox, kept too long: {path.name}", mended=mended)


def _mendable(what: str, *, mended: bool) -> Verdict:
    if mended:
        return Verdict(f"mended  {what}", is_wrong=False)
    return Verdict(f"wrong   {what}; vestibule audit --mend", is_wrong=True)
