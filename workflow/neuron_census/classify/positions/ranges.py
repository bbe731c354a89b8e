"""The ranges of positions at which a neuron is mostly active (paper, section 5.3, Figure 9)."""

from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from neuron_census.classify.positions.curves import moving_average
from neuron_census.formats.tables.positions import POSITIONS

COLUMNS = ("active_ranges", "shift")


def describe_ranges(
    counts: Int64[np.ndarray, "neuron position"], windows: int, width: int, active: float
) -> pl.DataFrame:
    """Return each neuron's active ranges, and their shift: the columns `active_ranges` and `shift`.

    The shift is the middle of the first range that is longer than the moving average, for a shorter one
    may be BOS alone, or else of the first range; null without any.

    Parameters
    ----------
    counts
        windows in which each neuron is active at each position
    windows
        number of windows that were counted
    width
        positions of the moving average, an odd number
    active
        a neuron counts as active where the moving average of its frequency is at least this
    """
    # Sums of counts are exact, and so is a mean that is just as high as it must be.
    is_active = moving_average(counts.astype(np.float64), width) >= active * windows
    ranges = [find_ranges(row) for row in is_active]
    return pl.DataFrame(
        {
            "active_ranges": [
                [{"start": start, "end": end} for start, end in row.tolist()] for row in ranges
            ],
            "shift": [_shift(row, width) for row in ranges],
        },
        schema={name: POSITIONS.columns[name].dtype for name in COLUMNS},
    )


def find_ranges(active: Bool[np.ndarray, " position"]) -> Int64[np.ndarray, "range 2"]:
    """Return the first and the last position of each stretch of active positions."""
    change = np.diff(np.concatenate([[False], active, [False]]).astype(np.int64))
    return np.stack([np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1], axis=1)


def _shift(ranges: Int64[np.ndarray, "range 2"], width: int) -> float | None:
    """Return the middle of the first range that is long enough, or else of the first one."""
    long = ranges[ranges[:, 1] - ranges[:, 0] >= width]
    first = long if len(long) else ranges
    return float(first[0].mean()) if len(first) else None
