"""Who has just spoken may hear it: what the mailboxes record, the voice can play."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from call.leg import Party
from call.sound import RATE
from ivr.phrase_file import load_book
from ivr.prompts import Recorded
from ivr.voices.voice import open_voice
from vestibule.shipped import PROMPTS
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.message import Ticket


@pytest.mark.parametrize("take", ["message", "second take", "greeting"])
async def test_a_take_can_be_listened_to_before_it_is_kept(tmp_path: Path, take: str) -> None:
    spool = FolderSpool(tmp_path / "spool")
    first = await spool.open(Ticket("t1", "101", Party("5145550123"), datetime.now(UTC)))
    path = {
        "message": first,
        "second take": await spool.open_retake("t1"),
        "greeting": await spool.open_greeting("g1"),
    }[take]
    path.write_bytes((np.arange(2 * RATE) % 400 * 20).astype("<i2").tobytes())
    async with open_voice(load_book(PROMPTS), PROMPTS, tmp_path / "frames", people=False) as voice:
        (clip,) = await voice.clips([Recorded(path)])
    assert clip.seconds == 2.0
