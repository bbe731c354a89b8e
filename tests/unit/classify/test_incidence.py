"""Rarefaction, Chao2 and bounds against counting by hand and drawing every subset of documents."""

from __future__ import annotations

from itertools import combinations
from math import exp, log

import numpy as np
import pytest

from neuron_census.classify.evidence.coverage import area_under_curve, rate_upper
from neuron_census.classify.evidence.incidence import Incidence
from neuron_census.classify.evidence.interval import predict_woken


def packed(active: np.ndarray) -> np.ndarray:
    """Return the bits of `[neuron, document]`."""
    return np.packbits(active, axis=1, bitorder="little")


ACTIVE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0, 1, 0, 0, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ],
    dtype=bool,
)


def test_neurons_are_counted_by_the_documents_that_they_are_active_in() -> None:
    found = Incidence.of(packed(ACTIVE), 9)
    assert found.neurons.tolist() == [2, 3, 1, 0, 0, 1, 0, 0, 0, 1]
    assert found.singletons.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found.doubletons.tolist() == [0, 1, 0, 0, 1, 0, 0, 0, 0]
    assert (found.dead, found.once, found.twice, found.total) == (2, 3, 1, 8)
    apart = Incidence.of(packed(ACTIVE[:3]), 9) + Incidence.of(packed(ACTIVE[3:]), 9)
    assert apart.neurons.tolist() == found.neurons.tolist() and apart.once == 3


def test_rarefaction_is_the_mean_over_all_subsets_of_documents() -> None:
    read = np.arange(10)
    expected = [
        np.mean(
            [
                (~ACTIVE[:, list(chosen)].any(axis=1)).mean()
                for chosen in combinations(range(9), size)
            ]
        )
        for size in range(10)
    ]
    assert Incidence.of(packed(ACTIVE), 9).rarefy(read) == pytest.approx(expected, abs=1e-12)


def test_rarefaction_holds_for_many_documents() -> None:
    """A neuron of one document is missed by half of them with probability one half."""
    active = np.zeros((2, 20_000), dtype=bool)
    active[0, 7] = active[1] = True
    found = Incidence.of(packed(active), 20_000).rarefy(np.array([0, 10_000, 20_000]))
    assert found == pytest.approx([1.0, 0.25, 0.0], abs=1e-9)


def test_chao2_by_hand() -> None:
    """Of 9 documents three neurons are in one and one is in two: 8/9 · 3² / (2 · 1) = 4, of which 2 are there."""
    found = Incidence.of(packed(ACTIVE), 9)
    assert found.wakes_ever() == 2.0
    more = np.concatenate([ACTIVE, np.zeros((10, 9), dtype=bool)])
    many = Incidence.of(packed(more), 9)
    assert many.wakes_ever() == pytest.approx(4.0)
    # Equation 18 of Colwell et al. 2012.
    assert many.wakes(9) == pytest.approx(4 * (1 - (1 - 3 / (9 * 4 + 3)) ** 9))
    assert many.wakes(10**9) == pytest.approx(4.0)
    assert many.wakes(0) == 0.0


def test_chao2_without_doubletons_is_the_corrected_form() -> None:
    active = np.zeros((20, 10), dtype=bool)
    active[:4, 3] = True
    found = Incidence.of(packed(active), 10)
    assert found.wakes_ever() == pytest.approx(0.9 * 4 * 3 / 2)
    one = Incidence.of(packed(active[3:]), 10)
    assert one.wakes_ever() == 0.0 and one.wakes(10) == 0.0


def test_where_nothing_sleeps_nothing_wakes() -> None:
    everything = Incidence.of(packed(ACTIVE[2:]), 9)
    assert everything.wakes(9) == 0.0
    assert predict_woken(everything, 9, confidence=0.95, replicates=200, seed=0) == (0.0, 0.0)


def test_an_interval_without_singletons_still_has_an_upper_end() -> None:
    still = Incidence.of(packed(ACTIVE[[0, 1, 7]]), 9)
    lower, upper = predict_woken(still, 9, confidence=0.95, replicates=1000, seed=0)
    assert lower == 0.0 and 1 <= upper <= 2


def test_documents_that_wake_many_at_once_widen_the_interval() -> None:
    """Forty neurons that wake one by one, and forty of which ten wake together."""
    alone = np.zeros((400, 100), dtype=bool)
    alone[np.arange(40), np.arange(40)] = True
    together = np.zeros((400, 100), dtype=bool)
    together[np.arange(40), np.arange(40) // 10] = True
    widths = []
    for active in (alone, together):
        incidence = Incidence.of(packed(active), 100)
        assert incidence.once == 40
        lower, upper = predict_woken(incidence, 100, confidence=0.95, replicates=2000, seed=1)
        widths.append(upper - lower)
    assert widths[1] > 2 * widths[0]


def test_the_rule_of_three() -> None:
    assert rate_upper(1000, 0.05) == pytest.approx(log(20) / 1000)
    assert 1000 * rate_upper(1000, 0.05) == pytest.approx(3, abs=0.005)
    assert exp(-1000 * rate_upper(1000, 0.05 / 600)) == pytest.approx(0.05 / 600)
    assert rate_upper(2, 0.05) == 1.0


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    generator = np.random.default_rng(0)
    score = generator.integers(0, 12, 60).astype(float)
    woken = generator.random(60) < 0.3
    pairs = [
        1.0 if one > other else 0.5 if one == other else 0.0
        for one in score[woken]
        for other in score[~woken]
    ]
    assert area_under_curve(score, woken) == pytest.approx(np.mean(pairs))
    assert area_under_curve(score, np.zeros(60, dtype=bool)) is None
