"""A project whose whole census has been taken, once for all tests of the workflow."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.workflow.project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with all its results; not to be changed. One worker makes it, and the others wait for it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, done = shared / "finished" / "the repository", shared / "finished.done"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            project = Project.make(folder)
            project.succeed("--resources", "gpu=1", "--cores", "2")
            done.touch()
    return Project(folder)


@pytest.fixture
def clone(finished: Project, tmp_path: Path) -> Callable[[], Project]:
    """Make a copy of the finished project, to be changed."""
    return lambda: finished.copy(tmp_path / "clone")
