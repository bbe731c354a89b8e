"""Active ranges: by hand, position by position, and those of the paper's Figure 9."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import polars as pl
import pytest

from helpers.made.thresholds import pattern_rules
from neuron_census.classify.positions.ranges import describe_ranges, find_ranges
from neuron_census.config.selection import PAPER
from neuron_census.formats.tables.positions import POSITIONS


def ranges_of(
    counts: list[int], *, windows: int = 2, width: int = 1, active: float = 0.5
) -> tuple[list[tuple[int, int]], float | None]:
    found = describe_ranges(np.array([counts], dtype=np.int64), windows, width, active)
    assert found.schema == {name: POSITIONS.columns[name].dtype for name in found.columns}
    ranges, shift = found.row(0)
    return [(one["start"], one["end"]) for one in ranges], shift


def test_ranges_by_hand() -> None:
    assert ranges_of([2, 2, 0, 0, 2, 0, 1]) == ([(0, 1), (4, 4), (6, 6)], 0.5)
    assert ranges_of([0, 0, 0]) == ([], None)
    assert ranges_of([2, 2, 2]) == ([(0, 2)], 1.0)
    # Half is enough, and the threshold is a parameter.
    assert ranges_of([1, 1], active=0.5)[0] == [(0, 1)]
    assert ranges_of([1, 1], active=0.51)[0] == []
    # Means of three, and at the ends of two: of 1.5, 1, 1 and 2, of which 1 is just half of two windows.
    assert ranges_of([2, 1, 0, 2, 2], width=3)[0] == [(0, 4)]
    assert ranges_of([2, 1, 0, 1, 2], width=3)[0] == [(0, 1), (3, 4)]


def test_a_mean_of_just_half_is_enough_however_it_adds_up() -> None:
    """In sums of shares of 10 windows, 0.1 + 0.7 + 0.7 is a little less than 1.5."""
    assert ranges_of([1, 7, 7], windows=10, width=3)[0] == [(1, 2)]
    assert ranges_of([1, 7, 7, 0, 0], windows=10, width=3)[0] == [(1, 1)]


def test_the_shift_is_that_of_the_first_range_longer_than_the_moving_average() -> None:
    curve = [2, 2, 2, 2, 0, 0, 0, *[2] * 3, 0, 0, 0, *[2] * 4, 0, 0, 0, *[2] * 9]
    ranges, shift = ranges_of(curve, width=3)
    assert ranges == [(0, 3), (7, 9), (13, 16), (20, 28)] and shift == 1.5
    # A range of three positions is not longer than three.
    ranges, shift = ranges_of(curve[5:], width=3)
    assert ranges[0] == (2, 4) and shift == 9.5
    ranges, shift = ranges_of([0, 0, 2, 2, 2, 0, 0], width=3)
    assert (ranges, shift) == ([(2, 4)], 3.0), "there is no longer one"


def test_ranges_equal_those_of_a_loop_over_positions() -> None:
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 51, (7, 300))
    found = describe_ranges(counts, 50, 5, 0.52)
    for row, ranges in zip(counts.tolist(), found["active_ranges"].to_list(), strict=True):
        active = [fmean(row[max(0, at - 2) : at + 3]) >= 26 for at in range(300)]
        covered = [False] * 300
        for one in ranges:
            before, after = one["start"] - 1, one["end"] + 1
            assert before < 0 or not active[before]
            assert after >= 300 or not active[after]
            covered[one["start"] : after] = [True] * (after - one["start"])
        assert covered == active


def test_no_range_at_all() -> None:
    assert find_ranges(np.zeros(0, dtype=bool)).tolist() == []
    none = describe_ranges(np.zeros((0, 9), dtype=np.int64), 5, 3, 0.5)
    assert len(none) == 0 and none.columns == ["active_ranges", "shift"]


def test_the_published_ranges_keep_their_order() -> None:
    """Figure 9 shows ten neurons from the smallest shift to the largest; single positions are smoothed away."""
    published = pl.read_csv(PAPER / "fig09_oscillatory_ranges.csv")
    neurons = published["neuron"].unique(maintain_order=True).to_list()
    counts = np.zeros((len(neurons), 2048), dtype=np.int64)
    for neuron, start, end in published.select("neuron", "start", "end").iter_rows():
        counts[neurons.index(neuron), start : end + 1] = 100
    width = pattern_rules().width(2048)
    assert width == 17
    found = describe_ranges(counts, 100, width, 0.5)
    assert found["shift"].to_list() == sorted(found["shift"].to_list())
    for number, neuron in enumerate(neurons):
        theirs = published.filter(pl.col("neuron") == neuron, pl.col("end") > pl.col("start"))
        ours = [(one["start"], one["end"]) for one in found["active_ranges"][number]]
        # Where a range begins or ends, smoothing leaves it as it is to within half a moving average.
        assert ours == [
            (pytest.approx(start, abs=8), pytest.approx(end, abs=8))
            for start, end in theirs.select("start", "end").iter_rows()
        ], neuron
