"""A call that is over leaves nothing behind that has to be looked for."""

import gc
import weakref

from tests.line.scripted import Caller, Scene


async def test_a_call_that_is_over_is_gone_at_once_and_not_when_the_collector_comes() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        gone = weakref.ref(scene.leg)
        gc.collect()
        gc.disable()
        try:
            await caller.hangs_up()
            scene.legs.clear()
            scene.events.clear()
            scene.plane.slots.clear()
            await scene.settle()
            assert gone() is None
        finally:
            gc.enable()
