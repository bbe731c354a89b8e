"""I(act, pos) against the paper's formula, one position after another."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.oracles.positions_by_loop import information_by_hand
from neuron_census.classify.positions.mutual_information import (
    position_information,
    require_windows,
)
from neuron_census.errors import CensusError


@settings(deadline=None, max_examples=60)
@given(
    windows=st.integers(1, 3000),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 5)),
    base=st.sampled_from(["e", "2", "10"]),
    dtype=st.sampled_from([np.uint16, np.uint32, np.int64]),
    data=st.data(),
)
def test_it_is_the_formula(
    windows: int, shape: tuple[int, int], base: str, dtype: type, data: st.DataObject
) -> None:
    # Counts at which a frequency is exactly 0 or 1 are as common as any other.
    values = st.one_of(st.sampled_from([0, windows]), st.integers(0, windows))
    counts = data.draw(arrays(dtype, shape, elements=values))
    found = position_information(counts, windows, base)
    assert found.dtype == np.float64
    np.testing.assert_allclose(
        found, information_by_hand(counts, windows, base), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(("base", "expected"), [("e", log(2)), ("2", 1.0), ("10", log(2, 10))])
def test_half_on_and_half_off_is_one_bit(base: str, expected: float) -> None:
    """Code that skips positions with frequencies of 0 or 1 cannot find this: there are no others."""
    counts = np.zeros((256, 2), dtype=np.int64)
    counts[:128, 0] = counts[1::2, 1] = 500
    found = position_information(counts, 500, base)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_never_and_always_is_exactly_nothing() -> None:
    counts = np.zeros((2048, 2), dtype=np.uint32)
    counts[:, 1] = 490
    assert position_information(counts, 490).tolist() == [0.0, 0.0]


def test_rounding_makes_nothing_negative() -> None:
    """With 96 equal frequencies of 6 in 7, rounding alone would leave -2e-16."""
    for windows in range(1, 30):
        counts = np.tile(np.arange(windows + 1), (96, 1))
        assert position_information(counts, windows).min() >= 0


def test_positions_at_which_a_neuron_is_certain_count_like_any_other() -> None:
    """Of frequencies 0, 1/2 and 1, skipping the certain ones leaves one position and no information."""
    counts = np.array([[0], [50], [100]])
    assert position_information(counts, 100)[0] == pytest.approx(log(2) * (1 - 1 / 3), abs=1e-12)


def test_chance_alone_gives_half_the_inverse_of_the_windows() -> None:
    """This is the bias for which there is a least number of windows."""
    generator = np.random.default_rng(0)
    for windows in (10, 100, 1000):
        counts = generator.binomial(windows, 0.4, size=(2048, 200))
        assert position_information(counts, windows).mean() == pytest.approx(
            1 / (2 * windows), rel=0.1
        )


def test_too_few_windows_are_refused() -> None:
    require_windows(100, 100, "m.zarr")
    with pytest.raises(
        CensusError,
        match=r"m\.zarr: the positions study has 99 .* windows, and at least 100 are needed .*"
        r"1 / \(2 x windows\): about 0\.0051 nats here\. .* `studies\.positions`",
    ):
        require_windows(99, 100, "m.zarr")


def test_an_unknown_base_is_refused() -> None:
    with pytest.raises(CensusError, match="mi_base: unknown base '3'"):
        position_information(np.zeros((4, 1), dtype=np.int64), 5, "3")
