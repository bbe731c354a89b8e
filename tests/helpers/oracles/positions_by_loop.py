"""I(act, pos) as the paper writes it, one position after another."""

from __future__ import annotations

from math import log

import numpy as np

LOGARITHMS = {"e": 1.0, "2": log(2), "10": log(10)}


def entropy_by_hand(share: float) -> float:
    """Return the entropy of an event in nats, with 0 log 0 = 0."""
    total = 0.0
    for part in (share, 1 - share):
        if part > 0:
            total -= part * log(part)
    return total


def information_by_hand(counts: np.ndarray, windows: int, base: str) -> list[float]:
    """Return the information of each neuron, one neuron and one position after another."""
    found = []
    for neuron in range(counts.shape[1]):
        activations, uncertain = 0, 0.0
        for position in range(len(counts)):
            activations += int(counts[position, neuron])
            uncertain += entropy_by_hand(int(counts[position, neuron]) / windows)
        mean = activations / (len(counts) * windows)
        found.append((entropy_by_hand(mean) - uncertain / len(counts)) / LOGARITHMS[base])
    return found
