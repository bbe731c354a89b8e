"""Cover sizes against counting one n-gram after the other."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.oracles.counted_by_hand import profile_of
from neuron_census.classify.ngrams.covers import at_least, cover_sizes

SHARES = st.one_of(
    st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0, 1e-9]),
    st.floats(1e-6, 1.0, allow_subnormal=False),
)


def cover_by_loop(counts: list[int], coverage: float) -> int:
    """Take n-grams, the most frequent first, until they hold enough."""
    wanted, held = Fraction(str(coverage)) * sum(counts), 0
    for size, count in enumerate(sorted(counts, reverse=True), start=1):
        held += count
        if held >= wanted:
            return size
    return 0


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 12) | st.integers(1, 10**6), max_size=60)), SHARES)
def test_covers_equal_counting_one_by_one(neurons: list[list[int]], coverage: float) -> None:
    found = cover_sizes(profile_of(neurons), coverage)
    assert found.tolist() == [cover_by_loop(counts, coverage) for counts in neurons]


def test_a_cover_ends_where_the_share_is_reached_exactly() -> None:
    # 19 of 20 are 95%: the last n-gram is not needed, though 0.95 * 20 may round to more.
    neurons = [[10, 9, 1], [10, 8, 1, 1], [1] * 20, [], [7]]
    assert cover_sizes(profile_of(neurons), 0.95).tolist() == [2, 3, 19, 0, 1]
    assert cover_sizes(profile_of(neurons), 1.0).tolist() == [3, 4, 20, 0, 1]
    assert cover_sizes(profile_of([[93] + [1] * 7]), 0.07).tolist() == [1]


def test_ties_do_not_change_a_cover() -> None:
    assert cover_sizes(profile_of([[5, 5, 5, 5], [5, 5, 5, 5, 1]]), 0.5).tolist() == [2, 3]


def test_no_neuron_at_all() -> None:
    assert cover_sizes(profile_of([]), 0.95).tolist() == []
    assert cover_sizes(profile_of([[], []]), 0.95).tolist() == [0, 0]


@given(st.lists(st.integers(0, 10**12), min_size=1), SHARES)
def test_shares_are_exact(totals: list[int], share: float) -> None:
    found = at_least(share, np.array(totals, dtype=np.int64))
    assert found.dtype == np.int64
    assert found.tolist() == [ceil(Fraction(str(share)) * total) for total in totals]


@pytest.mark.parametrize(("share", "of", "expected"), [(0.07, 100, 7), (0.95, 20, 19), (1.0, 3, 3)])
def test_shares_do_not_round_up(share: float, of: int, expected: int) -> None:
    assert at_least(share, np.array([of])).tolist() == [expected]
