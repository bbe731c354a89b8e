"""The compiled loops that list set bits, for `neuron_census.loops.ngrams`.

In a module of their own: checkers of shapes wrap what they find, and wrapped loops cannot be compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True, boundscheck=False)


@intrinsic
def trailing_zeros(context, word):  # type: ignore[no-untyped-def]
    """Return how many zeros are below the lowest set bit of a word; 64 if it has none."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def set_bits(context, word):  # type: ignore[no-untyped-def]
    """Return how many bits of a word are set."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@compiled
def set_positions(words, filled, positions):  # type: ignore[no-untyped-def]
    """Write the place of every set bit, ascending; return how many there are.

    First `filled`, as long as `words`, lists the words that have bits. Places are written four at a time,
    whether a word has as many bits or not, so `positions` must be longer by four than the bits need.
    """
    many = np.uint64(0)
    for index in range(len(words)):
        filled[many] = index
        many += np.uint64(words[index] != 0)
    found = np.uint64(0)
    for index in range(many):
        word = words[np.uint64(filled[index])]
        first = filled[index] << 6
        place = found
        found += set_bits(word)  # type: ignore[call-arg]
        while word:
            for ahead in range(4):
                lowest = np.int32(trailing_zeros(word))
                positions[place + np.uint64(ahead)] = first + lowest
                word &= word - np.uint64(1)
            place += np.uint64(4)
    return np.int64(found)
