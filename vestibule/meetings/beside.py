"""Work beside all else: how it is begun, and how it lets time pass."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

Spawn = Callable[[Coroutine[Any, Any, object], str], asyncio.Task[None]]
"""Begins work under a name; what fails in it is logged, and ends nothing else."""


async def wait(seconds: float) -> None:
    """Let so much time pass."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
