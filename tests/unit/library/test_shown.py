"""What docs/ shows of the library runs: the notebook, and every example of docs/library.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.made.demo_results import make_demo_results
from helpers.repository import REPOSITORY

NOTEBOOK = REPOSITORY / "docs" / "notebook.ipynb"
PAGE = REPOSITORY / "docs" / "library.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that looks like the repository after a small run."""
    made = tmp_path_factory.mktemp("demo")
    make_demo_results(made)
    return made


def test_every_example_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(examples) == 5
    names: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    assert names["census"].models == ("opt-mini-l",)
    assert names["found"].model == "opt-mini-l"


def test_the_notebook_runs_and_shows_its_figures(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY / "workflow"))
    shipped = nbformat.read(NOTEBOOK, as_version=4)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    figures = [kinds(cell).count("image/png") for cell in notebook.cells]
    assert sum(figures) == 4
    assert figures == [kinds(cell).count("image/png") for cell in shipped.cells]
    said = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert "active at" in said, "recordings were kept, and their bits are not shown"


def test_the_shipped_notebook_was_run_and_names_no_place() -> None:
    shipped = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(shipped)
    code = [cell for cell in shipped.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    said = "".join(str(output) for cell in code for output in cell.outputs)
    assert not re.search(r"/(root|home|tmp|Users|work)/", said)
    assert "Traceback" not in said


def kinds(cell: Any) -> list[str]:
    """Return the kinds of what a cell shows."""
    return [kind for output in cell.get("outputs", []) for kind in output.get("data", {})]
