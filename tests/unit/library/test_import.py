"""`import neuron_census` is quick, says what it has, and gives it when it is asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

import neuron_census
from helpers.repository import REPOSITORY


def test_importing_imports_nothing_heavy() -> None:
    script = (
        "import sys\nimport neuron_census\nnames = dir(neuron_census)\n"
        "print(sorted({'torch', 'polars', 'numpy', 'zarr', 'rich'} & set(sys.modules)))\n"
        "neuron_census.Census\nprint('polars' in sys.modules, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY / "workflow",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True False"]


def test_every_name_is_there_and_documented() -> None:
    assert set(neuron_census.__all__) < set(dir(neuron_census))
    for name in neuron_census.__all__:
        assert getattr(neuron_census, name).__doc__
        assert f"{name}" in (REPOSITORY / "docs" / "library.md").read_text()


def test_a_name_that_is_not_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Sensus'"):
        neuron_census.Sensus  # noqa: B018
