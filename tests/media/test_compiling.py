"""The loops are compiled once, kept beside their sources or elsewhere, and done without."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from telephony.media.compiled import Loops
from telephony.media.compiling import compile_loops, load_loops

KEPT = "NUMBA_CACHE_DIR"
PLACES = "telephony.media.compiling"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is compiled may be kept: `beside`, `cache` and `home`, and the `sources`."""
    sources = tmp_path / "sources"
    for trade in ("call", "telephony"):
        (sources / trade).mkdir(parents=True)
        (sources / trade / "one.py").write_text("ONE = 1\n")
    monkeypatch.setattr(f"{PLACES}._ROOT", sources)
    monkeypatch.setattr(f"{PLACES}._BESIDE", tmp_path / "beside")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(KEPT, "")
    return tmp_path


def _kept() -> Path:
    """Where the loops are kept once they were loaded."""
    assert load_loops() is not None
    return Path(os.environ[KEPT])


def test_without_numba_there_are_no_loops_and_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(f"{PLACES}.find_spec", lambda name: None)
    assert load_loops() is None
    assert caplog.records == []


def test_loops_that_cannot_be_loaded_are_done_without_and_the_log_says_so_in_a_line(
    places: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(f"{PLACES}.find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "telephony.media.loops", None)
    monkeypatch.delattr("telephony.media.loops", raising=False)
    assert load_loops() is None
    (line,) = caplog.records
    assert line.levelno == logging.WARNING
    assert line.msg == "the media plane does without compiled loops"
    assert "telephony.media.loops" in line.__dict__["reason"]


def test_installing_compiles_ahead_what_is_not_kept_yet_and_else_loads_nothing(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def compiles() -> None:
        (kept,) = (places / "beside").iterdir()
        (kept / "loops.nbi").touch()
        made.append(kept)

    monkeypatch.setattr(f"{PLACES}.find_spec", lambda name: object())
    monkeypatch.setattr(f"{PLACES}.load_loops", compiles)
    compile_loops()
    compile_loops()
    assert len(made) == 1
    (places / "sources" / "call" / "one.py").write_text("ONE = 2\n")
    compile_loops()
    assert len(set(made)) == 2


@pytest.mark.usefixtures("compiled")
def test_what_is_compiled_is_kept_by_what_is_written_in_the_sources(places: Path) -> None:
    first = _kept()
    assert first.parent == places / "beside"
    assert _kept() == first
    source = places / "sources" / "call" / "one.py"
    source.write_text("ONE = 2\n")
    second = _kept()
    assert second != first
    source.write_text("ONE = 1\n")
    assert _kept() == first


@pytest.mark.usefixtures("compiled")
def test_what_was_compiled_of_older_sources_is_removed_and_nothing_else(places: Path) -> None:
    older = places / "beside" / "loops-0123456789abcdef"
    older.mkdir(parents=True)
    (older / "take.nbi").write_bytes(b"old")
    (places / "beside" / "line.pyc").write_bytes(b"")
    kept = _kept()
    assert {each.name for each in (places / "beside").iterdir()} == {kept.name, "line.pyc"}


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("full", "where"),
    [(["beside"], "cache/vestibule"), (["beside", "cache"], "home/.cache/vestibule")],
)
def test_where_nothing_can_be_written_it_is_kept_in_the_next_place(
    places: Path, full: list[str], where: str
) -> None:
    """A file stands in the way, which holds up whoever may do anything as well."""
    for name in full:
        (places / name).write_bytes(b"")
    assert _kept().parent == places / where


@pytest.mark.usefixtures("compiled")
def test_where_nothing_at_all_can_be_written_the_loops_are_compiled_and_not_kept(
    tmp_path: Path,
) -> None:
    """The one test that compiles all of them, which takes seconds."""
    (tmp_path / "file").write_bytes(b"")
    program = (
        "import sys, pathlib, telephony.media.compiling as it\n"
        "it._BESIDE = pathlib.Path(sys.argv[1])\n"
        "loops = it.load_loops()\n"
        "from telephony.media.loops import take\n"
        "print(loops is not None, take.stats.cache_path)\n"
    )
    nowhere = str(tmp_path / "file")
    environment = {**os.environ, "HOME": nowhere, "XDG_CACHE_HOME": nowhere, KEPT: ""}
    ran = subprocess.run(
        [sys.executable, "-c", program, nowhere], env=environment, capture_output=True,
        text=True, check=True, timeout=120, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ran.stdout.split() == ["True", "None"]


def test_what_is_loaded_is_every_loop_there_is(compiled: Loops) -> None:
    assert [getattr(compiled, name).__name__ for name in Loops.__slots__] == [*Loops.__slots__]
