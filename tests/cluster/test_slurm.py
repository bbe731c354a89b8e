"""The workflow on a real Slurm node: the same results, GPUs shared out, jobs that fail, vanish or wait."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.cluster.slurm_node import Job, Node, UnavailableError, slurm_node
from helpers.workflow.project import Project, environment

TABLES = (
    "census",
    "triggers",
    "projections",
    "spectra",
    "positions",
    "looser",
    "sensitivity",
    "figures",
)
CENSUSES = [f"results/census/{model}.parquet" for model in ("tiny-a", "tiny-b")]
LIMIT = 900


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the user munge may enter, too."""
    with tempfile.TemporaryDirectory(prefix="neuron-census-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[Node]:
    """A Slurm node; where there can be none, every test here fails: this tier is asked for by name."""
    try:
        with slurm_node(folder / "slurm") as started:
            yield started
    except UnavailableError as reason:
        pytest.fail(f"no Slurm here: {reason}")


@pytest.fixture(scope="module")
def made(folder: Path) -> Project:
    """A project of which nothing has been run; tests copy it."""
    return Project.make(folder / "made")


@pytest.fixture(scope="module")
def local(made: Project, folder: Path) -> Project:
    """A project with every table, made without Slurm."""
    project = made.copy(folder / "local")
    project.succeed("results/summary.csv", *CENSUSES, "--resources", "gpu=1")
    return project


def submit(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start Snakemake with the profile for Slurm; what it says goes to a file."""
    profile = str(project.folder / "profiles" / "slurm")
    command = [
        *(sys.executable, "-m", "snakemake", "--workflow-profile", profile),
        *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"),
        *("--latency-wait", "10", "--configfile", str(project.config_file), "--", *arguments),
    ]
    with (project.folder / "said.txt").open("w") as said:
        return subprocess.Popen(
            command, cwd=project.folder, env=environment(), stdout=said, stderr=said, text=True
        )


def watch(running: subprocess.Popen[str], node: Node, see: Callable[[list[Job]], None]) -> int:
    """Show the queue to `see` until Snakemake ends; gives its exit status."""
    deadline = time.monotonic() + LIMIT
    while running.poll() is None:
        assert time.monotonic() < deadline, "the run does not end"
        see(node.jobs())
        time.sleep(0.3)
    return running.returncode


def said(project: Project) -> str:
    return (project.folder / "said.txt").read_text()


def tables(project: Project) -> dict[str, bytes]:
    """Every table of the results, by its path."""
    results = project.folder / "results"
    return {
        str(path.relative_to(results)): path.read_bytes()
        for name in TABLES
        for path in sorted((results / name).rglob("*"))
        if path.is_file()
    } | {"summary.csv": (results / "summary.csv").read_bytes()}


def test_a_cluster_gives_what_one_machine_gives(
    node: Node, made: Project, local: Project, folder: Path
) -> None:
    """Two models and three shards: one GPU job at a time, others beside it, the same bytes."""
    project = made.copy(folder / "submitted")
    with_gpu: list[int] = []
    at_once: list[int] = []

    def see(jobs: list[Job]) -> None:
        running = [job for job in jobs if job.runs]
        with_gpu.append(sum(job.has_gpu for job in running))
        at_once.append(len(running))

    assert watch(submit(project, "results/summary.csv", *CENSUSES), node, see) == 0, said(project)
    assert max(with_gpu) == 1, "there is one GPU"
    assert max(at_once) > 1, "what needs no GPU runs side by side"
    assert tables(project) == tables(local)
    assert project.planned("results/summary.csv", *CENSUSES) == {}


def test_a_job_that_fails_is_tried_again_with_more_memory(
    node: Node, made: Project, folder: Path
) -> None:
    project = made.copy(folder / "retried")
    rules = project.folder / "workflow" / "rules" / "text.smk"
    stage = '"python -m neuron_census tokenize'
    text = rules.read_text()
    assert text.count(stage) == 1
    # As if it needed more than what it is given first.
    rules.write_text(text.replace(stage, f'"test {{resources.mem_mb}} -gt 10000; " {stage}'))
    asked: set[tuple[str, str]] = set()
    target = "results/windows/tiny/windows.parquet"

    def see(jobs: list[Job]) -> None:
        asked.update((job.comment, job.memory) for job in jobs if "tokenize" in job.comment)

    assert watch(submit(project, target), node, see) == 0, said(project)
    memory = sorted(int(memory.rstrip("M")) for _, memory in asked)
    assert len(memory) == 2 and memory[1] == 2 * memory[0], asked


def test_cancelled_jobs_and_a_drained_node_lose_nothing(
    node: Node, made: Project, local: Project, folder: Path
) -> None:
    project = made.copy(folder / "cancelled")
    targets = ["results/summary.csv", *CENSUSES]
    recordings = project.folder / "results" / "recordings"

    def cancel(jobs: list[Job]) -> None:
        if list(recordings.rglob("*.zarr")):
            node.cancel_all()

    assert watch(submit(project, *targets), node, cancel) != 0, "every job was cancelled"
    assert not list((project.folder / "results").rglob("census/*.parquet"))

    node.drain()
    waiting: list[bool] = []

    def resume(jobs: list[Job]) -> None:
        if len(waiting) < 10:
            assert not any(job.runs for job in jobs), "a drained node starts nothing"
            waiting.extend([True] * bool(jobs))
            if len(waiting) == 10:
                node.resume()

    assert watch(submit(project, *targets), node, resume) == 0, said(project)
    assert len(waiting) == 10
    assert tables(project) == tables(local)
