"""Results of a planted model, once for all tests of the library."""

from __future__ import annotations

import pytest

from helpers.planted.run import Run, make_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run with its results; not to be changed."""
    return make_run(tmp_path_factory.mktemp("library"))
