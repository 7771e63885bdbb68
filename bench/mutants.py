"""The ways to break a module in one place: each a mutant, which a test should notice.

Log lines, error texts, docstrings, annotations and imports are left as they are: nobody who calls
hears them.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

_Change = tuple[Any, Callable[[], object]]
"""The node a change shows in, and what makes it."""

_OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
}

_SENTENCE = 3
"""So many spaces make a text a sentence, which may be worded otherwise."""

_LEFT_OUT = (ast.Expr, ast.AugAssign, ast.Delete, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One module with one thing changed."""

    path: Path
    line: int
    change: str
    code: CodeType
    felt: frozenset[int]
    """The lines where it is felt: its own or, of a name of the module, those that use the name."""


def mutants(path: Path) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    source = path.read_text()
    count = len(list(_changes(ast.parse(source))))
    made = []
    for index in range(count):
        tree = ast.parse(source)
        node, change = _applied(tree, index)
        ast.fix_missing_locations(tree)
        code = compile(tree, str(path.resolve()), "exec")
        made.append(Mutant(path, node.lineno, change, code, _felt(tree, node.lineno)))
    return sorted(made, key=lambda mutant: mutant.line)


def unchanged(path: Path) -> Mutant:
    """A mutant with nothing changed: no test may be red over it."""
    return Mutant(path, 0, "", compile(path.read_text(), str(path), "exec"), frozenset())


def _felt(tree: ast.Module, line: int) -> frozenset[int]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and statement.lineno <= line <= _last(statement):
            names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
            return frozenset(
                node.lineno
                for node in ast.walk(tree)
                if isinstance(node, ast.Name) and node.id in names and node.lineno > line
            )
    return frozenset({line})


def _last(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _applied(tree: ast.Module, index: int) -> tuple[Any, str]:
    """The place and the name of the `index`-th change, made in the tree."""
    for number, (node, change) in enumerate(_changes(tree)):
        if number == index:
            before = ast.unparse(node).splitlines()[0]
            change()
            after = ast.unparse(node).splitlines()[0]
            return node, f"{before}  ->  {after if after != before else 'left out'}"
    raise IndexError(index)


def _changes(tree: ast.Module) -> Iterator[_Change]:
    """Each change that can be made, as the node it shows in and what makes it."""
    for node in _worth_changing(tree):
        yield from _of_operators(node)
        yield from _of_conditions(node)
        yield from _of_constants(node)
        yield from _of_statements(node)


def _worth_changing(node: ast.AST) -> Iterator[Any]:
    """The nodes a caller, an owner or an administrator could notice a change of."""
    if _is_said(node):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases", "type_params"):
            continue
        if isinstance(node, ast.Raise):
            continue  # what it says; that it is raised is a statement
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _worth_changing(child)


def _is_said(node: ast.AST) -> bool:
    """Docstrings, log lines and imports."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert | ast.JoinedStr):
        return True
    if not isinstance(node, ast.Expr):
        return False
    return isinstance(node.value, ast.Constant) or ast.unparse(node).startswith("log.")


def _of_operators(node: Any) -> Iterator[_Change]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            opposite = _OPPOSITES[type(operator)]
            yield node, lambda i=index, o=opposite: node.ops.__setitem__(i, o())
    if isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in _OPPOSITES:
        yield node, lambda: setattr(node, "op", _OPPOSITES[type(node.op)]())


def _of_conditions(node: Any) -> Iterator[_Change]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield node, lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, lambda: setattr(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    if isinstance(node, ast.comprehension):
        for index, test in enumerate(node.ifs):
            yield test, lambda i=index, t=test: node.ifs.__setitem__(i, ast.UnaryOp(ast.Not(), t))


def _of_constants(node: Any) -> Iterator[_Change]:
    if not isinstance(node, ast.Constant):
        return
    match node.value:
        case bool(value):
            yield node, lambda: setattr(node, "value", not value)
        case int(number) | float(number):
            yield node, lambda: setattr(node, "value", number + 1)
        case str(text) if text.count(" ") < _SENTENCE:
            yield node, lambda: setattr(node, "value", f"{text}X")


def _of_statements(node: Any) -> Iterator[_Change]:
    """Each statement left out, and each answer withheld."""
    for block in ("body", "orelse", "finalbody"):
        statements = getattr(node, block, None)
        if not isinstance(statements, list):
            continue
        for index, each in enumerate(statements):
            if _is_said(each):
                continue
            if isinstance(each, _LEFT_OUT) or (_is_kept(each) and not _is_born(node)):
                yield each, lambda b=statements, i=index: b.__setitem__(i, _left_out(b[i]))
            elif isinstance(each, ast.Return) and each.value and not _is_none(each.value):
                yield each, lambda r=each: setattr(r, "value", ast.Constant(None))


def _is_kept(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but change what an object holds."""
    return isinstance(statement, ast.Assign) and all(
        isinstance(target, ast.Attribute | ast.Subscript) for target in statement.targets
    )


def _is_born(node: ast.AST) -> bool:
    """Whether a block gives an object its attributes: without one of them any test goes red."""
    return isinstance(node, ast.FunctionDef) and node.name == "__init__"


def _left_out(statement: ast.stmt) -> ast.stmt:
    return ast.copy_location(ast.Pass(), statement)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
