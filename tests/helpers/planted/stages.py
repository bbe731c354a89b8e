"""The stages before classify, run one after the other on a made model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neuron_census.count.count import count
from neuron_census.count.count_ngrams import count_ngrams
from neuron_census.count.number_ngrams import number_ngrams
from neuron_census.record.record import record


@dataclass(frozen=True)
class Counted:
    """What the stages before classify made of a model; without the n-gram study `ngram_counts` is empty."""

    recordings: Sequence[Path]
    counts: Path
    ngrams: Path
    ngram_counts: Sequence[Path]


def record_and_count(
    folder: Path, windows: Path, checkpoint: Path, *, shards: int, analysed: int = 0
) -> Counted:
    """Record every shard in float64 on the CPU, and count.

    Parameters
    ----------
    folder
        where all stores go
    windows
        the window table
    checkpoint
        the model
    shards
        how many shards the windows have
    analysed
        in how many of the first layers n-grams are counted
    """
    recordings = [folder / "recordings" / f"{shard}.zarr" for shard in range(shards)]
    for shard, output in enumerate(recordings):
        record(
            windows=windows,
            checkpoint=checkpoint,
            shard=shard,
            output=output,
            dtype="float64",
            device="cpu",
        )
    count(recordings=recordings, windows=windows, output=folder / "counts.zarr")
    layers = [folder / "ngram_counts" / f"{layer}.zarr" for layer in range(analysed)]
    ngrams = folder / "ngrams.zarr"
    if layers:
        number_ngrams(windows=windows, output=ngrams)
    for layer, output in enumerate(layers):
        count_ngrams(recordings=recordings, ngrams=ngrams, layer=layer, output=output)
    return Counted(recordings, folder / "counts.zarr", ngrams, layers)
