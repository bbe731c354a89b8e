"""The n-grams that neurons detect, which the page searches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl

from neuron_census.draw.explorer.chunk import JSON, columns_json, write_array, write_chunk
from neuron_census.formats.tables.vocabulary import NGRAMS

# Fields of each detector of an n-gram; the page reads them in this order.
FIELDS = ("place", "layer", "neuron", "activations", "occurrences", "of")


def write_detected_ngrams(folder: Path, model: str, layers: Iterable[pl.DataFrame]) -> None:
    """Write, for each length, the n-grams that are detected and the neurons that detect them.

    `detected/{n}/ngrams` has the tokens and the text of each n-gram, `detected/{n}/detectors` the
    columns of `FIELDS`, one after another; `place` says which n-gram it is, by its place among them.

    Parameters
    ----------
    folder
        where the data of the explorer are
    model
        the model's folder in it
    layers
        the triggers of each layer that its detectors detect, and the column `of`: the neuron's activations at
        n-grams of their length
    """
    found = pl.concat(layers)
    for n in range(1, len(NGRAMS) + 1):
        rows = found.filter(pl.col("n") == n)
        ngrams = rows.select("ngram", "text").unique("ngram").sort("ngram")
        placed = rows.join(
            ngrams.select("ngram", place=pl.int_range(pl.len(), dtype=pl.Int64)), on="ngram"
        ).sort("place", "layer", "neuron")
        name = f"{model}/detected/{n}"
        write_chunk(folder, f"{name}/ngrams", JSON, columns_json(ngrams).encode())
        numbers = placed.select(pl.col(FIELDS).cast(pl.Int64)).to_numpy().T
        write_array(folder, f"{name}/detectors", np.ascontiguousarray(numbers))
