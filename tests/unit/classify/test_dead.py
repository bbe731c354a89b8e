"""Definitions of section 3, by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from neuron_census.classify.dead import count_activity
from neuron_census.draw.by_layer import summary_by_layer

# Two layers, two domains, three neurons.
ACTIVE = np.array([[[0, 3, 10], [0, 1, 0]], [[5, 0, 0], [5, 0, 0]]])
AT_BOS = np.array([[[0, 2, 0], [0, 0, 0]], [[0, 0, 2], [0, 0, 1]]])
TOKENS, WINDOWS = np.array([10, 10]), np.array([2, 1])


def test_a_neuron_is_dead_if_no_token_activates_it() -> None:
    found = count_activity(ACTIVE, AT_BOS, TOKENS, WINDOWS, count_bos=False)
    assert found.total_tokens == 20
    assert found.activations.tolist() == [[0, 4, 10], [10, 0, 0]]
    assert found.dead.tolist() == [[True, False, False], [False, True, True]]
    assert found.frequency.tolist() == [[0.0, 0.2, 0.5], [0.5, 0.0, 0.0]]


def test_one_token_is_enough_to_be_alive() -> None:
    once = np.zeros((1, 2, 2), dtype=np.int64)
    once[0, 1, 1] = 1
    found = count_activity(once, np.zeros_like(once), TOKENS, WINDOWS, count_bos=False)
    assert found.dead.tolist() == [[True, False]]
    assert found.frequency.tolist() == [[0.0, 1 / 20]]


def test_domains_stay_apart_until_they_are_pooled() -> None:
    found = count_activity(ACTIVE, AT_BOS, TOKENS, WINDOWS, count_bos=True)
    assert found.active.tolist() == (ACTIVE + AT_BOS).tolist()
    assert found.tokens.tolist() == [12, 11]


def test_bos_counts_only_if_asked_for() -> None:
    found = count_activity(ACTIVE, AT_BOS, TOKENS, WINDOWS, count_bos=True)
    assert found.total_tokens == 23, "twenty tokens of text and three BOS"
    assert found.activations.tolist() == [[0, 6, 10], [10, 0, 3]]
    assert found.dead.tolist() == [[True, False, False], [False, True, False]]


def test_a_layer_without_alive_neurons_has_no_mean_frequency() -> None:
    census = pl.DataFrame(
        {
            "layer": [0, 0, 0, 1, 1],
            "frequency": [0.2, 0.0, 0.4, 0.0, 0.0],
            "dead": [False, True, False, True, True],
        }
    )
    first, second = summary_by_layer(census).rows(named=True)
    assert first["neurons"] == 3 and first["dead"] == 1
    assert first["dead_percent"] == pytest.approx(100 / 3)
    assert first["mean_frequency_alive"] == pytest.approx(0.3)
    assert second["dead_percent"] == 100 and second["mean_frequency_alive"] is None
