"""Kills, a full disk, a damaged store, a signal: the next run resumes and ends with the same tables."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.workflow.project import Project, kill

TABLES = (
    *("census", "triggers", "projections", "spectra", "positions", "looser", "sensitivity"),
    *("contexts", "coverage", "seen_ngrams"),
)
TARGETS = [f"results/census/{model}.parquet" for model in ("tiny-a", "tiny-b")]
KILLS = 20
# What is left of the small disk, in kB: more than one recording takes, less than all take together.
ROOM = 400


def tables(results: Path) -> dict[str, bytes]:
    """What classify has written, by path."""
    return {
        str(path.relative_to(results)): path.read_bytes()
        for name in TABLES
        for path in sorted((results / name).iterdir())
    }


def without_census(finished: Project, folder: Path) -> Project:
    """A copy of the finished project, of which text and windows are left."""
    project = finished.copy(folder)
    for name in (*TABLES, "counts", "ngrams", "recordings", "logs"):
        shutil.rmtree(project.folder / "results" / name, ignore_errors=True)
    return project


def recorded(project: Project) -> int:
    return len(list((project.folder / "results" / "recordings").rglob("*.zarr")))


def test_twenty_kills_lose_at_most_a_shard_each(finished: Project, tmp_path: Path) -> None:
    """Snakemake and its jobs are killed at random moments until both models have their census."""
    project = without_census(finished, tmp_path / "killed")
    chance = random.Random(20)
    kills = 0
    left = shards = project.planned(*TARGETS)["record"]
    while kills < KILLS:
        plan = project.planned(*TARGETS)
        if not plan:
            # All was made before it could be killed as often: once more from the start.
            assert tables(project.folder / "results") == tables(finished.folder / "results")
            project = without_census(finished, tmp_path / f"killed after {kills}")
            left = shards
        else:
            assert plan.get("record", 0) <= left, "a shard that was finished is recorded again"
            left = plan.get("record", 0)
        running = project.start(*TARGETS)
        time.sleep(chance.uniform(1, 9))
        if running.poll() is None:
            kill(running)
            kills += 1
            project.succeed("--unlock")
    project.succeed(*TARGETS)
    assert tables(project.folder / "results") == tables(finished.folder / "results")
    assert not list((project.folder / "results").rglob("*.partial"))


def test_a_run_that_is_asked_to_end_ends_and_resumes(finished: Project, tmp_path: Path) -> None:
    project = without_census(finished, tmp_path / "terminated")
    running = project.start(*TARGETS)
    wait_for_recordings(project, running)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=120) != 0
    assert "record" in project.planned(*TARGETS), "there is something left to do"
    project.succeed(*TARGETS)
    assert tables(project.folder / "results") == tables(finished.folder / "results")


def test_a_file_that_is_gone_is_named_and_made_again(finished: Project, tmp_path: Path) -> None:
    project = without_census(finished, tmp_path / "damaged")
    project.succeed(*[f"results/recordings/tiny-a/{shard}.zarr" for shard in range(3)], "--notemp")
    store = project.folder / "results" / "recordings" / "tiny-a" / "1.zarr"
    lost = next(path for path in store.rglob("c/*/*") if path.is_file())
    lost.unlink()
    assert project.planned(TARGETS[0])["record"] == 1
    said = project.succeed("-n", TARGETS[0])
    assert "1.zarr" in said and "against its seal" in said
    project.succeed(*TARGETS)
    assert tables(project.folder / "results") == tables(finished.folder / "results")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory, which `mount -o remount,size=` makes smaller and larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_ends_the_run_and_room_lets_it_go_on(
    finished: Project, tmp_path: Path, small_disk: Path
) -> None:
    """Results lie on a disk that is full when recordings are half made."""
    project = without_census(finished, tmp_path / "full")
    results = project.folder / "results"
    shutil.copytree(results, small_disk / "results")
    shutil.rmtree(results)
    results.symlink_to(small_disk / "results")
    used = (os.statvfs(small_disk).f_blocks - os.statvfs(small_disk).f_bfree) * 4
    subprocess.run(["mount", "-o", f"remount,size={used + ROOM}k", str(small_disk)], check=True)
    done = project.run(*TARGETS)
    assert done.returncode != 0
    assert "the disk is full" in done.stdout, done.stdout[-2000:]
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    project.succeed(*TARGETS)
    assert tables(small_disk / "results") == tables(finished.folder / "results")
    assert not list((small_disk / "results").rglob("*.partial"))


def wait_for_recordings(project: Project, running: subprocess.Popen[str]) -> None:
    """Wait until a recording is there."""
    end = time.monotonic() + 120
    while not recorded(project):
        assert running.poll() is None and time.monotonic() < end
        time.sleep(0.05)
