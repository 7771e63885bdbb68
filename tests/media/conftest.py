"""Both ways to serve a beat: by strokes of numpy, and by compiled loops where numba is there."""

from collections.abc import Iterator
from functools import partial

import pytest

from telephony.media.compiled import Loops
from telephony.media.compiling import load_loops
from telephony.media.virtual import VirtualPlane


@pytest.fixture(scope="session")
def compiled() -> Loops:
    """The loops; without numba, what asks for them is skipped."""
    loops = load_loops()
    if loops is None:
        pytest.skip("numba is not installed")
    return loops


@pytest.fixture(scope="module", params=["numpy", "loops"])
def each_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a module twice: what it makes of the plane has no loops, and then has them."""
    loops = request.getfixturevalue("compiled") if request.param == "loops" else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.media.plane.VirtualPlane", partial(VirtualPlane, loops=loops))
        for name in ("Live", "Mixer", "Outbound", "Speakers", "VirtualPlane"):
            part = getattr(request.module, name, None)
            if part is not None:
                patch.setattr(request.module, name, partial(part, loops=loops))
        yield
