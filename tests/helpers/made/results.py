"""A folder of results as a run leaves it, with recordings, made by the stages one after the other."""

from __future__ import annotations

import json
from pathlib import Path

from neuron_census.classify.classify import classify
from neuron_census.count.count import count
from neuron_census.count.count_ngrams import count_ngrams
from neuron_census.count.number_ngrams import number_ngrams
from neuron_census.record.planning.plan import Dtype
from neuron_census.record.record import record

TABLES = ("census", "triggers", "projections", "spectra", "positions", "looser")


def add_model(
    results: Path,
    model: str,
    checkpoint: Path,
    tokenizer: Path,
    windows: Path,
    *,
    shards: int = 1,
    analysed: int,
    dtype: Dtype = "float64",
    min_windows: int = 5,
) -> None:
    """Take the census of a model into a folder of results; recordings are kept.

    Parameters
    ----------
    results
        the folder
    model
        its name there
    checkpoint, tokenizer
        folders of the model and of its tokenizer
    windows
        the window table, in the folder of results
    shards
        how many shards the windows have
    analysed
        in how many of the first layers n-grams are counted
    dtype
        precision of the forward pass
    min_windows
        full-length windows without which the census has no columns about positions
    """
    recordings = [results / "recordings" / model / f"{shard}.zarr" for shard in range(shards)]
    for shard, recording in enumerate(recordings):
        record(
            windows=windows,
            checkpoint=checkpoint,
            shard=shard,
            output=recording,
            dtype=dtype,
            device="cpu",
        )
    counts = results / "counts" / f"{model}.zarr"
    count(recordings=recordings, windows=windows, output=counts)
    ngrams = results / "ngrams" / f"{windows.parent.name}.zarr"
    if not ngrams.exists():
        number_ngrams(windows=windows, output=ngrams)
    layers = [results / "counts" / model / "ngrams" / f"{layer}.zarr" for layer in range(analysed)]
    for layer, output in enumerate(layers):
        count_ngrams(recordings=recordings, ngrams=ngrams, layer=layer, output=output)
    classify(
        counts=counts,
        ngrams=ngrams,
        ngram_counts=layers,
        checkpoint=checkpoint,
        tokenizer=tokenizer,
        thresholds=json.dumps({"positions": {"min_windows": min_windows}}),
        sensitivity=results / "sensitivity" / f"{model}.csv",
        **{table: results / table / f"{model}.parquet" for table in TABLES},
    )
