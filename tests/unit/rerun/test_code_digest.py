"""The digest of a stage's code: changed by what the code says, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from neuron_census.rerun import code_digest as subject
from neuron_census.stages import STAGES, module_of

SOURCE = {
    "__init__": '"""The package."""\n__version__ = "1"\n',
    "stage": (
        '"""A stage."""\n'
        "from __future__ import annotations\n"
        "from neuron_census import named\n"
        "from neuron_census.errors import CensusError\n"
        "import neuron_census.dotted.inner\n"
        "def stage(x: int) -> int:\n"
        '    """Do it."""\n'
        "    from .late import late\n"
        "    return late(x) + 1  # one more\n"
    ),
    "named": "NAMED = 1\n",
    "errors": "class CensusError(Exception): ...\n",
    "dotted/__init__": "from .beside import BESIDE\n",
    "dotted/inner": "from ..up import UP\n",
    "dotted/beside": "BESIDE = 1\n",
    "up": "UP = 1\n",
    "late": "def late(x):\n    return x\n",
    "stranger": "STRANGER = 1\n",
}
BEHIND = {"stage", "named", "dotted", "dotted.inner", "dotted.beside", "up", "late"}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of its own in place of the real one."""
    for name, text in SOURCE.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(subject, "FOLDER", tmp_path)
    subject.forget()
    yield tmp_path
    subject.forget()


def digest_after(path: Path, text: str) -> str:
    path.write_text(text)
    subject.forget()
    return subject.code_digest("stage")


def test_imports_are_followed_wherever_they_stand(package: Path) -> None:
    assert subject.modules_behind("stage") == BEHIND


@pytest.mark.parametrize("name", sorted(name.replace(".", "/") for name in BEHIND))
def test_an_edit_of_anything_behind_a_stage_counts(package: Path, name: str) -> None:
    before = subject.code_digest("stage")
    path = (
        package / f"{name}.py"
        if (package / f"{name}.py").exists()
        else package / name / "__init__.py"
    )
    assert digest_after(path, path.read_text() + "\nmore = 1\n") != before


@pytest.mark.parametrize("name", ["stranger", "__init__", "errors"])
def test_an_edit_of_anything_else_does_not(package: Path, name: str) -> None:
    before = subject.code_digest("stage")
    assert digest_after(package / f"{name}.py", "more = 1\n") == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # one more", ""),
        ('    """Do it."""\n', ""),
        ('"""A stage."""', '"""In other words.\n\nAnd at length.\n"""'),
        ("late(x) + 1", "(\n        late( x )\n        + 1\n    )"),
        ("x: int", "x : int,"),
        ("\nimport", "\n\n\nimport"),
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(package: Path, old: str, new: str) -> None:
    before = subject.code_digest("stage")
    assert old in SOURCE["stage"]
    assert digest_after(package / "stage.py", SOURCE["stage"].replace(old, new)) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+ 1", "+ 2"),
        ("+ 1", "+ 1.0"),
        ("+ 1", "- 1"),
        ("x: int", "x: float"),
        ("x: int", "x: int = 0"),
        ("late(x)", "late(-x)"),
        ("return late", "yield late"),
    ],
)
def test_what_the_code_says_counts(package: Path, old: str, new: str) -> None:
    before = subject.code_digest("stage")
    assert digest_after(package / "stage.py", SOURCE["stage"].replace(old, new)) != before


def test_a_module_that_is_not_there_is_an_error(package: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        subject.code_digest("nowhere")


@pytest.mark.parametrize("stage", [stage for stages in STAGES.values() for stage in stages])
def test_every_stage_has_a_digest(stage: str) -> None:
    assert len(subject.code_digest(module_of(stage))) == 64


def test_recording_does_not_depend_on_what_comes_after_it() -> None:
    def verbs_behind(stage: str) -> set[str]:
        return {module.partition(".")[0] for module in subject.modules_behind(module_of(stage))}

    assert not verbs_behind("record") & {"count", "classify", "draw"}
    behind = subject.modules_behind(module_of("record"))
    assert not any(module.startswith("formats.tables") for module in behind)
    assert not verbs_behind("classify") & {"draw"}
