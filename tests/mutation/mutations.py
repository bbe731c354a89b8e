"""Small changes of a module that its tests should notice, each a copy of its syntax tree with one thing changed."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
RECKONED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# Words for people; a test that compares every word would only be in the way.
SPOKEN = frozenset({"CensusError", "note", "progress", "Column"})


@dataclass(frozen=True)
class Mutant:
    """A changed module: its text, the line that was changed, and how."""

    line: int
    change: str
    text: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module, in the order of its lines.

    Parameters
    ----------
    source
        the module's text
    """
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            other = next(found for number, found in enumerate(ast.walk(changed)) if number == place)
            before = ast.unparse(other)
            change(other)
            if _is_spoken(tree, node):
                continue
            text = ast.unparse(ast.fix_missing_locations(changed))
            after = ast.unparse(other)
            yield Mutant(getattr(node, "lineno", 0), f"{before}  ->  {after}", text)


def _changes(node: ast.AST) -> Iterator[Any]:
    """Yield what can be done to a node: functions that change it in place."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        yield lambda other: other.ops.__setitem__(0, COMPARED[type(other.ops[0])]())
    elif isinstance(node, ast.BinOp) and type(node.op) in RECKONED:
        yield lambda other: setattr(other, "op", RECKONED[type(other.op)]())
    elif isinstance(node, ast.BoolOp):
        yield lambda other: setattr(
            other, "op", ast.Or() if isinstance(other.op, ast.And) else ast.And()
        )
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert | ast.USub):
        yield lambda other: setattr(other, "op", ast.UAdd())
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield lambda other: setattr(other, "value", not other.value)
        elif isinstance(node.value, int | float):
            yield lambda other: setattr(other, "value", other.value + 1)
    elif isinstance(node, ast.IfExp):
        yield _exchange
    elif isinstance(node, ast.keyword) and node.arg == "descending":
        yield lambda other: setattr(other, "value", ast.Constant(False))


def _exchange(node: Any) -> None:
    node.body, node.orelse = node.orelse, node.body


def _is_spoken(tree: ast.Module, node: ast.AST) -> bool:
    """Return whether a node is part of what is said to people."""
    for call in ast.walk(tree):
        name = (
            call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
        )
        if name in SPOKEN and any(found is node for found in ast.walk(call)):
            return True
    return False
