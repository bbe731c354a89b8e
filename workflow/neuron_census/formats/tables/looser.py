"""How many detectors each layer would have under the looser thresholds that figures draw beside the others."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import NEURON, Column, Table

LOOSER = Table(
    name="looser",
    row="One row per analysed layer and length of n-grams.",
    columns={
        "layer": NEURON["layer"],
        "n": Column(pl.Int8(), "tokens of the n-grams: 1, 2 or 3"),
        "coverage": Column(pl.Float64(), "share of activations that covers hold"),
        "presence": Column(
            pl.Float64(),
            "share of its occurrences that must activate a neuron for an n-gram to be covered",
        ),
        "detectors": Column(
            pl.Int64(), "neurons of the layer that are detectors under these thresholds"
        ),
        "detected": Column(pl.Int64(), "n-grams that at least one of them covers"),
        "cumulative": Column(pl.Int64(), "those of this layer and all below"),
    },
)
"""The table of `looser/{model}.parquet`."""
