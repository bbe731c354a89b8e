"""Counting n-grams: every field against one Counter per neuron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.made.stores import finish_store
from neuron_census.count import count_ngrams as stage
from neuron_census.count.count_ngrams import count_ngrams
from neuron_census.count.repeated_ngrams import rank_ngrams
from neuron_census.errors import CensusError
from neuron_census.formats import appended_array, ngram_index, recording
from neuron_census.formats.ngram_counts import EXACTNESS, NgramCounts
from neuron_census.formats.ngram_index import FORMAT, SIZES, VERSION, create
from neuron_census.formats.recording import FORMAT as RECORDING
from neuron_census.formats.recording import VERSION as RECORDING_VERSION
from neuron_census.formats.recording import create_bits
from neuron_census.loops.ngrams import TILE_POSITIONS, TILE_WORDS, count_block, numbers_of
from neuron_census.loops.set_bits import set_positions

Ids = np.ndarray[Any, np.dtype[np.int32]]
Bits = np.ndarray[Any, np.dtype[np.bool_]]


def expected_of(active: Bits, ids: Ids, occurrences: Sequence[int]) -> dict[str, Any]:
    """Return everything that is kept of one neuron, by the definitions."""
    counts = Counter(ids[active].tolist())
    counts.pop(-1, None)
    order = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    total = sum(counts.values())
    half = Fraction(str(EXACTNESS.coverage)) * total
    covering = sum(count for _, count in order[: EXACTNESS.cover])
    present = sum(
        count
        for ngram, count in order
        if count >= Fraction(str(EXACTNESS.presence)) * occurrences[ngram]
    )
    candidate = covering >= half and present >= half
    all_kept = candidate or len(order) <= EXACTNESS.triggers
    return {
        "activations": total,
        "distinct": len(counts),
        "profile": sorted(Counter(counts.values()).items(), reverse=True),
        "all_kept": all_kept,
        "triggers": order if all_kept else order[: EXACTNESS.triggers],
    }


def found_of(arrays: dict[str, Any], neuron: int) -> dict[str, Any]:
    """Return the same from what counting gives, offsets and all."""
    first, last = arrays["profile_offsets"][neuron : neuron + 2]
    profile = zip(
        arrays["profile_counts"][first:last].tolist(),
        arrays["profile_multiplicity"][first:last].tolist(),
        strict=True,
    )
    first, last = arrays["trigger_offsets"][neuron : neuron + 2]
    triggers = zip(
        arrays["trigger_ids"][first:last].tolist(),
        arrays["trigger_activations"][first:last].tolist(),
        strict=True,
    )
    return {
        "activations": int(arrays["activations"][neuron]),
        "distinct": int(arrays["distinct"][neuron]),
        "profile": list(profile),
        "all_kept": bool(arrays["all_kept"][neuron]),
        "triggers": list(triggers),
    }


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


class Made:
    """A recorded layer with its bits, and numbered n-grams of the same positions."""

    def __init__(self, folder: Path, shards: Sequence[int], neurons: int, seed: int = 0) -> None:
        self.folder = folder
        random = np.random.default_rng(seed)
        self.ids = {
            n: [random.integers(-1, 90 * n, size).astype(np.int32) for size in shards]
            for n in SIZES
        }
        density = random.choice([0, 0.002, 0.05, 0.2, 1], neurons)
        self.active = [random.random((neurons, size)) < density[:, None] for size in shards]
        for n in SIZES:
            for shard, active in zip(self.ids[n], self.active, strict=True):
                shard[active[3]] %= 3  # neuron 3 is a detector
        self.occurrences = {
            n: np.bincount(
                np.concatenate(self.ids[n])[np.concatenate(self.ids[n]) >= 0], minlength=90 * n
            )
            for n in SIZES
        }
        self.write_ngrams()
        self.recordings = [self.write_recording(shard) for shard in range(len(shards))]

    def write_ngrams(self) -> None:
        store = zarr.open_group(self.folder / "ngrams.zarr", mode="w")
        for n in SIZES:
            for shard, ids in enumerate(self.ids[n]):
                create(store, f"ids/{n}/{shard}", ids, ("position",))
            occurrences = self.occurrences[n].astype(np.int64)
            create(store, f"occurrences/{n}", occurrences, ("ngram",))
        about: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "windows": "digest",
            "vocabulary": 90,
        }
        store.attrs.update({**about, "shards": len(self.active)})
        finish_store(store, self.folder / "ngrams.zarr")

    def write_recording(self, shard: int) -> Path:
        path = self.folder / f"{shard}.zarr"
        store = zarr.open_group(path, mode="w")
        neurons, tokens = self.active[shard].shape
        packed = np.packbits(self.active[shard], axis=1, bitorder="little")
        if tokens:
            create_bits(store, 0, neurons, tokens)[:] = packed
        store.attrs.update(
            {
                "format": RECORDING,
                "version": RECORDING_VERSION,
                "model": "made",
                "revision": None,
                "weights": "w",
                "dtype": "float64",
                "versions": {},
                "windows": "digest",
                "domains": ["a"],
                "window_length": 9,
                "num_layers": 2,
                "ngram_layers": 1,
                "ffn_dim": neurons,
                "shard": shard,
            }
        )
        finish_store(store, path)
        return path

    def count(self, output: str, **changes: Any) -> NgramCounts:
        arguments = {"recordings": self.recordings, "layer": 0, "threads": 1, **changes}
        count_ngrams(ngrams=self.folder / "ngrams.zarr", output=self.folder / output, **arguments)
        return NgramCounts.open(self.folder / output)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_layer_is_counted_over_all_shards(
    tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards without positions or with positions that fill no octet; several chunks; small parts."""
    monkeypatch.setattr(stage, "BITS_AT_A_TIME", 3000)
    monkeypatch.setattr(recording, "CHUNK_NEURONS", 16)
    made = Made(tmp_path, shards=[2001, 0, 64, 7], neurons=37)
    counts = made.count("counts.zarr", threads=threads, recordings=made.recordings[::-1])
    assert (counts.layer, counts.ffn_dim, counts.windows_digest) == (0, 37, "digest")
    assert counts.limits == EXACTNESS
    candidates = 0
    for n in SIZES:
        ids = np.concatenate(made.ids[n])
        active = np.concatenate(made.active, axis=1)
        profile, triggers = counts.profile(n), counts.triggers(n)
        arrays = {
            "activations": counts.activations(n),
            "distinct": counts.distinct(n),
            "profile_offsets": profile.offsets,
            "profile_counts": profile.counts,
            "profile_multiplicity": profile.multiplicity,
            "trigger_offsets": triggers.offsets,
            "trigger_ids": triggers.ids,
            "trigger_activations": triggers.activations,
            "all_kept": triggers.all_kept,
        }
        for neuron in range(37):
            expected = expected_of(active[neuron], ids, made.occurrences[n].tolist())
            assert found_of(arrays, neuron) == expected, (n, neuron)
        candidates += int(triggers.all_kept.sum())
    assert 0 < candidates < 3 * 37, "some are kept whole, and some are not"


def test_how_positions_are_parted_into_shards_changes_nothing(tmp_path: Path) -> None:
    whole = Made(tmp_path / "whole", shards=[272], neurons=20)
    parted = Made(tmp_path / "parted", shards=[200, 72], neurons=20)
    for n in SIZES:
        parted.ids[n] = np.split(whole.ids[n][0], [200])
        parted.occurrences[n] = whole.occurrences[n]
    parted.active = np.split(whole.active[0], [200], axis=1)
    parted.write_ngrams()
    parted.recordings = [parted.write_recording(shard) for shard in range(2)]
    one, two = whole.count("counts.zarr"), parted.count("counts.zarr")
    for n in SIZES:
        for kind in ("profile", "triggers"):
            for first, second in zip(
                vars(getattr(one, kind)(n)).values(),
                vars(getattr(two, kind)(n)).values(),
                strict=True,
            ):
                assert np.array_equal(first, second)


def test_recordings_that_do_not_belong_are_named(tmp_path: Path) -> None:
    made = Made(tmp_path, shards=[20, 30], neurons=5)
    with pytest.raises(CensusError, match="has no activations of layer 1 token by token"):
        made.count("none.zarr", layer=1)
    with pytest.raises(
        CensusError, match=r"recordings of the shards \[0\], expected each of 0 to 1"
    ):
        made.count("none.zarr", recordings=made.recordings[:1])
    made.active[1] = made.active[1][:, :16]
    made.recordings[1] = made.write_recording(1)
    with pytest.raises(CensusError, match=r"1\.zarr: array 'active/0' has 2 octets, expected 4"):
        made.count("none.zarr")
    store = zarr.open_group(made.recordings[1], mode="a")
    store.attrs["windows"] = "others"
    finish_store(store, made.recordings[1])
    with pytest.raises(CensusError, match="was recorded with windows"):
        made.count("none.zarr")
    assert not (tmp_path / "none.zarr").exists()


def test_a_damaged_store_is_named(tmp_path: Path) -> None:
    made = Made(tmp_path, shards=[200], neurons=5)
    counts = made.count("counts.zarr")
    chunk = next(
        path
        for path in (tmp_path / "counts.zarr" / "1" / "trigger_ids").rglob("0")
        if path.is_file()
    )
    content = bytearray(chunk.read_bytes())
    content[-6] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(CensusError, match=r"counts\.zarr: array '1/trigger_ids'"):
        counts.triggers(1)
