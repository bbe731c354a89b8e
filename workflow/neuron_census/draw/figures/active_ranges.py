"""The positions at which a neuron is mostly active, as ranges."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

# A range is where the smoothed frequency is at least this: the neuron is active in half of the windows.
THRESHOLD = 0.5
# The moving average is this wide for windows of this length (OPT's), and scales with the length.
SMOOTHING = 17
SMOOTHING_WINDOW = 2048


def smoothing_width(window: int) -> int:
    """Positions of the moving average, an odd number, for windows of a length.

    Parameters
    ----------
    window
        positions of a window
    """
    return max(1, 2 * round((SMOOTHING * window / SMOOTHING_WINDOW - 1) / 2) + 1)


def active_ranges(
    frequency: Float64[np.ndarray, " position"],
) -> Int64[np.ndarray, "range 2"]:
    """First and last position of each range in which the smoothed frequency is at least `THRESHOLD`.

    Parameters
    ----------
    frequency
        share of windows in which the neuron is active, at each position
    """
    kernel = np.ones(smoothing_width(len(frequency)))
    # Near the ends the average is over the positions that there are.
    available = np.convolve(np.ones(len(frequency)), kernel, mode="same")
    active = np.convolve(frequency, kernel, mode="same") / available >= THRESHOLD
    change = np.diff(np.concatenate([[False], active, [False]]).astype(np.int64))
    return np.stack([np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1], axis=1)
