"""Counting n-grams, side by side with other ways, from the same packed bits.

    python tests/benchmarks/bench_count_ngrams.py --tokens 2000000 --neurons 32

Every way starts from the bits of some neurons and the numbered n-grams, and ends with how often each
n-gram activates each neuron, for n = 1, 2, 3. Ours also finds profiles and triggers. Text is drawn from
a Zipf distribution over 50,000 tokens, with a memory of one token so that n-grams repeat.

`--memory` counts a whole layer of 36,864 neurons from a recording on disk instead, and prints its peak memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import zarr
from cyclopts import App
from scipy.sparse import csr_array

from helpers.made.stores import finish_store
from neuron_census.count import count_ngrams as stage
from neuron_census.count.repeated_ngrams import rank_ngrams
from neuron_census.formats.ngram_index import FORMAT, SIZES, VERSION, create
from neuron_census.formats.recording import FORMAT as RECORDING
from neuron_census.formats.recording import VERSION as RECORDING_VERSION
from neuron_census.formats.recording import create_bits

VOCABULARY = 50_000
app = App(help_format="plaintext")


def made_ids(tokens: int, seed: int = 0) -> dict[int, np.ndarray]:
    """Numbered n-grams of made text, int32 `[tokens]` for each n."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, VOCABULARY + 1)
    drawn = random.choice(VOCABULARY, tokens, p=weights / weights.sum()).astype(np.int64)
    # Half of the tokens follow from the one before.
    follows = random.random(tokens) < 0.5
    drawn[1:][follows[1:]] = (drawn[:-1][follows[1:]] * 31 + 7) % VOCABULARY
    ids = {}
    for n in SIZES:
        key = np.zeros(tokens, dtype=np.int64)
        for back in range(n):
            key[n - 1 :] = (key[n - 1 :] << 21) | drawn[back : tokens - n + 1 + back]
        _, inverse = np.unique(key[n - 1 :], return_inverse=True)
        ids[n] = np.concatenate([np.full(n - 1, -1), inverse]).astype(np.int32)
    return ids


class Ours:
    """As the stage does it, without reading and writing; what a layer prepares once is not timed."""

    def __init__(self, ids: Any, occurrences: Any, threads: int) -> None:
        ranks, self.repeated = zip(
            *(rank_ngrams(ids[n], occurrences[place]) for place, n in enumerate(SIZES)), strict=True
        )
        self.three = np.stack(ranks, axis=1)
        self.threads = threads
        self.scratch = [stage._Scratch(self.repeated) for _ in range(threads)]

    def __call__(self, words: Any) -> int:
        """Count activations, to compare."""
        tasks = list(stage._tasks(words))
        with ThreadPoolExecutor(self.threads) as workers:
            parts = workers.map(self._count, tasks)
            return sum(int(counted["activations"].sum()) for part in parts for counted in part)

    def _count(self, task: Any) -> Any:
        return stage._count(task, self.three, self.repeated, self.scratch)


def each_column(words: Any, ids: Any, count: Callable[[Any], Any]) -> int:
    """Unpack the bits of a neuron, and count the n-grams where they are set."""
    total = 0
    for row in words.view(np.uint8):
        active = np.unpackbits(row, bitorder="little").view(np.bool_)
        for n in SIZES:
            chosen = ids[n][active]
            total += int(count(chosen[chosen >= 0]))
    return total


def numpy_unique(chosen: Any) -> Any:
    return np.unique(chosen, return_counts=True)[1].sum()


def polars_group(chosen: Any) -> Any:
    return pl.Series("ngram", chosen).value_counts()["count"].sum()


def scipy_sparse(words: Any, ids: Any, occurrences: Any) -> int:
    """A matrix of neurons and positions, times one of positions and n-grams."""
    active = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    rows = csr_array(active.astype(np.int32))
    total = 0
    for place, n in enumerate(SIZES):
        has = np.flatnonzero(ids[n] >= 0)
        shape = (len(ids[n]), len(occurrences[place]))
        ones = np.ones(len(has), dtype=np.int32)
        total += int((rows @ csr_array((ones, (has, ids[n][has])), shape=shape)).sum())
    return total


@app.default
def compare(
    *,
    tokens: int = 2_000_000,
    neurons: int = 64,
    threads: int = 2,
    repeat: int = 3,
    memory: bool = False,
    density: float = 0.02,
) -> None:
    """Print a table of times.

    Parameters
    ----------
    tokens
        of the study
    neurons
        of the sample
    threads
        ours
    repeat
        the best of so many runs counts
    memory
        count a whole layer instead, and print its peak memory
    density
        of that layer
    """
    tokens -= tokens % 64
    ids = made_ids(tokens)
    occurrences = [np.bincount(ids[n][ids[n] >= 0]).astype(np.int64) for n in SIZES]
    if memory:
        whole_layer(ids, occurrences, tokens, threads, density)
        return
    print(f"{tokens:,} tokens, {neurons} neurons; n-grams: {[len(o) for o in occurrences]}")
    ways: dict[str, Callable[[Any], int]] = {
        f"ours, {threads} threads": Ours(ids, occurrences, threads),
        "ours, 1 thread": Ours(ids, occurrences, 1),
        "numpy unique": lambda words: each_column(words, ids, numpy_unique),
        "polars value_counts": lambda words: each_column(words, ids, polars_group),
        "scipy sparse": lambda words: scipy_sparse(words, ids, occurrences),
    }
    for way in list(ways.values())[:2]:
        way(np.ones((2, tokens // 64), dtype=np.uint64))  # compile, and touch all memory
    print("| density | way | ms a neuron | ns a set bit and n | times ours |")
    print("|---|---|---|---|---|")
    for share in (0.005, 0.02, 0.1):
        random = np.random.default_rng(1)
        active = random.random((neurons, tokens), dtype=np.float32) < share
        words = np.packbits(active, axis=1, bitorder="little").view(np.uint64)
        bits = int(active.sum())
        del active
        times, results = {}, set()
        for name, way in ways.items():
            best = float("inf")
            for _ in range(repeat):
                start = time.perf_counter()
                results.add(way(words))
                best = min(best, time.perf_counter() - start)
            times[name] = best
        assert len(results) == 1, "all ways count the same"
        first = next(iter(times.values()))
        for name, seconds in times.items():
            print(
                f"| {share:.1%} | {name} | {1e3 * seconds / neurons:.2f} | "
                f"{1e9 * seconds / bits / 3:.1f} | {seconds / first:.2f} |"
            )


def whole_layer(ids: Any, occurrences: Any, tokens: int, threads: int, density: float) -> None:
    """Count 36,864 neurons from a recording on disk, in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        random = np.random.default_rng(2)
        store = zarr.open_group(folder / "0.zarr", mode="w")
        bits = create_bits(store, 0, 36_864, tokens)
        step = 1 << 14
        for first in range(0, tokens, step):
            width = min(step, tokens - first) // 8
            active = random.random((512, 8 * width), dtype=np.float32) < density
            bits[:, first // 8 : first // 8 + width] = np.tile(np.packbits(active, axis=1), (72, 1))
        about: dict[str, Any] = {"model": "made", "revision": None, "weights": "", "dtype": ""}
        about |= {"versions": {}, "windows": "w", "domains": [], "window_length": 0, "shard": 0}
        about |= {"num_layers": 2, "ngram_layers": 1, "ffn_dim": 36_864}
        store.attrs.update({"format": RECORDING, "version": RECORDING_VERSION, **about})
        finish_store(store, folder / "0.zarr")
        index = zarr.open_group(folder / "ngrams.zarr", mode="w")
        for place, n in enumerate(SIZES):
            create(index, f"ids/{n}/0", ids[n], ("position",))
            create(index, f"occurrences/{n}", occurrences[place], ("ngram",))
        about = {"windows": "w", "vocabulary": VOCABULARY, "shards": 1}
        index.attrs.update({"format": FORMAT, "version": VERSION, **about})
        finish_store(index, folder / "ngrams.zarr")
        command = [sys.executable, "-m", "neuron_census", "count_ngrams", "--layer", "0"]
        command += ["--recordings", str(folder / "0.zarr"), "--ngrams", str(folder / "ngrams.zarr")]
        command += ["--threads", str(threads), "--output", str(folder / "counts.zarr")]
        start = time.perf_counter()
        _, status, used = os.wait4(subprocess.Popen(command).pid, 0)
        seconds = time.perf_counter() - start
        counts = [path for path in (folder / "counts.zarr").rglob("*") if path.is_file()]
        print(
            f"status {status}: {seconds:.0f} s, peak {used.ru_maxrss / 1024:,.0f} MB, "
            f"store {sum(path.stat().st_size for path in counts) / 1e6:.0f} MB"
        )


if __name__ == "__main__":
    app()
