"""Models that a config file adds to the list without repeating it."""

from __future__ import annotations

from typing import Any

import pytest

from neuron_census.config.configuration import configure
from neuron_census.errors import CensusError


def config(**changes: Any) -> dict[str, Any]:
    entry = {"hub": "owner/model", "revision": "0" * 40, "layers": 6}
    return {
        "models": ["small"],
        "checkpoints": {"small": entry, "large": entry},
        "domains": {"notes": {"files": "*.txt"}},
        "studies": {"dead": [{"domain": "notes", "tokens": 5}], "ngrams": [], "positions": []},
        **changes,
    }


def test_they_come_after_the_others_once() -> None:
    assert configure(config())["models"] == ["small"]
    assert configure(config(models_more=["large", "small"]))["models"] == ["small", "large"]


def test_a_config_that_was_read_is_read_alike() -> None:
    once = configure(config(models_more=["large"]))
    assert configure(once) == once


def test_a_slip_names_its_key() -> None:
    with pytest.raises(
        CensusError, match=r"models_more\[0\]: unknown model 'larg'; did you mean 'large'"
    ):
        configure(config(models_more=["larg"]))
