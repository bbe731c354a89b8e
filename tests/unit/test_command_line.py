"""The command line: a command a stage, imported when it is called; errors a user can read."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from helpers.repository import REPOSITORY
from neuron_census.__main__ import main
from neuron_census.stages import STAGES, module_of

WORKFLOW = REPOSITORY / "workflow"
COMMANDS = [command for commands in STAGES.values() for command in commands]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neuron_census", *arguments],
        cwd=WORKFLOW,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_stage_with_what_it_does() -> None:
    said = run("--help")
    assert said.returncode == 0
    for stage in COMMANDS:
        module = import_module(f"neuron_census.{module_of(stage)}")
        assert stage in said.stdout
        assert (module.__doc__ or "").split()[0] in said.stdout


@pytest.mark.parametrize("stage", COMMANDS)
def test_every_parameter_of_a_stage_is_an_option_with_an_explanation(
    stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    function = getattr(import_module(f"neuron_census.{module_of(stage)}"), stage)
    main([stage, "--help"])
    said = capsys.readouterr().out
    documented = inspect.getdoc(function) or ""
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            assert f"--{name.replace('_', '-')}" in said
        assert f"\n{name}\n" in documented


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom neuron_census.__main__ import main\nmain(sys.argv[1:])\n"
        "heavy = {'torch', 'polars', 'numpy', 'zarr', 'transformers'} & set(sys.modules)\n"
        "print('imported', sorted(heavy))\n"
    )
    for arguments in (["--help"], ["fetch_checkpoint", "--help"], ["draw", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=WORKFLOW,
            capture_output=True,
            text=True,
            check=False,
        )
        imported = done.stdout.splitlines()[-1]
        assert "torch" not in imported, arguments
        if arguments == ["--help"]:
            assert imported == "imported []"


def test_what_a_user_can_mend_is_one_paragraph_and_status_1(tmp_path: Path) -> None:
    output = tmp_path / "ngrams.zarr"
    windows = str(tmp_path / "none.parquet")
    done = run("number_ngrams", "--windows", windows, "--output", str(output))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "none.parquet" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not output.exists()


def test_what_is_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def classify(*, counts: Path, thresholds: str, output: Path) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("neuron_census.classify.classify.classify", classify)
    with pytest.raises(KeyError, match="ours"):
        main(["classify", "--counts", "x", "--thresholds", "{}", "--output", "y"])


@pytest.mark.parametrize(
    "arguments",
    [["clasify"], ["classify", "--count", "x"], ["classify"], ["record", "--shard", "x"]],
)
def test_a_wrong_command_line_is_explained_on_standard_error(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert arguments[0] in done.stderr
    assert "Traceback" not in done.stderr
