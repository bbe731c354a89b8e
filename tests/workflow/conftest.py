"""A project whose whole census has been taken, once for all tests of the workflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.workflow.project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with all its results; not to be changed."""
    project = Project.make(tmp_path_factory.mktemp("finished") / "the repository")
    project.succeed("--resources", "gpu=1")
    return project


@pytest.fixture
def clone(finished: Project, tmp_path: Path) -> Callable[[], Project]:
    """Make a copy of the finished project, to be changed."""
    return lambda: finished.copy(tmp_path / "clone")
