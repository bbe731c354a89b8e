"""File names from elsewhere stay inside their folder."""

from __future__ import annotations

import pytest

from neuron_census.errors import CensusError
from neuron_census.paths.inside import require_inside


@pytest.mark.parametrize(
    "name", ["a", "a/b.bin", "model-00001-of-00002.safetensors", "..a", "a..b/c"]
)
def test_names_that_stay_inside(name: str) -> None:
    require_inside(name, "index.json")


@pytest.mark.parametrize(
    "name", ["", ".", "/", "/etc/passwd", "..", "../a", "a/../../b", "a\\..\\b", "c:a", "a\0b"]
)
def test_names_that_lead_out(name: str) -> None:
    with pytest.raises(CensusError, match=r"^index\.json names the file .*leads out of its folder"):
        require_inside(name, "index.json")
