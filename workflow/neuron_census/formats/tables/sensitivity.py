"""How many detectors there would be under other thresholds."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import Column, Table

SENSITIVITY = Table(
    name="sensitivity",
    row="One row per choice of thresholds and length of n-grams.",
    columns={
        "n": Column(pl.Int8(), "tokens of the n-grams: 1, 2 or 3"),
        "max_cover": Column(pl.Int32(), "largest cover of a detector, as the config has it"),
        "coverage": Column(pl.Float64(), "share of activations that covers hold"),
        "presence": Column(
            pl.Float64(),
            "share of its occurrences that must activate a neuron for an n-gram to be covered",
        ),
        "min_occurrences": Column(pl.Int32(), "occurrences that a covered n-gram must have"),
        "detectors": Column(pl.Int64(), "neurons that are detectors under these thresholds"),
        "covered_ngrams": Column(pl.Int64(), "n-grams that at least one of them covers"),
    },
)
"""The table of `sensitivity/{model}.csv`."""
