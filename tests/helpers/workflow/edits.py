"""Edits of a project, each a function of it: what a user changes, loses or replaces."""

from __future__ import annotations

import ast
import os
import random
import shutil
from collections.abc import Callable
from typing import Any, ClassVar

from helpers.workflow.project import Project

Change = Callable[[Project], None]


def touch_everything(project: Project) -> None:
    """Return every file, in a random order, a time of its own, between yesterday and tomorrow."""
    files = [path for path in project.folder.rglob("*") if ".snakemake" not in path.parts]
    random.Random(0).shuffle(files)
    for number, path in enumerate(files):
        os.utime(path, times=(1.9e9 + 60 * number, 1.9e9 + 60 * number))


def comment_and_docstring(project: Project) -> None:
    for path in (project.folder / "workflow" / "neuron_census").rglob("*.py"):
        text = path.read_text()
        body = text.replace('"""', '"""Put in other words: ', 1).replace(
            "\n\n", "\n\n# A comment.\n", 1
        )
        path.write_text(body + '\n"""A closing remark."""\n')


def reformat(project: Project) -> None:
    """Write the same code in other lines, with other quotes and without a comment."""
    for path in (project.folder / "workflow" / "neuron_census").rglob("*.py"):
        path.write_text(ast.unparse(ast.parse(path.read_text())))


def config(change: Callable[[dict[str, Any]], Any]) -> Change:
    def apply(project: Project) -> None:
        project.change_config(lambda given: change(given) and None)

    return apply


def edit(module: str) -> Change:
    """A change of what a module says, though not of what it does."""
    return lambda project: project.append(project.module(module), "\n_EDITED = True\n")


def add(path: str, text: str) -> Change:
    return lambda project: project.append(path, text)


class Reword(ast.NodeTransformer):
    """Puts what people read in other words: errors, notes, progress, what a column means."""

    spoken: ClassVar = {"CensusError": 0, "note": 0, "progress": 0, "Column": 1}

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in self.spoken:
            texts = node.args[self.spoken[name] :] + [keyword.value for keyword in node.keywords]
            for text in texts:
                for part in ast.walk(text):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        part.value = f"In other words: {part.value}"
        return node


def reword(project: Project) -> None:
    changed = 0
    for path in (project.folder / "workflow" / "neuron_census").rglob("*.py"):
        before = ast.unparse(ast.parse(path.read_text()))
        after = ast.unparse(Reword().visit(ast.parse(path.read_text())))
        changed += before != after
        path.write_text(after)
    assert changed > 50


def other_census(project: Project) -> None:
    """Put the census of one model in the place of another's, with its seal and with its time."""
    census = project.folder / "results" / "census"
    for name in ("tiny-b.parquet", ".tiny-b.parquet.seal"):
        shutil.copy2(census / name, census / name.replace("tiny-b", "tiny-a"))


def cut_census(project: Project) -> None:
    (project.folder / "results" / "census" / "tiny-a.parquet").write_bytes(b"")


def lose(path: str) -> Change:
    def apply(project: Project) -> None:
        found = project.folder / "results" / path
        shutil.rmtree(found) if found.is_dir() else found.unlink()

    return apply


def empty_store(project: Project) -> None:
    for file in (project.folder / "results" / "counts" / "tiny-a.zarr").rglob("*"):
        if file.is_file() and file.name != ".seal":
            file.unlink()


def add_note(project: Project) -> None:
    (project.folder / "made" / "texts" / "another.txt").write_text("Another note.\n")


def other_weights(project: Project) -> None:
    shutil.copy(
        project.folder / "made" / "tiny-c" / "model.safetensors",
        project.folder / "made" / "tiny-a" / "model.safetensors",
    )
