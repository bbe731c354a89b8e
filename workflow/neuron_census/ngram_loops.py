"""The compiled loops behind `neuron_census.count_ngrams`, which says what they mean.

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

# A sort goes through numbers of 22 bits twice: a pass fills this many buckets.
DIGIT_BITS = 11
DIGIT = (1 << DIGIT_BITS) - 1

compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True, boundscheck=False)


@intrinsic
def trailing_zeros(context, word):  # type: ignore[no-untyped-def]
    """Noughts below the lowest set bit of a word that is not 0."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@compiled
def set_positions(words, positions):  # type: ignore[no-untyped-def]
    """Write the place of every set bit, ascending; returns how many there are."""
    found = 0
    for index in range(len(words)):
        word = words[index]
        first = index << 6
        while word:
            positions[found] = first + np.int64(trailing_zeros(word))  # type: ignore[call-arg]
            found += 1
            word &= word - np.uint64(1)
    return found


@compiled
def positions_of(words, first_of):  # type: ignore[no-untyped-def]
    """List the set bits of every neuron; `first_of` says where each begins, and the last ends."""
    positions = np.empty(first_of[-1], dtype=np.int32)
    for neuron in range(len(words)):
        set_positions(words[neuron], positions[first_of[neuron] :])
    return positions


@compiled
def runs_by_sorting(positions, ids, column, first, second, numbers, counts):  # type: ignore[no-untyped-def]
    """List the n-grams at some positions, ascending, and how often each is there; returns how many.

    A radix sort: what it touches stays in the cache, which one counter for each of millions of
    n-grams does not.
    """
    size = 0
    largest = 0
    for index in range(len(positions)):
        number = ids[positions[index], column]
        if number >= 0:
            first[size] = number
            size += 1
            largest = max(largest, number)
    buckets = np.empty(1 << DIGIT_BITS, dtype=np.int64)
    shift = 0
    while largest >> shift:
        buckets[:] = 0
        for index in range(size):
            buckets[(first[index] >> shift) & DIGIT] += 1
        total = 0
        for bucket in range(len(buckets)):
            many = buckets[bucket]
            buckets[bucket] = total
            total += many
        for index in range(size):
            bucket = (first[index] >> shift) & DIGIT
            second[buckets[bucket]] = first[index]
            buckets[bucket] += 1
        first, second = second, first
        shift += DIGIT_BITS
    distinct = 0
    index = 0
    while index < size:
        number = first[index]
        start = index
        index += 1
        while index < size and first[index] == number:
            index += 1
        numbers[distinct] = number
        counts[distinct] = index - start
        distinct += 1
    return distinct


@compiled
def runs_by_counting(positions, ids, column, count, numbers, counts):  # type: ignore[no-untyped-def]
    """The same with a counter for each n-gram: for neurons that are active at many of them."""
    for index in range(len(positions)):
        number = ids[positions[index], column]
        if number >= 0:
            count[number] += 1
    distinct = 0
    for number in range(len(count)):
        if count[number]:
            numbers[distinct] = number
            counts[distinct] = count[number]
            count[number] = 0
            distinct += 1
    return distinct


@compiled
def grown(values, needed):  # type: ignore[no-untyped-def]
    """The same array, or a longer copy where it is too short."""
    if needed <= len(values):
        return values
    longer = np.empty(max(needed, 2 * len(values)), dtype=values.dtype)
    longer[: len(values)] = values
    return longer


@compiled
def top_of(numbers, counts, distinct, least, ties, top):  # type: ignore[no-untyped-def]
    """Write every n-gram above a count, and of those with that count the lowest `ties` numbers."""
    size = 0
    for index in range(distinct):
        count = counts[index]
        if count > least or (count == least and ties > 0):
            # Numbers ascend: the first ones with this count are the lowest.
            ties -= count == least
            top[size] = (np.int64(-count) << 32) + numbers[index]
            size += 1
    top[:size].sort()
    return size


@compiled
def count_block(positions, first_of, ids, column, occurrences, cover, most, count, numbers, counts):  # type: ignore[no-untyped-def]
    """Count the n-grams of one size for some neurons.

    Half of the activations is what a cover and the n-grams that are present must hold (`Kept`).
    `count` is all noughts, before and after.
    """
    neurons = len(first_of) - 1
    longest = 1
    for neuron in range(neurons):
        longest = max(longest, first_of[neuron + 1] - first_of[neuron])
    first = np.empty(longest, dtype=np.int32)
    second = np.empty(longest, dtype=np.int32)
    having = np.zeros(longest + 1, dtype=np.int32)
    values = np.empty(longest + 1, dtype=np.int32)
    top = np.empty(max(most, 1), dtype=np.int64)

    activations = np.zeros(neurons, dtype=np.int64)
    distincts = np.zeros(neurons, dtype=np.int64)
    all_kept = np.zeros(neurons, dtype=np.bool_)
    profile_sizes = np.zeros(neurons, dtype=np.int64)
    trigger_sizes = np.zeros(neurons, dtype=np.int64)
    profile_counts = np.empty(1024, dtype=np.int64)
    multiplicity = np.empty(1024, dtype=np.int64)
    trigger_keys = np.empty(4096, dtype=np.int64)
    profile_end = 0
    trigger_end = 0

    for neuron in range(neurons):
        active = positions[first_of[neuron] : first_of[neuron + 1]]
        if 2 * len(active) < len(occurrences):
            distinct = runs_by_sorting(active, ids, column, first, second, numbers, counts)
        else:
            distinct = runs_by_counting(active, ids, column, count, numbers, counts)
        different = 0
        for index in range(distinct):
            seen = counts[index]
            if having[seen] == 0:
                values[different] = seen
                different += 1
            having[seen] += 1
        ordered = np.sort(values[:different])[::-1]

        profile_counts = grown(profile_counts, profile_end + different)
        multiplicity = grown(multiplicity, profile_end + different)
        total = 0
        above = 0
        held = 0
        least = 0
        ties = 0
        for index in range(different):
            value = ordered[index]
            many = having[value]
            profile_counts[profile_end + index] = value
            multiplicity[profile_end + index] = many
            total += np.int64(value) * many
            if above < most:
                least = value
                ties = min(many, most - above)
                above += ties
            having[value] = 0
        held_by_cover = 0
        covering = 0
        for index in range(different):
            take = min(multiplicity[profile_end + index], cover - covering)
            held_by_cover += profile_counts[profile_end + index] * take
            covering += take
        profile_end += different
        profile_sizes[neuron] = different
        activations[neuron] = total
        distincts[neuron] = distinct

        everything = distinct <= most
        if not everything and 2 * held_by_cover >= total:
            for index in range(distinct):
                if 2 * np.int64(counts[index]) >= occurrences[numbers[index]]:
                    held += counts[index]
            everything = 2 * held >= total
        all_kept[neuron] = everything
        if everything:
            trigger_keys = grown(trigger_keys, trigger_end + distinct)
            for index in range(distinct):
                trigger_keys[trigger_end + index] = (np.int64(-counts[index]) << 32) + numbers[
                    index
                ]
            trigger_keys[trigger_end : trigger_end + distinct].sort()
            kept = distinct
        else:
            kept = top_of(numbers, counts, distinct, least, ties, top)
            trigger_keys = grown(trigger_keys, trigger_end + kept)
            trigger_keys[trigger_end : trigger_end + kept] = top[:kept]
        trigger_end += kept
        trigger_sizes[neuron] = kept
    return (
        activations,
        distincts,
        profile_sizes,
        profile_counts[:profile_end].astype(np.int32),
        multiplicity[:profile_end].astype(np.int32),
        trigger_sizes,
        (trigger_keys[:trigger_end] & 0xFFFFFFFF).astype(np.int32),
        (-(trigger_keys[:trigger_end] >> 32)).astype(np.int32),
        all_kept,
    )
