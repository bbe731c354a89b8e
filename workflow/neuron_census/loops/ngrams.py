"""The compiled loops behind `neuron_census.count.count_ngrams`, which says what they mean.

In a module of their own: checkers of shapes wrap what they find, and wrapped loops cannot be compiled.

Time is lost where the cache misses and where a branch depends on the bits. So n-grams are fetched for a short
list of positions at a time, lists are split by arithmetic, and only n-grams that repeat in the study have a
counter, the most frequent ones side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from neuron_census.loops.set_bits import set_positions

# Words whose set bits are listed at a time, and positions whose n-grams are fetched at a time: the
# lists stay in the first two caches.
TILE_WORDS = 1024
TILE_POSITIONS = 2048

compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True, boundscheck=False)


@compiled
def fetch(positions, ids, numbers):  # type: ignore[no-untyped-def]
    """Fetch the n-grams of every length at some positions."""
    for index in range(len(positions)):
        place = np.uint64(positions[index])
        for column in range(3):
            numbers[column, index] = ids[place, column]


@compiled
def part(numbers, row, front, back):  # type: ignore[no-untyped-def]
    """Put n-grams that repeat at the front of a row and lone ones at its back; return where both end.

    Each is written to both ends, and the copy at the wrong end is overwritten.
    """
    for index in range(len(numbers)):
        number = np.int64(numbers[index])
        row[np.uint64(front)] = number
        row[np.uint64(back)] = number
        # The shift gives -1 below 0 and else 0: `front` goes up from 0 on, `back` goes down from -2 on.
        front += np.int64(1) + (number >> 63)
        back += (number + np.int64(1)) >> 63
    return front, back


@compiled
def numbers_of(words, first_of, ids):  # type: ignore[no-untyped-def]
    """Return the n-grams of every length at the set bits of some neurons.

    The part of a neuron in each row begins at `first_of`: n-grams that repeat end at `repeated_to`, and
    lone ones begin at `lone_from`.
    """
    neurons = len(words)
    rows = np.empty((3, first_of[-1]), dtype=np.int32)
    repeated_to = np.empty((3, neurons), dtype=np.int64)
    lone_from = np.empty((3, neurons), dtype=np.int64)
    filled = np.empty(TILE_WORDS, dtype=np.int32)
    positions = np.empty(64 * TILE_WORDS + 4, dtype=np.int32)
    numbers = np.empty((3, TILE_POSITIONS), dtype=np.int32)
    for neuron in range(neurons):
        repeated_to[:, neuron] = first_of[neuron]
        lone_from[:, neuron] = first_of[neuron + 1] - 1
        for start in range(0, words.shape[1], TILE_WORDS):
            found = set_positions(words[neuron, start : start + TILE_WORDS], filled, positions)
            of_tile = ids[64 * start :]
            for low in range(0, found, TILE_POSITIONS):
                high = min(found, low + TILE_POSITIONS)
                fetch(positions[low:high], of_tile, numbers)
                for column in range(3):
                    repeated_to[column, neuron], lone_from[column, neuron] = part(
                        numbers[column, : high - low],
                        rows[column],
                        repeated_to[column, neuron],
                        lone_from[column, neuron],
                    )
    return rows, repeated_to, lone_from + 1


@compiled
def count_repeated(numbers, count, touched):  # type: ignore[no-untyped-def]
    """Count n-grams; return how many different ones there are, which `touched` lists."""
    distinct = 0
    for index in range(len(numbers)):
        number = numbers[index]
        seen = count[number]
        touched[distinct] = number
        distinct += seen == 0
        count[number] = seen + 1
    return distinct


@compiled
def grown(values, needed):  # type: ignore[no-untyped-def]
    """Return the same array, or a longer copy where it is too short."""
    if needed <= len(values):
        return values
    longer = np.empty(max(needed, 2 * len(values)), dtype=values.dtype)
    longer[: len(values)] = values
    return longer


@compiled
def insert_lowest(lowest, held, ngram):  # type: ignore[no-untyped-def]
    """Put an n-gram among the `held` lowest ones, ascending; return how many there are now."""
    most = len(lowest)
    if held == most and ngram > lowest[most - 1]:
        return held
    # Few get here once the lowest ones are full.
    place = min(held, most - 1)
    while place > 0 and lowest[place - 1] > ngram:
        lowest[place] = lowest[place - 1]
        place -= 1
    lowest[place] = ngram
    return min(held + 1, most)


@compiled
def write_top(touched, counts, ngram_of, lone, least, ties, keys):  # type: ignore[no-untyped-def]
    """Write every n-gram above a count, and the lowest `ties` of those with that count, in order."""
    size = 0
    held = 0
    lowest = np.empty(ties, dtype=np.int64)
    for index in range(len(touched)):
        count = counts[index]
        if count > least:
            keys[size] = (np.int64(-count) << 32) + ngram_of[touched[index]]
            size += 1
        elif count == least:
            held = insert_lowest(lowest, held, np.int64(ngram_of[touched[index]]))
    if least == 1:
        for index in range(len(lone)):
            held = insert_lowest(lowest, held, np.int64(-2) - lone[index])
    for index in range(held):
        keys[size + index] = (np.int64(-least) << 32) + lowest[index]
    keys.sort()


@compiled
def write_all(touched, counts, ngram_of, lone, keys):  # type: ignore[no-untyped-def]
    """Write every n-gram, in order."""
    for index in range(len(touched)):
        keys[index] = (np.int64(-counts[index]) << 32) + ngram_of[touched[index]]
    for index in range(len(lone)):
        keys[len(touched) + index] = (np.int64(-1) << 32) + (np.int64(-2) - lone[index])
    keys.sort()


@compiled
def count_block(  # type: ignore[no-untyped-def]
    row,
    first_of,
    repeated_to,
    lone_from,
    ngram_of,
    occurrences,
    cover,
    most,
    count,
    touched,
    counts,
):
    """Count the n-grams of one length for some neurons.

    A cover must hold half of the activations, and so must the n-grams that are present at half of their
    occurrences (`ExactnessLimits`). `count` is all zeros, before and after.
    """
    neurons = len(repeated_to)
    longest = 1
    for neuron in range(neurons):
        longest = max(longest, repeated_to[neuron] - first_of[neuron])
    having = np.zeros(longest + 1, dtype=np.int32)
    values = np.empty(longest + 1, dtype=np.int32)

    activations = np.zeros(neurons, dtype=np.int32)
    distincts = np.zeros(neurons, dtype=np.int32)
    all_kept = np.zeros(neurons, dtype=np.bool_)
    profile_sizes = np.zeros(neurons, dtype=np.int64)
    trigger_sizes = np.zeros(neurons, dtype=np.int64)
    profile_counts = np.empty(1024, dtype=np.int32)
    multiplicity = np.empty(1024, dtype=np.int32)
    keys = np.empty(4096, dtype=np.int64)
    profile_end = 0
    trigger_end = np.int64(0)

    for neuron in range(neurons):
        lone = row[lone_from[neuron] : first_of[neuron + 1]]
        repeated = count_repeated(row[first_of[neuron] : repeated_to[neuron]], count, touched)
        distinct = repeated + len(lone)
        different = 0
        if len(lone):
            having[1] = len(lone)
            values[0] = 1
            different = 1
        for index in range(repeated):
            number = touched[index]
            seen = count[number]
            count[number] = 0
            counts[index] = seen
            if having[seen] == 0:
                values[different] = seen
                different += 1
            having[seen] += 1
        ordered = np.sort(values[:different])[::-1]

        profile_counts = grown(profile_counts, profile_end + different)
        multiplicity = grown(multiplicity, profile_end + different)
        total = np.int64(0)
        above = np.int64(0)
        least = np.int64(0)
        ties = np.int64(0)
        covering = np.int64(0)
        held_by_cover = np.int64(0)
        for index in range(different):
            value = np.int64(ordered[index])
            many = np.int64(having[value])
            having[value] = 0
            profile_counts[profile_end + index] = value
            multiplicity[profile_end + index] = many
            total += value * many
            if above < most:
                least = value
                ties = min(many, most - above)
                above += ties
            take = min(many, cover - covering)
            held_by_cover += value * take
            covering += take
        profile_end += different
        profile_sizes[neuron] = different
        activations[neuron] = total
        distincts[neuron] = distinct

        everything = distinct <= most
        if not everything and 2 * held_by_cover >= total:
            held = len(lone)  # present wherever they are
            for index in range(repeated):
                if 2 * np.int64(counts[index]) >= occurrences[touched[index]]:
                    held += counts[index]
            everything = 2 * held >= total
        all_kept[neuron] = everything
        size = distinct if everything else above
        trigger_sizes[neuron] = size
        keys = grown(keys, trigger_end + size)
        own = keys[trigger_end : trigger_end + size]
        if everything:
            write_all(touched[:repeated], counts, ngram_of, lone, own)
        else:
            write_top(touched[:repeated], counts, ngram_of, lone, least, ties, own)
        trigger_end += size
    return (
        activations,
        distincts,
        profile_sizes,
        profile_counts[:profile_end].copy(),
        multiplicity[:profile_end].copy(),
        trigger_sizes,
        (keys[:trigger_end] & 0xFFFFFFFF).astype(np.int32),
        (-(keys[:trigger_end] >> 32)).astype(np.int32),
        all_kept,
    )
