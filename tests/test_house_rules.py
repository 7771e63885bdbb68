"""Promises of the whole house, read in its own source."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from call import errors

ROOT = Path(__file__).parents[1]
FLOORS = (
    *("call", "conference", "console", "directory", "ivr", "routing", "storage", "telephony"),
    *("vestibule", "voicemail"),
)

CHANCE_AND_CLOCK = {
    "call/clock.py",
    "telephony/media/beat.py",
    "telephony/media/virtual.py",
    "vestibule/tokens.py",
    "voicemail/adapters/system_tokens.py",
}
"""Where time and chance enter; the plane draws its RTP numbers, the virtual one from a seed."""

WALL_CLOCK = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}

ROOTS = ("Misuse", "PeerFault", "Unavailable")

SHAPELESS = ("util", "helper", "common", "misc", "manager", "handler", "processor")


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("package", ["ivr.testing", "voicemail"])
def test_a_package_lists_exactly_what_can_be_imported_from_it(package: str) -> None:
    module = importlib.import_module(package)
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert sorted(public) == sorted(module.__all__)


def test_every_error_of_every_trade_stands_in_the_tree() -> None:
    classes = {
        (name.partition("/")[0], node.name): [ast.unparse(base) for base in node.bases]
        for name, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    bases = {name: parents for (_, name), parents in classes.items()}

    def root(name: str) -> str:
        parents = (root(base) for base in bases.get(name, []))
        return name if name in ROOTS else next(filter(None, parents), "")

    found = {(root(name), floor, name) for floor, name in classes if root(name)}
    assert found - {(name, "call", name) for name in ROOTS} == set(_drawn())


def _drawn() -> Iterator[tuple[str, str, str]]:
    """Whose fault each error drawn in `call.errors` is, its floor, its name."""
    root = floor = ""
    for line in (inspect.getdoc(errors) or "").splitlines():
        words = line.strip("│├└─ ").replace(",", "").split()
        if not words:
            root = ""
        elif words[0] in ROOTS:
            root = words[0]
        elif root:
            floor = words[0] if words[0] in FLOORS else floor
            yield from ((root, floor, name) for name in words if name not in FLOORS)


def test_time_and_chance_enter_by_their_own_doors_only() -> None:
    elsewhere = {
        f"{name}: {what}"
        for name, tree in _modules()
        if name not in CHANCE_AND_CLOCK
        for what in (
            *(module for module in _imports(tree) if module in ("random", "secrets")),
            *(
                ast.unparse(node)
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute) and ast.unparse(node) in WALL_CLOCK
            ),
        )
    }
    assert elsewhere == set()


def test_no_module_keeps_anything_that_can_change() -> None:
    mutable = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
    kept = {
        f"{name}: {ast.unparse(target)}"
        for name, tree in _modules()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, mutable)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if ast.unparse(target) != "__all__"
    }
    assert kept == set()
    assert not [name for name, tree in _modules() for n in ast.walk(tree) if type(n) is ast.Global]


def test_the_glossary_names_what_the_code_says() -> None:
    """A word in code that the source does not use is out of date."""
    written = (path for floor in (*FLOORS, "flows") for path in (ROOT / floor).rglob("*.*"))
    source = "\n".join(p.read_text("utf-8") for p in written if p.suffix in (".py", ".toml"))
    used = set(re.findall(r"\w+", source))
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in glossary.splitlines() if line.startswith("| `"))
    said = set(re.findall(r"`(\w+)`", rows))
    assert len(said) > 60
    assert said - used == set()


def test_nothing_is_named_after_no_thing() -> None:
    named = {
        f"{name}: {word}"
        for name, tree in _modules()
        for word in (
            Path(name).stem,
            *(n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef | ast.FunctionDef)),
        )
        if word.lower().rstrip("s").endswith(SHAPELESS)
    }
    assert named == set()
