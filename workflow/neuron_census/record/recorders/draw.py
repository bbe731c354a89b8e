"""A draw that depends on nothing but a seed and a window's number: the same in every shard and on every device."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64, UInt64

_STEP = np.uint64(0x9E3779B97F4A7C15)


def draw_positions(
    windows: Int64[np.ndarray, " windows"], lengths: Int64[np.ndarray, " windows"], seed: int
) -> tuple[Float64[np.ndarray, " windows"], Int64[np.ndarray, " windows"]]:
    """Return a priority above 0, at most 1, and a position of text for each window.

    Parameters
    ----------
    windows
        rows of the window table
    lengths
        tokens of each window, BOS included; of a window without text the position is 0
    seed
        of the draw
    """
    number = windows.astype(np.uint64) + _mixed(np.array([seed % (1 << 64)], dtype=np.uint64))
    first = _mixed(number)
    second = _mixed(first)
    priority = ((first >> np.uint64(11)).astype(np.float64) + 1) / 2**53
    text = np.maximum(lengths - 1, 1).astype(np.uint64)
    position = 1 + (second % text).astype(np.int64)
    return priority, np.minimum(position, lengths - 1)


def _mixed(numbers: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    """Return the finaliser of SplitMix64 (Steele, Lea and Flood 2014) of each number."""
    with np.errstate(over="ignore"):
        mixed = numbers + _STEP
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
