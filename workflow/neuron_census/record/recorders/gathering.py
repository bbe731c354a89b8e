"""Counts that gather on a GPU until a layer is done, and are added up when they arrive on the host."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from torch import Tensor

from neuron_census.forward.outbox import Receive

Key = TypeVar("Key")


def gather(gathered: dict[Key, Tensor], key: Key, counts: Tensor) -> None:
    """Add counts to those of the same key, on their device."""
    if key in gathered:
        gathered[key] += counts
    else:
        gathered[key] = counts.clone()


def add_arrivals_to(total: np.ndarray) -> Receive:
    """Return what adds the counts that arrive to a total."""

    def add(counts: np.ndarray) -> None:
        total[...] += counts

    return add
