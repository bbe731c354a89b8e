"""A layer counted from recordings: over all shards, from what belongs together, from whole files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from helpers.made.stores import finish_store
from helpers.oracles.ngram_counts_by_counter import expected_of, found_of
from neuron_census.count import count_ngrams as stage
from neuron_census.count.count_ngrams import count_ngrams
from neuron_census.errors import CensusError
from neuron_census.formats import recording
from neuron_census.formats.ngram_counts import EXACTNESS, NgramCounts
from neuron_census.formats.ngram_index import FORMAT, SIZES, VERSION, create
from neuron_census.formats.recording import FORMAT as RECORDING
from neuron_census.formats.recording import VERSION as RECORDING_VERSION
from neuron_census.formats.recording import create_bits


class Made:
    """A model of one recorded layer, with its bits, and numbered n-grams of the same positions."""

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
                "contexts": 0,
                "contexts_seed": 0,
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
    """Shards without positions, and whose positions fill no octet; several chunks; small parts."""
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
