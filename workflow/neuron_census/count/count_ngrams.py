"""Count n-grams: which ones activate each neuron of a layer, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import zarr
from jaxtyping import Int32, Int64, UInt64

from neuron_census.count.bit_chunks import BitChunks
from neuron_census.count.recordings import agreeing
from neuron_census.count.repeated_ngrams import Repeated, ranked
from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.appended_array import AppendedArray
from neuron_census.formats.ngram_counts import KEPT, attributes
from neuron_census.formats.ngram_index import NONE, SIZES, NgramIndex, create
from neuron_census.formats.recording import facts_of, open_recording
from neuron_census.formats.seal import sealed
from neuron_census.formats.zarr_store import mark_complete
from neuron_census.loops.ngrams import count_block, numbers_of
from neuron_census.progress import progress

BITS_AT_A_TIME = 1 << 18
"""Set bits whose n-grams one thread lists at a time: 3 MiB."""

"""Its number and its recording."""
Task = tuple[UInt64[np.ndarray, "neuron word"], Int64[np.ndarray, " bound"]]
"""The bits of some neurons, and where the list of each neuron's n-grams begins; the last one ends it."""
Counted = dict[str, np.ndarray]


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
    shards = [shard for shard in range(index.shards) if len(index.ids(1, shard))]
    for path, group in (by_shard[shard] for shard in shards):
        if f"active/{layer}" not in group:
            raise CensusError(
                f"{path}: has no activations of layer {layer} token by token; n-grams are recorded in "
                f"the first {shared['ngram_layers']} layers. See `record.ngram_layers`."
            )
    bits = [BitChunks.open(*by_shard[shard], layer) for shard in shards]
    ids = _ids(index, shards, bits)
    repeated = []
    for place, n in enumerate(SIZES):
        ids[:, place], of_size = ranked(ids[:, place], index.occurrences(n))
        repeated.append(of_size)
    with sealed(output, facts_of(shared)) as folder:
        store = zarr.open_group(folder, mode="w")
        store.attrs.update(attributes(layer, shared["ffn_dim"], index.windows_digest, shared))
        _count_layer(store, bits, ids, repeated, threads)
        mark_complete(store)


def _count_layer(
    store: zarr.Group,
    bits: Sequence[BitChunks],
    ids: Int32[np.ndarray, "position n"],
    repeated: list[Repeated],
    threads: int,
) -> None:
    """Count block by block: while one is counted, the bits of the next are read."""
    written = [_CountsOfSize(store, n) for n in SIZES]
    scratch = [_Scratch(repeated) for _ in range(threads)]
    ffn_dim, step = bits[0].ffn_dim, bits[0].chunk_neurons
    with (
        ThreadPoolExecutor(threads) as workers,
        ThreadPoolExecutor(1) as reader,
        progress(what=f"layer {bits[0].layer}", unit="neuron", total=ffn_dim) as bar,
    ):
        read = reader.submit(_block, bits, 0)
        for start in range(0, ffn_dim, step):
            tasks = read.result()
            read = reader.submit(_block, bits, start + step)
            for done in workers.map(lambda task: _count(task, ids, repeated, scratch), tasks):
                for of_size, counted in zip(written, done, strict=True):
                    of_size.append(counted)
                bar.update(len(done[0]["activations"]))
        read.cancel()
    for of_size in written:
        of_size.finish()


class _CountsOfSize:
    """The arrays of the store for n-grams of one size, as neurons are counted."""

    def __init__(self, store: zarr.Group, n: int) -> None:
        self._store = store
        self._n = n
        self._arrays = {
            name: AppendedArray(store, f"{n}/{name}")
            for name in NAMES
            if not name.endswith("_sizes")
        }
        self._sizes: dict[str, list[np.ndarray]] = {"profile": [], "trigger": []}

    def append(self, counted: Counted) -> None:
        for name, array in self._arrays.items():
            array.append(counted[name])
        for kind, sizes in self._sizes.items():
            sizes.append(counted[f"{kind}_sizes"])

    def finish(self) -> None:
        for array in self._arrays.values():
            array.finish()
        for kind, sizes in self._sizes.items():
            offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
            create(self._store, f"{self._n}/{kind}_offsets", offsets)


class _Scratch:
    """What one thread counts in, made once: noughts before and after each use."""

    def __init__(self, repeated: Sequence[Repeated]) -> None:
        sizes = [len(of_size.ngram_of) for of_size in repeated]
        self.arrays = [
            (
                np.zeros(size, dtype=np.int32),
                np.empty(size + 1, dtype=np.int32),
                np.empty(size, dtype=np.int32),
            )
            for size in sizes
        ]


def _ids(
    index: NgramIndex, shards: Sequence[int], bits: Sequence[BitChunks]
) -> Int32[np.ndarray, "position n"]:
    """The n-grams of every bit of all shards, n side by side; what pads an octet has none."""
    parts = []
    for shard, of_shard in zip(shards, bits, strict=True):
        octets = of_shard.octets
        padded = np.full((8 * octets, len(SIZES)), NONE, dtype=np.int32)
        for place, n in enumerate(SIZES):
            ids = index.ids(n, shard)
            if -(-len(ids) // 8) != octets:
                raise CensusError(
                    f"{of_shard.path}: array 'active/{of_shard.layer}' has {octets} octets, "
                    f"expected {-(-len(ids) // 8)} for the {len(ids)} positions of the n-gram "
                    f"study. {MADE_AGAIN}"
                )
            padded[: len(ids), place] = ids
        parts.append(padded)
    return np.concatenate(parts)


def _words(bits: Sequence[BitChunks], start: int) -> UInt64[np.ndarray, "neuron word"]:
    """The bits of some neurons, of all shards side by side, as words; none beyond the last neuron."""
    ffn_dim, step = bits[0].ffn_dim, bits[0].chunk_neurons
    octets = sum(of_shard.octets for of_shard in bits)
    padded = np.zeros((max(0, min(step, ffn_dim - start)), -(-octets // 8) * 8), dtype=np.uint8)
    first = 0
    for of_shard in bits if start < ffn_dim else ():
        of_shard.read(start // step, padded[:, first : first + of_shard.octets])
        first += of_shard.octets
    return padded.view(np.uint64)


def _block(bits: Sequence[BitChunks], start: int) -> list[Task]:
    """Read the bits of a block of neurons, and part it."""
    return list(_tasks(_words(bits, start)))


def _tasks(words: UInt64[np.ndarray, "neuron word"]) -> Iterator[Task]:
    """Part neurons so that each part has few bits, with where the bits of each neuron begin."""
    # Neuron by neuron: numpy counts the bits of a word into an array of its own.
    found = np.array([np.bitwise_count(row).sum(dtype=np.int64) for row in words], dtype=np.int64)
    start = 0
    while start < len(words):
        ends = np.cumsum(found[start:])
        stop = start + max(1, int(np.searchsorted(ends, BITS_AT_A_TIME, side="right")))
        yield words[start:stop], np.concatenate([[0], ends[: stop - start]])
        start = stop


def _count(
    task: Task,
    ids: Int32[np.ndarray, "position n"],
    repeated: Sequence[Repeated],
    scratch: list[_Scratch],
) -> list[Counted]:
    """Count the n-grams of every size for some neurons."""
    words, first = task
    rows, repeated_to, lone_from = numbers_of(words, first, ids)
    own = scratch.pop()
    counted = []
    for place, of_size in enumerate(repeated):
        found = count_block(
            rows[place],
            first,
            repeated_to[place],
            lone_from[place],
            of_size.ngram_of,
            of_size.occurrences,
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
