"""The compiled loops behind `neuron_census.forward.kernels`, which says what they mean.

In a module of their own: checkers of shapes wrap what they find, and wrapped loops cannot be compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

# Columns that one thread works on at a time: a row of counters stays in its first-level cache.
COLUMNS = 512

compiled: Callable[..., Any] = numba.njit(parallel=True, cache=True, nogil=True)


@compiled
def add_active(values, rows, counts):  # type: ignore[no-untyped-def]
    neurons = values.shape[1]
    for block in numba.prange((neurons + COLUMNS - 1) // COLUMNS):
        low, high = block * COLUMNS, min(neurons, (block + 1) * COLUMNS)
        total = counts[low:high]
        few = np.zeros(high - low, dtype=np.uint8)  # a byte holds 255 rows and adds fastest
        for start in range(0, len(rows), 255):
            few[:] = 0
            for row in rows[start : start + 255]:
                seen = values[row, low:high]
                for neuron in range(len(few)):
                    few[neuron] += seen[neuron] > 0
            for neuron in range(len(few)):
                total[neuron] += few[neuron]


@compiled
def set_active_bits(values, rows, bits, first):  # type: ignore[no-untyped-def]
    neurons = values.shape[1]
    for block in numba.prange((neurons + COLUMNS - 1) // COLUMNS):
        low, high = block * COLUMNS, min(neurons, (block + 1) * COLUMNS)
        for index in range(len(rows)):
            seen = values[rows[index], low:high]
            octets = bits[(first + index) >> 3, low:high]
            place = np.uint8(1 << ((first + index) & 7))
            for neuron in range(len(octets)):
                octets[neuron] |= place if seen[neuron] > 0 else np.uint8(0)


@compiled
def add_active_by_position(values, counts):  # type: ignore[no-untyped-def]
    length = counts.shape[0]
    for position in numba.prange(length):
        total = counts[position]
        for row in range(position, values.shape[0], length):
            seen = values[row]
            for neuron in range(len(total)):
                total[neuron] += seen[neuron] > 0
