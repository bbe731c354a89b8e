"""Statistics of ablations against naive loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuron_census.ablate.statistics import (
    benjamini_hochberg,
    difference_of_differences,
    document_means,
    estimate,
)


def test_difference_of_differences_by_hand() -> None:
    own = np.array([[-3.0, -1.0], [5.0, 2.0], [1.0, np.nan], [1.0, 0.0]])
    controls = np.array(
        [
            [[0.5, 0.0], [1.5, 0.0]],
            [[1.0, 0.5], [np.nan, np.nan]],
            [[1.0, np.nan], [1.0, np.nan]],
            [[np.nan, np.nan], [np.nan, np.nan]],
        ]
    )
    found = difference_of_differences(own, controls)
    # -2 less the mean of 0.5 and 1.5; 3 less 0.5; no other token; no control.
    np.testing.assert_array_equal(found, [-3.0, 2.5, np.nan, np.nan])


def test_document_means_by_a_loop() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=60)
    values[::7] = np.nan
    documents = generator.integers(0, 9, 60)
    expected = []
    for document in range(9):
        own = [v for v, d in zip(values, documents, strict=True) if d == document and v == v]
        if own:
            expected.append(sum(own) / len(own))
    np.testing.assert_allclose(document_means(values, documents), expected, rtol=1e-12)


def test_the_bootstrap_by_a_loop() -> None:
    means = np.random.default_rng(1).normal(0.3, 1.0, size=12)
    found = estimate(means, (7, 1, 2), draws=200)
    drawn: list[float] = []
    for row in np.random.default_rng((7, 1, 2)).integers(0, 12, size=(200, 12)).tolist():
        drawn.append(float(sum(means[document] for document in row)) / 12)
    drawn.sort()

    def percentile(share: float) -> float:
        place = share * (len(drawn) - 1)
        below = int(place)
        return float(drawn[below] + (place - below) * (drawn[below + 1] - drawn[below]))

    assert found.mean == pytest.approx(sum(means) / 12)
    assert found.low == pytest.approx(percentile(0.025))
    assert found.high == pytest.approx(percentile(0.975))
    beyond = min(sum(mean <= 0 for mean in drawn), sum(mean >= 0 for mean in drawn))
    assert found.p == pytest.approx(min(1.0, 2 * (beyond + 1) / 201))


def test_where_nothing_changes_the_estimate_is_nought_and_says_so() -> None:
    found = estimate(np.zeros(20), (0,))
    assert (found.mean, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
    assert np.isnan(estimate(np.empty(0), (0,)).mean)


def test_benjamini_hochberg_by_hand() -> None:
    # Ranks 1 to 4 of 4: 0.04, 0.04, 0.16 / 3, 0.5.
    found = benjamini_hochberg(np.array([0.5, 0.01, np.nan, 0.04, 0.02]))
    np.testing.assert_allclose(found, [0.5, 0.04, np.nan, 0.16 / 3, 0.04])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0.001, 1.0), max_size=12))
def test_benjamini_hochberg_by_a_loop(values: list[float]) -> None:
    found = benjamini_hochberg(np.array(values, dtype=np.float64))
    for value, q in zip(values, found, strict=True):
        rates = [
            other * len(values) / sum(third <= other for third in values)
            for other in values
            if other >= value
        ]
        assert q == pytest.approx(min(1.0, *rates))
