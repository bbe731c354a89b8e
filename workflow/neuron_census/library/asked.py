"""Which detectors, positional and dead neurons fire at each token of a text."""

from __future__ import annotations

from typing import Any

import polars as pl

from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS
from neuron_census.library.activations import Activations
from neuron_census.library.census import Census

KINDS = ("detectors", "positional", "dead")
"""Kinds of neurons that are looked for: they detect some n-gram, encode position, are dead in the census."""


def firings_by_kind(found: Activations) -> dict[str, pl.DataFrame]:
    """Return the firings of each kind of neurons, by position, the largest activation first.

    Columns as in `Activations.firings`. A kind whose study was not made has none.

    Parameters
    ----------
    found
        activations with their census
    """
    firings = found.firings().sort(
        "position", "value", descending=[False, True], maintain_order=True
    )
    return {kind: firings.filter(of_kind(firings, kind)) for kind in KINDS}


def of_kind(rows: pl.DataFrame, kind: str) -> pl.Expr:
    """Return whether a neuron is of a kind, for rows with columns of the census; never where a study was not made."""
    detectors = [f"{ngram}_detector" for ngram in NGRAM_LENGTHS]
    columns = detectors if kind == "detectors" else [kind]
    there = [pl.col(name) for name in columns if name in rows.columns]
    return pl.any_horizontal(*there).fill_null(False) if there else pl.lit(False)


def ngrams_found(census: Census, found: Activations, detectors: pl.DataFrame) -> pl.DataFrame:
    """Return the covered n-grams of detectors that end where they fire.

    One row per firing and n-gram, the longest n-gram first: position, layer, neuron, n, ngram (its text).

    Parameters
    ----------
    census
        the results
    found
        activations with their census
    detectors
        the firings of detectors
    """
    schema = {
        "position": pl.Int32(),
        **CENSUS.types("layer", "neuron"),
        "n": pl.Int8(),
        "ngram": pl.String(),
    }
    if detectors.is_empty() or found.model is None:
        return pl.DataFrame(schema=schema)
    place = ["layer", "neuron"]
    covered = census.triggers(found.model).filter("covered").join(detectors, on=place, how="semi")
    texts = {
        (layer, neuron, tuple(ngram)): text
        for layer, neuron, ngram, text in covered.select(*place, "ngram", "text").iter_rows()
    }
    tokens = found.tokens["token"].to_list()
    lengths = sorted(NGRAM_LENGTHS.items(), key=lambda entry: -entry[1])
    rows: list[dict[str, Any]] = []
    for firing in detectors.iter_rows(named=True):
        position, layer, neuron = firing["position"], firing["layer"], firing["neuron"]
        for name, n in lengths:
            # The BOS is no part of an n-gram.
            if position < n or not firing[f"{name}_detector"]:
                continue
            text = texts.get((layer, neuron, tuple(tokens[position - n + 1 : position + 1])))
            if text is not None:
                rows.append(
                    {"position": position, "layer": layer, "neuron": neuron, "n": n, "ngram": text}
                )
    return pl.DataFrame(rows, schema=schema)
