"""Breaks one module in one place at a time, and tells which breakages no test notices.

    nice .venv/bin/python -m bench.mutation --tests tests/ivr ivr/dialogue.py ivr/take.py
    nice .venv/bin/python -m bench.mutation --sample 40 --tests tests/voicemail voicemail/*.py

First every test runs once, to learn which lines it reaches and how long it takes. Then each mutant
meets the tests that reach its line, the quickest first, in a process of its own that ends with the
first red one. A mutant that hangs is a mutant noticed. No file is changed: a mutant is compiled
from the changed tree of its module as it is imported.

The score is of the mutants tried. A survivor is equivalent (nobody could tell), or a test is
missing.
"""

import argparse
import ast
import contextlib
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from itertools import accumulate
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from bench.mutants import Mutant, mutants, unchanged

QUIET = ("-q", "-p", "no:cacheprovider", "--tb=no")
LONGEST_TEST_S = 5.0
"""A slower test, and one drawn at random, judges no mutant."""

MOST_S = 30.0
"""Seconds of tests that a mutant meets at most: the quickest of those that reach its line."""

HANGS_AFTER_S = 10.0
"""And five times what a test takes by itself."""


@dataclass(slots=True)
class Reach:
    """Which tests reach which line, and the seconds each takes."""

    tests: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    seconds: dict[str, float] = field(default_factory=dict)

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that may notice a mutant, the quickest first.

        What is felt at import alone is reached by no test: those of the whole module judge it.
        """
        path = str(mutant.path.resolve())
        felt = (self.tests.get((path, line), set()) for line in mutant.felt)
        found = set().union(*felt) or {
            test for (of, _), tests in self.tests.items() if of == path for test in tests
        }
        quickest = sorted((test for test in found if test in self.seconds), key=self._quickest)
        within = accumulate(self.seconds[test] for test in quickest)
        return [test for test, seconds in zip(quickest, within, strict=True) if seconds <= MOST_S]

    def _quickest(self, test: str) -> tuple[float, str]:
        return self.seconds[test], test


class _Reaching:
    """Runs each test once and notes the lines it reaches of some modules."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = frozenset(str(path.resolve()) for path in paths)
        self._seen: set[tuple[str, int]] = set()
        self.reach = Reach()
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._seen = set()
        began = time.perf_counter()
        sys.settrace(self._called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            took = time.perf_counter() - began
            if took < LONGEST_TEST_S:
                self.reach.seconds[item.nodeid] = took
            for place in self._seen:
                self.reach.tests[place].add(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
            self.reach.seconds.pop(report.nodeid, None)

    def _called(self, frame: FrameType, event: str, arg: object) -> Any:
        return self._noted(frame) if frame.f_code.co_filename in self._paths else None

    def _noted(self, frame: FrameType) -> Any:
        path, seen = frame.f_code.co_filename, self._seen

        def line(frame: FrameType, event: str, arg: object) -> Any:
            seen.add((path, frame.f_lineno))
            return line

        seen.add((path, frame.f_lineno))
        return line


class _Chosen:
    """Keeps of all that is collected some tests, in their order, and ends the process at a hang."""

    def __init__(self, tests: Sequence[str], reach: Reach) -> None:
        self._rank = {test: rank for rank, test in enumerate(tests)}
        self._reach = reach

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._rank),
            key=lambda item: self._rank[item.nodeid],
        )

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, HANGS_AFTER_S + 5 * self._reach.seconds[item.nodeid])

    def pytest_sessionfinish(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports a mutant where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = ".".join(mutant.path.with_suffix("").parts)
        self._mutant = mutant

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._mutant.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self._mutant.code, module.__dict__)


def is_noticed(mutant: Mutant, reach: Reach) -> bool:
    """Whether a test goes red, or hangs, over a mutant."""
    tests = reach.of(mutant)
    return bool(tests) and _in_a_child(lambda: _judged(mutant, tests, reach)) != 0


def _judged(mutant: Mutant, tests: Sequence[str], reach: Reach) -> int:
    """What pytest says of some tests over a mutant; no test at all is no verdict."""
    sys.meta_path.insert(0, _Changed(mutant))
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    code = pytest.main([*QUIET, "-x", *files], plugins=[_Chosen(tests, reach)])
    return 0 if code is pytest.ExitCode.NO_TESTS_COLLECTED else int(code)


def _in_a_child(work: Callable[[], int]) -> int:
    """What some work returns in a process and a group of its own; no 0 when a signal ends it."""
    child = os.fork()
    if child == 0:
        os.setsid()
        _silence()
        code = 1
        try:
            code = work()
        finally:
            os._exit(code)
    end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what its tests began
    return end


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def reached(paths: Sequence[Path], tests: Sequence[str]) -> Reach:
    """Run the tests once, in a process of its own: no module to be changed is imported in this one.

    What else they import is, so that no mutant waits for it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _silence()
        plugin = _Reaching(paths)
        pytest.main([*QUIET, *tests], plugins=[plugin])
        found = dict(plugin.reach.tests), plugin.reach.seconds, plugin.failed, _foreign()
        with os.fdopen(writing, "w") as pipe:
            pipe.write(repr(found))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        by_line, seconds, failed, foreign = ast.literal_eval(pipe.read())
    os.waitpid(child, 0)
    for test in failed:
        print(f"red without any mutant, judges none: {test}")
    for name in foreign:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    return Reach(by_line, seconds)


def _foreign() -> list[str]:
    """The modules imported from elsewhere, but for pytest's plugins, which it imports itself."""
    ours = str(Path.cwd())
    return [
        name
        for name, module in list(sys.modules.items())
        if "site-packages" in (getattr(module, "__file__", None) or ours)
        and not name.startswith(("_", "hypothesis", "pytest", "anyio"))
    ]


def main() -> None:
    """Print each survivor as it is found, then the score of each module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("modules", nargs="+", type=Path)
    parser.add_argument("--tests", nargs="+", required=True, help="what pytest is to collect")
    parser.add_argument("--sample", type=int, help="so many mutants of each module at most")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    reach = reached(asked.modules, asked.tests)
    print(f"{len(reach.seconds)} tests judge", flush=True)
    if not reach.seconds:
        sys.exit("no test to judge by: no score")
    if is_noticed(unchanged(asked.modules[0]), reach):
        sys.exit("tests are red over a module nothing was changed in: no score")
    for path in asked.modules:
        found = mutants(path)
        tried = found
        if asked.sample and asked.sample < len(found):
            tried = random.Random(asked.seed).sample(found, asked.sample)
        noticed = 0
        for mutant in sorted(tried, key=lambda each: each.line):
            if is_noticed(mutant, reach):
                noticed += 1
            else:
                print(f"  {path}:{mutant.line}: {mutant.change}", flush=True)
        share = 100 * noticed / len(tried) if tried else 100.0
        print(f"{path}: {noticed} of {len(tried)} noticed ({share:.0f} %)", flush=True)


if __name__ == "__main__":
    main()
