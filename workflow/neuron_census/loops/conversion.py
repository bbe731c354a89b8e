"""The compiled loops behind `neuron_census.checkpoint.conversion`, which says what they mean.

They run in the thread that reads, alone: a team of threads would take the processors from what computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)


@compiled
def look_up(bits, table, into):  # type: ignore[no-untyped-def]
    for index in range(len(bits)):
        into[index] = table[bits[index]]


@compiled
def any_has_all(bits, mask):  # type: ignore[no-untyped-def]
    found = False
    for index in range(len(bits)):
        found |= (bits[index] & mask) == mask
    return found
