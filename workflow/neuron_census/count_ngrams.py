"""Count n-grams: which ones activate each neuron of a layer, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Int32, Int64, UInt64

from neuron_census.atomic import written_whole
from neuron_census.errors import CensusError
from neuron_census.ngram_counts import KEPT, attributes, write_counts
from neuron_census.ngram_index import NONE, SIZES, NgramIndex
from neuron_census.ngram_loops import count_block, positions_of
from neuron_census.progress import progress
from neuron_census.recording import CHUNK_NEURONS, open_recording, read_checked
from neuron_census.shard_recordings import agreeing

BITS_AT_A_TIME = 1 << 20
"""Set bits whose positions one thread lists at a time: 4 MiB, which its cache holds."""

Counted = dict[str, np.ndarray[Any, Any]]


def count_ngrams(
    *, recordings: list[Path], ngrams: Path, layer: int, threads: int = 1, output: Path
) -> None:
    """Count the n-grams of 1, 2 and 3 tokens that activate each neuron of a layer, exactly.

    Parameters
    ----------
    recordings
        the recording stores of all shards of a model, in any order
    ngrams
        the numbered n-grams of the windows that they were made from
    layer
        which layer, from 0
    threads
        CPU threads
    output
        the n-gram counts of the layer
    """
    index = NgramIndex.open(ngrams)
    groups = {path: open_recording(path) for path in recordings}
    shared = agreeing(groups, index.shards, index.windows_digest, index.path)
    by_shard = {group.attrs["shard"]: (path, group) for path, group in groups.items()}
    # A shard without windows of the study has no bits.
    shards = [
        (shard, *by_shard[shard]) for shard in range(index.shards) if len(index.ids(1, shard))
    ]
    for _, path, group in shards:
        if f"active/{layer}" not in group:
            raise CensusError(
                f"{path}: has no activations of layer {layer} token by token; n-grams are recorded in "
                f"the first {shared['ngram_layers']} layers. See `record.ngram_layers`."
            )
    ids = _ids(index, shards, layer)
    occurrences = [index.occurrences(n) for n in SIZES]
    ffn_dim = shared["ffn_dim"]
    parts: list[list[Counted]] = []
    with (
        ThreadPoolExecutor(threads) as workers,
        ThreadPoolExecutor(1) as reader,
        progress(what=f"layer {layer}", unit="neuron", total=ffn_dim) as bar,
    ):
        scratch = [_Scratch(occurrences) for _ in range(threads)]
        starts = range(0, ffn_dim, CHUNK_NEURONS)
        read = reader.submit(_words, shards, layer, 0)
        for start in starts:
            words = read.result()
            read = reader.submit(_words, shards, layer, start + CHUNK_NEURONS)
            tasks = list(_tasks(words))
            for done in workers.map(lambda task: _count(task, ids, occurrences, scratch), tasks):
                parts.append(done)
            bar.update(len(words))
        read.cancel()
    with written_whole(output) as folder:
        store = zarr.open_group(folder, mode="w")
        store.attrs.update(attributes(layer, ffn_dim, index.windows_digest, shared))
        write_counts(store, {n: _joined(parts, place) for place, n in enumerate(SIZES)})


@dataclass
class _Scratch:
    """What one thread counts in, made once: noughts before and after each use."""

    occurrences: list[Int64[np.ndarray, " ngram"]]
    arrays: list[tuple[np.ndarray[Any, Any], ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.arrays = [
            (
                np.zeros(len(occurrences), dtype=np.int32),
                np.empty(len(occurrences), dtype=np.int32),
                np.empty(len(occurrences), dtype=np.int32),
            )
            for occurrences in self.occurrences
        ]


def _octets(group: zarr.Group, layer: int) -> int:
    array = group[f"active/{layer}"]
    assert isinstance(array, zarr.Array)
    return int(array.shape[1])


def _ids(
    index: NgramIndex, shards: Sequence[tuple[int, Path, zarr.Group]], layer: int
) -> Int32[np.ndarray, "position n"]:
    """The n-grams of every bit of all shards, n side by side; what pads an octet has none."""
    parts = []
    for shard, path, group in shards:
        octets = _octets(group, layer)
        padded = np.full((8 * octets, len(SIZES)), NONE, dtype=np.int32)
        for place, n in enumerate(SIZES):
            ids = index.ids(n, shard)
            if -(-len(ids) // 8) != octets:
                raise CensusError(
                    f"{path}: array 'active/{layer}' has {octets} octets, expected {-(-len(ids) // 8)} for "
                    f"the {len(ids)} positions of the n-gram study. Remove it, and the workflow makes "
                    "it again."
                )
            padded[: len(ids), place] = ids
        parts.append(padded)
    return np.concatenate(parts)


def _words(
    shards: Sequence[tuple[int, Path, zarr.Group]], layer: int, start: int
) -> UInt64[np.ndarray, "neuron word"]:
    """The bits of some neurons, of all shards side by side, as words; none beyond the last neuron."""
    name, rows = f"active/{layer}", slice(start, start + CHUNK_NEURONS)
    parts = [read_checked(group, name, (rows, slice(None)), path) for _, path, group in shards]
    octets = sum(part.shape[1] for part in parts)
    padded = np.zeros((len(parts[0]), -(-octets // 8) * 8), dtype=np.uint8)
    np.concatenate(parts, axis=1, out=padded[:, :octets])
    return padded.view(np.uint64)


def _tasks(
    words: UInt64[np.ndarray, "neuron word"],
) -> Iterator[tuple[UInt64[np.ndarray, "neuron word"], Int64[np.ndarray, " bound"]]]:
    """Part neurons so that each part has few bits, with where the bits of each neuron begin."""
    found = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    start = 0
    while start < len(words):
        ends = np.cumsum(found[start:])
        stop = start + max(1, int(np.searchsorted(ends, BITS_AT_A_TIME, side="right")))
        yield words[start:stop], np.concatenate([[0], ends[: stop - start]])
        start = stop


def _count(
    task: tuple[UInt64[np.ndarray, "neuron word"], Int64[np.ndarray, " bound"]],
    ids: Int32[np.ndarray, "position n"],
    occurrences: list[Int64[np.ndarray, " ngram"]],
    scratch: list[_Scratch],
) -> list[Counted]:
    """Count the n-grams of every size for some neurons."""
    words, first = task
    positions = positions_of(words, first)
    own = scratch.pop()
    counted = []
    for place in range(len(SIZES)):
        found = count_block(
            positions,
            first,
            ids,
            place,
            occurrences[place],
            KEPT.cover,
            KEPT.triggers,
            *own.arrays[place],
        )
        counted.append(dict(zip(NAMES, found, strict=True)))
    scratch.append(own)
    return counted


NAMES = (
    "activations",
    "distinct",
    "profile_sizes",
    "profile_counts",
    "profile_multiplicity",
    "trigger_sizes",
    "trigger_ids",
    "trigger_activations",
    "all_kept",
)


def _joined(parts: list[list[Counted]], place: int) -> Counted:
    """The arrays of the store for one n, of all neurons."""
    joined = {name: np.concatenate([part[place][name] for part in parts]) for name in NAMES}
    for kind in ("profile", "trigger"):
        sizes = joined.pop(f"{kind}_sizes")
        joined[f"{kind}_offsets"] = np.concatenate([[0], np.cumsum(sizes)])
    return joined
