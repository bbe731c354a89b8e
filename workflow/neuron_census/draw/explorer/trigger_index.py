"""The n-grams that trigger neurons, which the page searches beside those that neurons detect.

    index = TriggerIndex()
    index.add(layer, census, shown)      # for each layer
    index.write(data, "model-0")         # the n-grams in the order of their texts, and the neurons of each

What is searched is what pages of neurons show: the most frequent n-grams of each neuron. The n-grams come in
parts, of which the page loads those that can hold what is searched, and their neurons in files of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from neuron_census.draw.detected_ngrams import detectors
from neuron_census.draw.explorer.chunk import JSON, columns_json, write_array, write_chunk
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS

WHOLE = 1 << 16
"""N-grams that are in one file, so that a text is found anywhere in them; the tokens of most models are fewer."""

NGRAMS_OF_A_PART = 1 << 14
"""N-grams per file where they are more."""

NEURONS_OF_A_FILE = 1 << 16
LISTED = 1000
"""Neurons that are listed of an n-gram; a frequent token is among those of most neurons of a large model."""

FIELDS = ("place", "activations", "of")
"""Fields of each neuron of an n-gram; the page reads them in this order."""

TOKEN_BITS = 21
"""Three tokens are one whole number of 63 bits."""


@dataclass
class TriggerIndex:
    """The shown n-grams of all neurons, layer by layer; detectors of an n-gram are listed elsewhere."""

    ngrams: pl.DataFrame | None = None
    neurons: list[pl.DataFrame] = field(default_factory=list)

    def add(self, census: pl.DataFrame, shown: pl.DataFrame, first: int) -> None:
        """Take in the n-grams of a layer.

        Parameters
        ----------
        census
            the layer's rows of the census
        shown
            the triggers that its neurons' pages show
        first
            place of the layer's first neuron among all neurons of the model
        """
        if shown.is_empty():
            return
        token = [
            pl.col("ngram").list.get(at, null_on_oob=True).fill_null(0).cast(pl.Int64)
            * (1 << (TOKEN_BITS * at))
            for at in range(len(NGRAM_LENGTHS))
        ]
        found = shown.with_columns(
            key=pl.sum_horizontal(token), place=(pl.col("neuron") + first).cast(pl.UInt32)
        )
        ngrams = found.select("n", "key", "ngram", "text", "occurrences")
        known = [] if self.ngrams is None else [self.ngrams]
        # Layers share most n-grams: each is held once.
        self.ngrams = pl.concat([*known, ngrams]).unique(["n", "key"])
        detected = found.join(detectors(census), on=["neuron", "n"], how="semi").filter("covered")
        others = found.join(detected, on=["neuron", "n", "key"], how="anti")
        self.neurons.append(
            with_activations(others, census).select(
                "n", "key", "place", pl.col("activations", "of").cast(pl.UInt32)
            )
        )

    def write(self, folder: Path, model: str) -> dict[str, list[str]]:
        """Write all n-grams and their neurons, and return the texts with which the parts begin, by length.

        `triggers/{n}/{part}` has of each n-gram `ngram`, its tokens; `text`; `occurrences`; `neurons`, how many
        it triggers; `listed`, how many of these are listed, and `file` and `start`, where: in
        `triggers/{n}/neurons-{file}` are the columns of `FIELDS`, one after another. Texts are in the order of
        their lower-case forms without spaces at either end.

        Parameters
        ----------
        folder
            where the data of the explorer are
        model
            the model's folder in it
        """
        parts: dict[str, list[str]] = {}
        for n in NGRAM_LENGTHS.values():
            name = f"{model}/triggers/{n}"
            if self.ngrams is None:
                parts[str(n)] = []
                continue
            neurons = _listed(pl.concat(rows.filter(n=n) for rows in self.neurons))
            ngrams = _ordered(self.ngrams.filter(n=n), neurons)
            _write_neurons(folder, name, ngrams, neurons)
            parts[str(n)] = _write_ngrams(folder, name, ngrams)
        return parts


def with_activations(triggers: pl.DataFrame, census: pl.DataFrame) -> pl.DataFrame:
    """Return triggers with the column `of`: the neuron's activations at n-grams of their length.

    Parameters
    ----------
    triggers
        rows of the triggers table of one layer; with none, the census need not have the ngrams study
    census
        the layer's rows of the census
    """
    if triggers.is_empty():
        return triggers.with_columns(of=pl.lit(None, dtype=pl.Int64))
    counts = pl.concat(
        census.select("neuron", of=pl.col(f"{name}_activations"), n=pl.lit(n, dtype=pl.Int8))
        for name, n in NGRAM_LENGTHS.items()
    )
    return triggers.join(counts, on=["neuron", "n"], how="left", maintain_order="left")


def _listed(neurons: pl.DataFrame) -> pl.DataFrame:
    """Return the neurons of each n-gram of which it holds most, and how many neurons it has.

    Those come first of whose activations it holds the largest share; equal ones by place.
    """
    return (
        neurons.with_columns(share=pl.col("activations") / pl.col("of"))
        .sort("key", "share", "place", descending=[False, True, False])
        .with_columns(
            rank=pl.int_range(pl.len()).over("key"), neurons=pl.len().over("key").cast(pl.Int64)
        )
        .filter(pl.col("rank") < LISTED)
        .drop("rank", "share", "n")
    )


def _ordered(ngrams: pl.DataFrame, neurons: pl.DataFrame) -> pl.DataFrame:
    """Return the n-grams that have neurons in the order of their texts, and where their neurons are listed."""
    listed = neurons.group_by("key").agg(pl.col("neurons").first(), listed=pl.len().cast(pl.Int64))
    before = pl.col("listed").cum_sum() - pl.col("listed")
    return (
        ngrams.join(listed, on="key", how="inner")
        .with_columns(sought=sought(pl.col("text")))
        .sort("sought", "text", "key")
        .with_columns(file=before // NEURONS_OF_A_FILE)
        .with_columns(start=before.over("file"))
    )


def sought(text: pl.Expr) -> pl.Expr:
    """Return the form of a text in which it is sought; the page does the same to what a reader types."""
    return text.str.strip_chars(" ").str.to_lowercase()


def _write_neurons(folder: Path, name: str, ngrams: pl.DataFrame, neurons: pl.DataFrame) -> None:
    in_order = ngrams.select("key", "file", order=pl.int_range(pl.len()))
    rows = neurons.join(in_order, on="key", how="left", maintain_order="left").sort(
        "order", maintain_order=True
    )
    for (file,), some in rows.group_by("file", maintain_order=True):
        numbers = some.select(pl.col(FIELDS).cast(pl.Int64)).to_numpy().T
        write_array(folder, f"{name}/neurons-{file}", np.ascontiguousarray(numbers))


def _write_ngrams(folder: Path, name: str, ngrams: pl.DataFrame) -> list[str]:
    begin = []
    of_a_part = WHOLE if len(ngrams) <= WHOLE else NGRAMS_OF_A_PART
    for part, rows in enumerate(ngrams.iter_slices(of_a_part)):
        begin.append(str(rows["sought"][0]))
        kept = rows.select("ngram", "text", "occurrences", "neurons", "listed", "file", "start")
        write_chunk(folder, f"{name}/{part}", JSON, columns_json(kept).encode())
    return begin
