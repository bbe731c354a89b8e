"""Count n-grams: which ones activate each neuron of a layer, and how often.

count_ngrams(recordings=[Path("recordings/m/0.zarr")], ngrams=Path("ngrams/opt.zarr"), layer=0,
             output=Path("counts/m/ngrams/0.zarr"))
NgramCounts.open(Path("counts/m/ngrams/0.zarr")).triggers(1)    # tokens that activate each neuron
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import zarr
from jaxtyping import Int32, Int64, UInt64

from neuron_census.count.bit_chunks import BitChunks
from neuron_census.count.recordings import check_recordings_agree
from neuron_census.count.repeated_ngrams import RepeatedNgrams, rank_ngrams
from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.appended_array import AppendedArray
from neuron_census.formats.ngram_counts import EXACTNESS, attributes
from neuron_census.formats.ngram_index import NONE, SIZES, NgramIndex, create
from neuron_census.formats.recording import facts_of, open_recording
from neuron_census.formats.seal import sealed
from neuron_census.formats.zarr_store import mark_complete
from neuron_census.loops.ngrams import count_block, numbers_of
from neuron_census.progress import progress, speak_of

BITS_AT_A_TIME = 1 << 18
"""Set bits whose n-grams one thread lists at a time: 3 MiB."""

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
        how many CPU threads count
    output
        where to write the n-gram counts of the layer
    """
    index = NgramIndex.open(ngrams)
    groups = {path: open_recording(path) for path in recordings}
    shared = check_recordings_agree(groups, index.shards, index.windows_digest, index.path)
    speak_of(shared["model"])
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
        ids[:, place], of_size = rank_ngrams(ids[:, place], index.occurrences(n))
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
    repeated: list[RepeatedNgrams],
    threads: int,
) -> None:
    """Count block by block: while one block is counted, the bits of the next one are read."""
    written = [_CountsOfSize(store, n) for n in SIZES]
    scratch = [_Scratch(repeated) for _ in range(threads)]
    ffn_dim, step = bits[0].ffn_dim, bits[0].chunk_neurons
    with (
        ThreadPoolExecutor(threads) as workers,
        ThreadPoolExecutor(1) as reader,
        progress(what=f"n-grams of layer {bits[0].layer}", unit="neuron", total=ffn_dim) as bar,
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
    """The arrays of the store for n-grams of one length, written as neurons are counted."""

    def __init__(self, store: zarr.Group, n: int) -> None:
        self._store = store
        self._n = n
        self._arrays = {
            name: AppendedArray(store, f"{n}/{name}", dimension)
            for name, dimension in ARRAYS.items()
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
            create(self._store, f"{self._n}/{kind}_offsets", offsets, ("bound",))


class _Scratch:
    """The arrays that one thread counts in, made once: all zeros before and after each use."""

    def __init__(self, repeated: Sequence[RepeatedNgrams]) -> None:
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
    """Return the n-grams at every bit of all shards, one column for each n; padding bits have none."""
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
    """Return the bits of some neurons as words, all shards side by side; none beyond the last neuron."""
    ffn_dim, step = bits[0].ffn_dim, bits[0].chunk_neurons
    octets = sum(of_shard.octets for of_shard in bits)
    padded = np.zeros((max(0, min(step, ffn_dim - start)), -(-octets // 8) * 8), dtype=np.uint8)
    first = 0
    for of_shard in bits if start < ffn_dim else ():
        of_shard.read(start // step, padded[:, first : first + of_shard.octets])
        first += of_shard.octets
    return padded.view(np.uint64)


def _block(bits: Sequence[BitChunks], start: int) -> list[Task]:
    """Return the tasks of a block of neurons, after reading its bits."""
    return list(_tasks(_words(bits, start)))


def _tasks(words: UInt64[np.ndarray, "neuron word"]) -> Iterator[Task]:
    """Yield neurons in parts with few bits, with the place where the n-grams of each neuron begin."""
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
    repeated: Sequence[RepeatedNgrams],
    scratch: list[_Scratch],
) -> list[Counted]:
    """Return the counts of every length of n-grams for some neurons."""
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
            EXACTNESS.cover,
            EXACTNESS.triggers,
            *own.arrays[place],
        )
        counted.append(dict(zip(ARRAYS, found, strict=True)))
    scratch.append(own)
    return counted


ARRAYS = {
    "activations": "neuron",
    "distinct": "neuron",
    "profile_sizes": "neuron",
    "profile_counts": "profile_entry",
    "profile_multiplicity": "profile_entry",
    "trigger_sizes": "neuron",
    "trigger_ids": "trigger",
    "trigger_activations": "trigger",
    "all_kept": "neuron",
}
"""What `count_block` returns, in order, and the axis of each; sizes are stored as offsets."""
