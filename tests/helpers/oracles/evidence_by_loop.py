"""Windows of activity, margins and contexts by the slowest possible reading: every value of every window in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BEFORE, AFTER, LARGEST = 16, 7, 65504.0
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Seen:
    """A window of the dead study: its row in the table, its document, and values `[length, ffn_dim]` of each layer."""

    window: int
    domain: str
    document: int
    values: Sequence[np.ndarray]


def mixed(number: int) -> int:
    """Return SplitMix64's finaliser of a number, in whole numbers of any size."""
    mixed = (number + 0x9E3779B97F4A7C15) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return mixed ^ (mixed >> 31)


def margin(
    seen: Sequence[Seen], layer: int, neuron: int, *, bos: bool, half: int
) -> tuple[float, int, int]:
    """Return the largest value, its window and its position; the first of several."""
    best = (-np.inf, -1, -1)
    for one in sorted(seen, key=lambda one: one.window):
        if one.document % 2 == half:
            for position in range(1) if bos else range(1, len(one.values[layer])):
                value = float(one.values[layer][position, neuron])
                if value > best[0]:
                    best = (value, one.window, position)
    return best


def contexts(
    seen: Sequence[Seen], layer: int, neuron: int, kind: str, *, most: int, seed: int
) -> list[dict[str, Any]]:
    """Return the best contexts of a neuron, the best first."""
    found = []
    for one in seen:
        values = one.values[layer][:, neuron]
        if kind == "top":
            position = 1 + int(np.argmax(values[1:]))
            key = float(values[position])
        else:
            first = mixed((one.window + mixed(seed)) & MASK)
            position = 1 + mixed(first) % (len(values) - 1)
            key = ((first >> 11) + 1) / 2**53
        if values[position] > 0:
            found.append((-key, one.window, position, values))
    found.sort(key=lambda context: context[:2])
    return [
        {
            "key": -key,
            "value": float(values[position]),
            "window": window,
            "position": position,
            "activations": around(values, position),
        }
        for key, window, position, values in found[:most]
    ]


def around(values: np.ndarray, position: int) -> np.ndarray:
    """Return the activations around a position as float16, 0 outside the window."""
    shown = np.zeros(BEFORE + 1 + AFTER, dtype=np.float16)
    for place in range(len(shown)):
        at = position - BEFORE + place
        if 0 <= at < len(values):
            shown[place] = np.float16(np.float32(min(max(float(values[at]), 0.0), LARGEST)))
    return shown
