"""Running the workflow: from anywhere, for one table or all, after a kill."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from helpers.repository import REPOSITORY
from helpers.workflow.plans import CLASSIFY, ONE_CENSUS, RECORD
from helpers.workflow.project import Project, environment, kill, planned

FIGURE = "results/figures/fig01_dead_neurons"


def census(project: Project, model: str) -> pl.DataFrame:
    return pl.read_parquet(project.folder / "results" / "census" / f"{model}.parquet")


def test_the_whole_census_is_made_and_recordings_are_deleted(finished: Project) -> None:
    results = finished.folder / "results"
    assert all(
        (finished.folder / f"{FIGURE}.{kind}").stat().st_size for kind in ("pdf", "png", "csv")
    )
    table = census(finished, "tiny-a")
    assert len(table) == 3 * 40
    assert table["tokens"].unique().to_list() == [sum(study_tokens(results))]
    assert not list((results / "recordings").rglob("*.zarr"))
    assert not list(results.rglob("*.partial"))


def study_tokens(results: Path) -> list[int]:
    """Tokens of the dead study by a way of its own: the lengths of its windows, less their BOS."""
    windows = pl.read_parquet(results / "windows" / "tiny" / "windows.parquet").filter("dead")
    return [length - 1 for length in windows["length"].to_list()]


def test_what_a_stage_says_is_in_its_log(finished: Project) -> None:
    log = (finished.folder / "results" / "logs" / "record" / "tiny-a" / "0.log").read_text()
    assert "plan:" in log


def test_one_table_is_a_target_by_its_path(clone: Callable[[], Project]) -> None:
    project = clone()
    (project.folder / "results" / "census" / "tiny-b.parquet").unlink()
    assert project.planned("results/census/tiny-b.parquet") == {"classify": 1}
    assert project.planned(f"{FIGURE}.csv") == {}
    assert project.planned("--config", 'classify={"dead": {"count_bos": true}}') == CLASSIFY
    # A model of the catalogue that the config does not select.
    assert project.planned("results/census/tiny-c.parquet") == ONE_CENSUS


def test_another_directory_and_a_config_from_outside(finished: Project, tmp_path: Path) -> None:
    """Results go where the run is; sources are found there first, and then in the repository."""
    outside = tmp_path / "configs" / "mine.yaml"
    outside.parent.mkdir()
    outside.write_text(finished.config_file.read_text())
    elsewhere = tmp_path / "else where"
    (elsewhere / "made" / "texts").mkdir(parents=True)
    (elsewhere / "made" / "texts" / "mine.txt").write_text("A text of my own. " * 100)
    started = tmp_path / "started here"
    started.mkdir()
    target = "results/windows/tiny/windows.parquet"
    snakemake = [sys.executable, "-m", "snakemake"]
    arguments = ["-s", str(finished.folder / "Snakefile"), "--directory", str(elsewhere)]
    done = subprocess.run(
        [
            *snakemake,
            "--cores",
            "1",
            *arguments,
            "--configfile",
            "../configs/mine.yaml",
            "--",
            target,
        ],
        cwd=started,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    windows = pl.read_parquet(elsewhere / target)
    assert windows.filter(domain="notes")["document"].n_unique() == 1
    assert windows.filter(domain="records")["document"].n_unique() > 1
    assert not list(started.iterdir())
    again = subprocess.run(
        [*snakemake, "-n", *arguments, "--configfile", str(outside)],
        cwd=started,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert planned(again.stdout + again.stderr) == {"number_ngrams": 1} | RECORD


def test_a_killed_run_resumes_at_the_shard(finished: Project, tmp_path: Path) -> None:
    project = finished.copy(tmp_path / "killed")
    project.change_config(lambda given: given["models"].remove("tiny-b"))
    (project.folder / "results" / "census" / "tiny-a.parquet").unlink()
    shutil.rmtree(project.folder / "results" / "counts" / "tiny-a.zarr")
    shutil.rmtree(project.folder / "results" / "logs" / "record")
    recordings = project.folder / "results" / "recordings" / "tiny-a"
    running = project.start("results/census/tiny-a.parquet")
    # When the second shard has a log, the first is finished and noted.
    logs = project.folder / "results" / "logs" / "record" / "tiny-a"
    wait_for(lambda: len(list(logs.glob("*.log"))) == 2, running)
    kill(running)
    assert len(list(recordings.glob("*.zarr"))) == 1
    project.succeed("--unlock")
    assert project.planned("results/census/tiny-a.parquet")["record"] == 2
    project.succeed("results/census/tiny-a.parquet")
    assert census(project, "tiny-a").equals(census(finished, "tiny-a"))
    assert not list((project.folder / "results").rglob("*.partial"))


def wait_for(condition: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert running.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_report_shows_the_figure_its_numbers_and_its_caption(
    clone: Callable[[], Project],
) -> None:
    project = clone()
    project.succeed("--report", "report.html")
    report = (project.folder / "report.html").read_text()
    assert "fig01_dead_neurons" in report
    assert "The paper's Figure 1." in report
    assert "tiny-a: made/tiny-a, float64" in report


def plan_as_shipped(directory: Path, *arguments: str) -> str:
    """What Snakemake says when it plans the repository's own config elsewhere, without a network."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "-s", str(REPOSITORY / "Snakefile"), *arguments],
        cwd=directory,
        env=environment() | {"HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_default_plans_the_demo_family_and_trains_nothing(tmp_path: Path) -> None:
    plan = planned(plan_as_shipped(tmp_path))
    assert plan["read_domain"] == 4
    assert plan["count"] == plan["classify"] == 8
    assert not [rule for rule in plan if rule.startswith(("train", "fetch", "generate"))]


def test_training_is_a_target_of_its_own(tmp_path: Path) -> None:
    expected = {"read_domain": 8, "train_tokenizer": 2, "train_checkpoint": 6}
    assert planned(plan_as_shipped(tmp_path, "train_demo_family")) == expected | {
        "train_demo_family": 1
    }


def test_a_tokenizer_and_a_checkpoint_are_trained(clone: Callable[[], Project]) -> None:
    project = clone()

    def recipes(config: dict[str, Any]) -> None:
        config["domains"]["records"]["held_out"] = 0.5
        reads = {"domains": ["records"], "window": 16}
        config["train"] = {
            "tokenizers": {"tiny": reads | {"vocabulary": 262}},
            "checkpoints": {
                "tiny": reads
                | {"tokenizer": "tiny", "hidden_size": 8, "layers": 2, "heads": 2, "steps": 2}
            },
        }
        config["checkpoints"]["trained"] = {"path": "results/trained/checkpoints/tiny"}

    project.change_config(recipes)
    trained = "results/trained/checkpoints/tiny"
    project.succeed(trained)
    assert (project.folder / trained / "model.safetensors").is_file()
    # It is a checkpoint like any other then, with a tokenizer of its own.
    plan = project.planned("results/census/trained.parquet")
    assert plan == {"tokenize": 1, "number_ngrams": 1} | ONE_CENSUS | {"count_ngrams": 1}


def test_the_paper_is_planned_offline(tmp_path: Path) -> None:
    said = plan_as_shipped(tmp_path, "--configfile", str(REPOSITORY / "config" / "opt.yaml"))
    plan = planned(said)
    assert plan["fetch_checkpoint"] == plan["count"] == plan["classify"] == 8
    assert plan["tokenize"] == plan["fetch_tokenizer"] == plan["number_ngrams"] == 1
    assert plan["draw"] == 18, "all figures but those of the experiments that opt.yaml has none of"
    assert plan["read_domain"] == 9
    assert "reddit.revision: main is not a commit" in said


def test_a_laptop_run_is_planned_offline(tmp_path: Path) -> None:
    said = plan_as_shipped(tmp_path, "--configfile", str(REPOSITORY / "config" / "opt-125m.yaml"))
    assert planned(said)["fetch_checkpoint"] == 1
    assert "is not a commit" not in said


def test_planning_imports_nothing_heavy(finished: Project) -> None:
    script = (
        "import json, runpy, sys\n"
        "sys.argv = ['snakemake', *sys.argv[1:]]\n"
        "try:\n    runpy.run_module('snakemake', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'torch', 'polars', 'numpy', 'transformers', 'zarr', 'zstandard', 'matplotlib'}\n"
        "print(json.dumps(sorted(name for name in sys.modules if name in heavy)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "-n", "--configfile", str(finished.config_file)],
        cwd=finished.folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    # Snakemake itself imports pandas, where there is one, and numpy with it. A compressed text is looked into,
    # whether it has the column that is asked for.
    assert imported <= {"numpy", "zstandard"}


def test_the_linter_has_nothing_to_say(finished: Project) -> None:
    assert "Congratulations" in finished.succeed("--lint")
