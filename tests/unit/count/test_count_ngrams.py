"""Counting n-grams: every field against one Counter per neuron."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.oracles.ngram_counts_by_counter import Bits, Ids, expected_of, found_of
from neuron_census.count import count_ngrams as stage
from neuron_census.count.repeated_ngrams import rank_ngrams
from neuron_census.formats import appended_array, ngram_index
from neuron_census.formats.ngram_counts import EXACTNESS
from neuron_census.loops.ngrams import TILE_POSITIONS, TILE_WORDS, count_block, numbers_of
from neuron_census.loops.set_bits import set_positions


def counted(active: Bits, ids: Ids, occurrences: np.ndarray) -> dict[str, Any]:
    """Return what the loops give for one length, in the layout of the store, and check that counters are clean."""
    packed = np.packbits(active, axis=1, bitorder="little").view(np.uint64)
    first = np.concatenate([[0], np.cumsum(active.sum(axis=1))])
    ranks, repeated = rank_ngrams(ids, occurrences.astype(np.int64))
    none = np.full_like(ids, -1)
    rows, repeated_to, lone_from = numbers_of(packed, first, np.stack([none, ranks, none], axis=1))
    assert (repeated_to[0] == first[:-1]).all(), "nothing is counted where there is no n-gram"
    assert (lone_from[2] == first[1:]).all()
    size = len(repeated.ngram_of)
    count = np.zeros(size, dtype=np.int32)
    found = count_block(
        rows[1],
        first,
        repeated_to[1],
        lone_from[1],
        repeated.ngram_of,
        repeated.occurrences,
        EXACTNESS.cover,
        EXACTNESS.triggers,
        count,
        np.empty(size + 1, dtype=np.int32),
        np.empty(size, dtype=np.int32),
    )
    assert not count.any(), "what a thread counts in is clean again"
    arrays = dict(zip(stage.ARRAYS, found, strict=True))
    for kind in ("profile", "trigger"):
        arrays[f"{kind}_offsets"] = np.concatenate([[0], np.cumsum(arrays[f"{kind}_sizes"])])
    return arrays


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_loops_count_what_a_counter_counts(data: st.DataObject) -> None:
    words = data.draw(st.integers(1, 6))
    # With many n-grams most occur once; with few they repeat.
    ngrams = data.draw(st.sampled_from([1, 3, 70, 150, 1000]))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    ids = random.integers(-1, ngrams, 64 * words).astype(np.int32)
    # N-grams may occur elsewhere in the study, too.
    elsewhere = random.integers(0, data.draw(st.sampled_from([1, 3])), ngrams)
    occurrences = np.bincount(ids[ids >= 0], minlength=ngrams) + elsewhere
    densities = data.draw(st.lists(st.sampled_from([0, 0.01, 0.2, 0.9, 1]), min_size=1, max_size=5))
    active = random.random((len(densities), len(ids))) < np.array(densities)[:, None]
    arrays = counted(active, ids, occurrences)
    for neuron, of_neuron in enumerate(active):
        expected = expected_of(of_neuron, ids, occurrences.tolist())
        assert found_of(arrays, neuron) == expected


def test_lists_go_on_where_tiles_end() -> None:
    """More words than a tile has, and more positions than are fetched at a time."""
    random = np.random.default_rng(4)
    positions = 64 * (TILE_WORDS + 3)
    assert positions > 2 * TILE_POSITIONS
    ids = random.integers(-1, positions, positions).astype(np.int32)
    occurrences = np.bincount(ids[ids >= 0], minlength=positions)
    active = random.random((3, positions)) < np.array([[0.001], [0.4], [1]])
    active[:, [0, 63, 64 * TILE_WORDS - 1, 64 * TILE_WORDS, positions - 1]] = True
    arrays = counted(active, ids, occurrences)
    for neuron, of_neuron in enumerate(active):
        assert found_of(arrays, neuron) == expected_of(of_neuron, ids, occurrences.tolist())


@given(
    st.lists(
        st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**63, 2**64 - 1, 0b11111]), max_size=9
    )
)
def test_set_bits_are_listed_in_order(words: list[int]) -> None:
    expected = [
        64 * index + bit for index, word in enumerate(words) for bit in range(64) if word >> bit & 1
    ]
    positions = np.full(len(expected) + 4, -7, dtype=np.int32)
    filled = np.empty(len(words), dtype=np.int32)
    found = set_positions(np.array(words, dtype=np.uint64), filled, positions)
    assert positions[:found].tolist() == expected


def test_ngrams_that_repeat_are_ranked_and_lone_ones_keep_their_number() -> None:
    ids = np.array([3, -1, 0, 3, 2, 1, 3, 2], dtype=np.int32)
    # 4 occurs, but not here; ties go to the lower number.
    ranks, repeated = rank_ngrams(ids, np.array([1, 1, 2, 3, 2]))
    assert repeated.ngram_of.tolist() == [3, 2, 4]
    assert repeated.occurrences.tolist() == [3, 2, 2]
    assert ranks.tolist() == [0, -1, -2, 0, 1, -3, 0, 1]


@pytest.mark.parametrize("occurrences", [[50, 50], [1, 1], [50, 1]])
def test_ties_at_the_border_go_to_the_lower_numbers(occurrences: list[int]) -> None:
    """511 n-grams occur once each, in falling order; 63 of them are kept beside one that occurs twice.

    Whether they repeat in the study, or none does, or every other one.
    """
    ids = np.array([0, *range(510, -1, -1)], dtype=np.int32)
    often = np.array([2, *(occurrences * 255)])
    found = counted(np.ones((1, 512), dtype=np.bool_), ids, often)
    assert found["trigger_ids"].tolist() == list(range(64))
    assert found["trigger_activations"].tolist() == [2] + [1] * 63
    assert not found["all_kept"][0], "64 n-grams hold 65 of 512 activations"


@pytest.mark.parametrize(
    ("occurrences", "all_kept"),
    [
        # 64 of 128 hold exactly half, and every one is present at exactly half of its occurrences.
        ([2] * 128, True),
        # 64 of 129 hold less than half, though every one is present.
        ([2] * 129, False),
        # Those that are present hold exactly half, or one less than half.
        ([2] * 64 + [3] * 64, True),
        ([2] * 63 + [3] * 65, False),
        # An n-gram that occurs once is present there.
        ([1] * 128, True),
        ([1] * 64 + [3] * 64, True),
        ([1] * 63 + [3] * 65, False),
        # As many as are kept of any neuron, and one more.
        ([10] * 64, True),
        ([10] * 65, False),
    ],
)
def test_every_ngram_is_kept_up_to_the_borders(occurrences: list[int], all_kept: bool) -> None:
    """A neuron that is active at the first of the occurrences of every n-gram, beside one that never is."""
    ids = np.concatenate(
        [
            np.arange(len(occurrences)),
            np.repeat(np.arange(len(occurrences)), np.array(occurrences) - 1),
        ]
    )
    padding = -len(ids) % 64
    ids = np.concatenate([ids, np.full(padding, -1)]).astype(np.int32)
    active = np.zeros((2, len(ids)), dtype=np.bool_)
    active[1, : len(occurrences)] = True
    found = counted(active, ids, np.array(occurrences))
    assert found["all_kept"].tolist() == [True, all_kept]
    for neuron in range(2):
        expected = expected_of(active[neuron], ids, occurrences)
        assert found_of(found, neuron) == expected


def test_frequent_ngrams_come_before_those_that_tie() -> None:
    """40 n-grams activate a neuron three times, 40 twice, 40 once; the first and 24 of the second are kept."""
    occurrences = [30] * 120
    # 3,600 positions, and what fills the last word.
    ids = np.full(3648, -1, dtype=np.int32)
    ids[:3600] = np.tile(np.arange(119, -1, -1), 30)
    active = np.zeros(len(ids), dtype=np.bool_)
    active[:120] = True
    active[120 : 120 + 80] = True
    active[240 : 240 + 40] = True
    found = found_of(counted(active[None], ids, np.array(occurrences)), 0)
    assert found == expected_of(active, ids, occurrences)
    assert found["triggers"] == [(ngram, 3) for ngram in range(80, 120)] + [
        (ngram, 2) for ngram in range(40, 64)
    ]
    assert not found["all_kept"]


def test_pieces_of_an_array_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appended_array, "ROWS", 8)
    monkeypatch.setattr(ngram_index, "ROWS", 8)
    store = zarr.open_group(tmp_path / "store.zarr", mode="w")
    for name, sizes in {"many": [3, 20, 0, 5, 8], "none": [0, 0], "few": [2]}.items():
        array = appended_array.AppendedArray(store, name, "entry")
        values = np.arange(sum(sizes), dtype=np.int32)
        for piece in np.split(values, np.cumsum(sizes)[:-1]):
            array.append(piece)
        array.finish()
        stored = store[name]
        assert isinstance(stored, zarr.Array)
        assert np.asarray(stored[:]).tolist() == values.tolist()
        assert stored.dtype == np.int32
        assert stored.nchunks_initialized == stored.nchunks == -(-len(values) // 8)
