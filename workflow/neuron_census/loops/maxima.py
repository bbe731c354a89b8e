"""The compiled loops behind `neuron_census.forward.maxima` and the recorder of contexts, which say what they mean."""

from __future__ import annotations

import numba
import numpy as np

from neuron_census.loops.activity import COLUMNS, compiled


@compiled
def find_maxima(values, starts, lengths, maxima, positions):  # type: ignore[no-untyped-def]
    neurons = values.shape[1]
    for block in numba.prange((neurons + COLUMNS - 1) // COLUMNS):
        low, high = block * COLUMNS, min(neurons, (block + 1) * COLUMNS)
        for window in range(len(starts)):
            best, place = maxima[window, low:high], positions[window, low:high]
            for position in range(1, lengths[window]):
                seen = values[starts[window] + position, low:high]
                for neuron in range(len(best)):
                    larger = seen[neuron] > best[neuron]
                    best[neuron] = seen[neuron] if larger else best[neuron]
                    place[neuron] = position if larger else place[neuron]


@compiled
def find_half_maxima(values, starts, lengths, maxima, positions):  # type: ignore[no-untyped-def]
    # Half-precision floats, read as integers: sign and magnitude become a number that orders as they do.
    neurons = values.shape[1]
    for block in numba.prange((neurons + COLUMNS - 1) // COLUMNS):
        low, high = block * COLUMNS, min(neurons, (block + 1) * COLUMNS)
        for window in range(len(starts)):
            best, place = maxima[window, low:high], positions[window, low:high]
            for position in range(1, lengths[window]):
                seen = values[starts[window] + position, low:high]
                for neuron in range(len(best)):
                    sign = np.int16(seen[neuron] >> 15)
                    key = np.int16(((seen[neuron] & np.int16(0x7FFF)) ^ sign) - sign)
                    larger = key > best[neuron]
                    best[neuron] = key if larger else best[neuron]
                    place[neuron] = np.int16(position) if larger else place[neuron]


@compiled
def insert_contexts(  # type: ignore[no-untyped-def]
    values, starts, lengths, windows, keys, positions, before,
    kept_keys, kept_windows, kept_positions, around,
):  # fmt: skip
    most, neurons = kept_keys.shape
    shown = around.shape[2]
    for block in numba.prange((neurons + COLUMNS - 1) // COLUMNS):
        low, high = block * COLUMNS, min(neurons, (block + 1) * COLUMNS)
        for window in range(len(starts)):
            for neuron in range(low, high):
                key = keys[window, neuron]
                if key <= kept_keys[most - 1, neuron]:
                    continue
                slot = most - 1
                while slot > 0 and kept_keys[slot - 1, neuron] < key:
                    kept_keys[slot, neuron] = kept_keys[slot - 1, neuron]
                    kept_windows[slot, neuron] = kept_windows[slot - 1, neuron]
                    kept_positions[slot, neuron] = kept_positions[slot - 1, neuron]
                    around[neuron, slot] = around[neuron, slot - 1]
                    slot -= 1
                kept_keys[slot, neuron] = key
                kept_windows[slot, neuron] = windows[window]
                kept_positions[slot, neuron] = positions[window, neuron]
                first = positions[window, neuron] - before
                for place in range(shown):
                    position = first + place
                    inside = 0 <= position < lengths[window]
                    around[neuron, slot, place] = (
                        values[starts[window] + position, neuron] if inside else 0
                    )
