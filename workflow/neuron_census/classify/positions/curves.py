"""What the rules for patterns look at in a curve: its smoothed course, its runs and its turns."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64

# Mean square distance of a normal variable of variance 1 from the median of itself and two others:
# 2/3 of that between the largest and the middle one of three.
OF_MEDIAN = 0.782


def moving_average(
    curves: Float64[np.ndarray, "neuron position"], width: int
) -> Float64[np.ndarray, "neuron position"]:
    """Return the centred moving average over an odd `width` of positions; at the ends, over those that exist."""
    length = curves.shape[1]
    place = np.arange(length)
    first = np.maximum(place - width // 2, 0)
    last = np.minimum(place + width // 2 + 1, length)
    sums = np.zeros((len(curves), length + 1))
    np.cumsum(curves, axis=1, out=sums[:, 1:])
    means: Float64[np.ndarray, "neuron position"] = (sums[:, last] - sums[:, first]) / (
        last - first
    )
    return means


def texture(
    curves: Float64[np.ndarray, "neuron position"],
    course: Float64[np.ndarray, "neuron position"],
    windows: int,
) -> Float64[np.ndarray, " neuron"]:
    """Return how far positions stand out from both neighbours, as a standard deviation; 0 for a smooth curve.

    It is measured as the distance from the median of three, which is 0 on a slope and on a step, however
    steep; the noise of counting, p (1 - p) / windows, is taken off its mean square.

    Parameters
    ----------
    curves
        share of windows in which each neuron is active, at three positions or more
    course
        the same after smoothing, which stands for p
    windows
        number of windows that were counted
    """
    before, here, after = curves[:, :-2], curves[:, 1:-1], curves[:, 2:]
    # The value between the neighbours that is nearest to `here` is the median of the three.
    median = np.clip(here, np.minimum(before, after), np.maximum(before, after))
    variance = ((here - median) ** 2).mean(axis=1) / OF_MEDIAN
    noise = (course * (1 - course)).mean(axis=1) / windows
    deviation: Float64[np.ndarray, " neuron"] = np.sqrt(np.maximum(variance - noise, 0))
    return deviation


def longest_run(met: Bool[np.ndarray, "neuron position"]) -> Int64[np.ndarray, " neuron"]:
    """Return the length of the longest run of positions at which a condition is met."""
    place = np.arange(met.shape[1])
    last_unmet = np.maximum.accumulate(np.where(met, -1, place), axis=1)
    longest: Int64[np.ndarray, " neuron"] = (place - last_unmet).max(axis=1)
    return longest


def turns(
    course: Float64[np.ndarray, "neuron position"],
    low: Float64[np.ndarray, " neuron"],
    high: Float64[np.ndarray, " neuron"],
) -> Int64[np.ndarray, " neuron"]:
    """Return how often a curve passes from at most `low` to at least `high` or back, whatever it does between."""
    side = (course >= high[:, None]).astype(np.int8) - (course <= low[:, None])
    place = np.arange(course.shape[1])
    # The side that a curve was last on, even while it is between the two.
    last = np.maximum.accumulate(np.where(side != 0, place, 0), axis=1)
    side = np.take_along_axis(side, last, axis=1)
    changed: Int64[np.ndarray, " neuron"] = (side[:, 1:] * side[:, :-1] < 0).sum(axis=1)
    return changed


def straightness(
    course: Float64[np.ndarray, "neuron position"],
) -> Float64[np.ndarray, " neuron"]:
    """Return the share of a curve's variance that a straight line explains (R²); 0 for a constant curve."""
    place = np.arange(course.shape[1]) - (course.shape[1] - 1) / 2
    about_mean = course - course.mean(axis=1, keepdims=True)
    spread = (about_mean**2).sum(axis=1)
    explained = (about_mean @ place) ** 2 / (place @ place)
    # A smaller difference between positions is due to rounding.
    changes = np.ptp(course, axis=1) > 1e-9
    share: Float64[np.ndarray, " neuron"] = np.divide(
        explained, spread, out=np.zeros_like(spread), where=changes
    )
    return share
