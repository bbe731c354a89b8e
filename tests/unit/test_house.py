"""The house: which folder of the package may import which, and how large files and folders may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.repository import REPOSITORY
from neuron_census.stages import STAGES, module_of

PACKAGE = REPOSITORY / "workflow" / "neuron_census"
MAY_IMPORT = {
    "tokenize": {"formats", "paths", "schema", "text", "tokenizer"},
    "record": {"checkpoint", "families", "formats", "forward", "loops"},
    "count": {"formats", "loops"},
    "classify": {"checkpoint", "families", "formats", "paths", "schema", "tokenizer"},
    "ablate": {"checkpoint", "families", "formats", "forward", "paths"},
    "draw": {"formats", "schema"},
    "train": {"formats", "rerun", "tokenizer"},
    "hub": {"families", "formats", "paths", "text"},
    "formats": {"text"},
    "tokenizer": {"families", "paths"},
    "forward": {"checkpoint", "families", "loops"},
    "checkpoint": {"families", "loops", "paths"},
    "families": {"paths"},
    "text": {"paths", "schema"},
    "paths": set(),
    "schema": set(),
    "config": {"families", "formats", "paths", "schema", "text", "tokenizer"},
    "rerun": {"config", "families", "formats", "stages"},
    "loops": set(),
    "library": {"checkpoint", "config", "formats", "forward", "tokenizer"},
    "stages": set(),
    "errors": set(),
    "progress": set(),
    "__main__": {"formats", "rerun", "stages"},
    "__init__": {"library"},
}
"""What each folder, or module beside them, may import of the package; everything may import the next."""
EVERYWHERE = {"errors", "progress", "__init__"}
VERBS = ("tokenize", "record", "count", "classify", "ablate", "draw")
LONGEST_FILE = 300
LARGEST_FOLDER = 15


def place(file: Path) -> str:
    """Return the folder of the package that a file is in, or its own name beside them."""
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(file: Path) -> Iterator[str]:
    """Yield the places that a file imports from, at the top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            base = node.module or ""
            dotted = (
                [f"{base}.{alias.name}" for alias in node.names]
                if base == "neuron_census"
                else [base]
            )
        else:
            continue
        for name in dotted:
            package, _, inside = name.partition(".")
            if package == "neuron_census" and inside:
                first = inside.partition(".")[0]
                yield "__init__" if first.startswith("__version") else first


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_place_has_its_row() -> None:
    assert {place(file) for file in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_a_place_imports_only_what_it_may(name: str) -> None:
    found = {
        to for file in FILES if place(file) == name for to in imported(file) if to != name
    } - EVERYWHERE
    assert found == MAY_IMPORT[name]


def test_verbs_meet_only_in_formats() -> None:
    for verb in VERBS:
        assert not MAY_IMPORT[verb] & set(VERBS)


def test_no_circle() -> None:
    floors: dict[str, int] = {}
    waiting = dict(MAY_IMPORT)
    while waiting:
        free = [name for name, below in waiting.items() if below <= set(floors)]
        assert free, f"in a circle: {', '.join(waiting)}"
        for name in free:
            floors[name] = 1 + max((floors[below] for below in waiting.pop(name)), default=-1)
    assert max(floors.values()) <= 6


def test_a_command_is_the_function_of_its_module() -> None:
    for commands in STAGES.values():
        for command in commands:
            file = PACKAGE.joinpath(*module_of(command).split(".")).with_suffix(".py")
            tree = ast.parse(file.read_text(encoding="utf-8"))
            assert command in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_a_package_says_what_it_is_and_nothing_else() -> None:
    for file in PACKAGE.glob("*/**/__init__.py"):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        assert len(body) == 1 and isinstance(body[0], ast.Expr), file


@pytest.mark.parametrize("folder", ["workflow", "tests"])
def test_no_file_is_long(folder: str) -> None:
    for file in (REPOSITORY / folder).rglob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE, file


def test_no_folder_is_crowded() -> None:
    for folder in {file.parent for file in FILES} - {PACKAGE / "draw" / "figures"}:
        assert len(list(folder.glob("*.py"))) <= LARGEST_FOLDER + 1, folder
