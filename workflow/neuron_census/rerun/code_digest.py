"""What a stage's code says, in one short text: so that a rule reruns when its meaning changes.

Snakemake does not see edits in an imported package. The digest of a stage covers its module and,
transitively, every module of the package that it imports, at the top or inside a function: the import
graph is the rebuild graph. Comments, docstrings and formatting do not count, nor do words that are meant
for people: the text of an error, of a note, of progress, and what a column means.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "neuron_census"
FOLDER = Path(__file__).parents[1]
# They speak to the user and leave no trace in any output; a message put better reruns nothing.
SPEAKING = frozenset({"errors", "progress"})
# Of calls to these only so many arguments count, from the first; the others are words for people.
SPOKEN = {"CensusError": 0, "note": 0, "progress": 0, "Column": 1}


def code_digest(*modules: str) -> str:
    """Return a digest of what modules of the package, and all that they import in it, say.

    Parameters
    ----------
    modules
        dotted names inside the package: "record", "figures.fig01_dead_neurons"

    Raises FileNotFoundError for a module that does not exist.
    """
    total = hashlib.sha256()
    for name in sorted(modules_behind(*modules)):
        total.update(f"{name} {_module_digest(name)}\n".encode())
    return total.hexdigest()


def forget() -> None:
    """Forget what was read of the package: its files are other ones now."""
    for cached in (_file, _tree, _module_digest, _imported):
        cached.cache_clear()


def modules_behind(*modules: str) -> frozenset[str]:
    """Name the modules of the package that these import, transitively, and these themselves."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imported(name)
    return frozenset(found - SPEAKING)


@cache
def _file(name: str) -> Path | None:
    """The file of a module or of a package inside the package."""
    path = FOLDER.joinpath(*name.split("."))
    candidates = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


@cache
def _tree(name: str) -> ast.Module:
    file = _file(name)
    if file is None:
        raise FileNotFoundError(f"{PACKAGE}.{name} has no source file in {FOLDER}")
    return ast.parse(file.read_bytes(), filename=str(file))


@cache
def _module_digest(name: str) -> str:
    return hashlib.sha256(repr(_said(_tree(name))).encode()).hexdigest()


def _said(node: object) -> object:
    """A syntax tree as nested tuples, the same for every version of Python that can read it.

    Strings that stand alone are docstrings, whatever they follow. Empty fields are left out, since
    versions differ in which fields there are.
    """
    if isinstance(node, ast.Call) and (name := _called(node)) in SPOKEN:
        return ("Call", name, *(_said(argument) for argument in node.args[: SPOKEN[name]]))
    if isinstance(node, ast.AST):
        fields = [(name, _said(value)) for name, value in ast.iter_fields(node) if name != "kind"]
        kept = tuple((name, value) for name, value in fields if value not in (None, ()))
        return (type(node).__name__, *kept)
    if isinstance(node, list):
        return tuple(_said(item) for item in node if not _is_docstring(item))
    return repr(node) if node is not None else None


def _called(call: ast.Call) -> str:
    """Return the name by which a function is called, or nothing for an attribute or an expression."""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_docstring(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _imported(name: str) -> tuple[str, ...]:
    file = _file(name)
    is_package = file is not None and file.name == "__init__.py"
    around = name.split(".") if is_package else name.split(".")[:-1]
    found: list[str] = []
    for node in _statements(_tree(name)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found += _inside(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, around)
            if base is not None:
                found += _modules_of(base)
                for alias in node.names:
                    found += _modules_of([*base, alias.name])
    return tuple(dict.fromkeys(found))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement inside a node, at any depth: a tenth of its nodes, and all that can import."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, field, ()):
            yield statement
            yield from _statements(statement)


def _base(node: ast.ImportFrom, around: list[str]) -> list[str] | None:
    """Where `from … import` looks, as parts inside the package; None if it is another package."""
    module = node.module.split(".") if node.module else []
    if node.level:
        return around[: len(around) - node.level + 1] + module
    return module[1:] if module[:1] == [PACKAGE] else None


def _inside(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return _modules_of(parts[1:]) if parts[0] == PACKAGE else []


def _modules_of(parts: list[str]) -> list[str]:
    """The packages on the way and the module itself, as far as they are files of ours.

    The package's own `__init__` holds the version and names of the library, and is left out.
    """
    return list(_existing(parts))


def _existing(parts: list[str]) -> Iterator[str]:
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if _file(name) is not None:
            yield name
