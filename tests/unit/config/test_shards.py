"""The number of shards, from the config alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import neuron_census
from neuron_census.config.shards import MOST_SHARDS, shard_count
from neuron_census.errors import CensusError


def budget(domain: str, tokens: int | str) -> dict[str, Any]:
    return {"domain": domain, "tokens": tokens}


@pytest.mark.parametrize(
    ("studies", "count"),
    [
        ({"dead": [budget("a", 100)]}, 1),
        ({"dead": [budget("a", 101)]}, 2),
        ({"dead": [budget("a", 60), budget("b", 60)]}, 2),
        ({"dead": [budget("a", 90)], "ngrams": [budget("a", 50)], "positions": []}, 1),
        ({"dead": [budget("a", 90)], "ngrams": [budget("a", 250)]}, 3),
        ({"dead": [budget("a", "all")], "ngrams": [budget("b", "all")]}, 2),
        ({"dead": [budget("a", "all")], "ngrams": [budget("a", 130)]}, 2),
        ({"dead": []}, 1),
    ],
)
def test_budgets_of_a_domain_overlap_and_those_of_several_add_up(
    studies: dict[str, list[dict[str, Any]]], count: int
) -> None:
    assert shard_count(studies, 100) == count


def test_a_shard_needs_a_size() -> None:
    with pytest.raises(CensusError, match=r"record\.shard_tokens: found 0"):
        shard_count({"dead": []}, 0)


def test_a_number_of_shards_that_no_run_has_is_refused() -> None:
    assert shard_count({"dead": [budget("a", MOST_SHARDS * 7)]}, 7) == MOST_SHARDS
    with pytest.raises(
        CensusError, match=r"record\.shard_tokens: 700,001 tokens .* 100,001 shards"
    ):
        shard_count({"dead": [budget("a", MOST_SHARDS * 7 + 1)]}, 7)


def test_the_module_is_light() -> None:
    script = "import sys; import neuron_census.config.shards; print(*sys.modules)"
    package = str(Path(neuron_census.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": package}, capture_output=True, text=True
    )
    assert not {"torch", "polars", "numpy", "tokenizers"} & set(done.stdout.split()), done.stderr
