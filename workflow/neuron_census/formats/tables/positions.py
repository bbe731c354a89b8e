"""What goes with the census for positions: one row per positional neuron."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import NEURON, Column, Table
from neuron_census.formats.tables.vocabulary import DESCRIPTORS

POSITIONS = Table(
    name="positions",
    row="One row per positional neuron.",
    columns={
        **NEURON,
        "windows": Column(pl.Int32(), "full-length windows"),
        "frequency": Column(pl.List(pl.Float32()), "share of windows, at each position"),
        "position_mi": Column(
            pl.List(pl.Struct({"domain": pl.String(), "position_mi": pl.Float64()})),
            "mutual information of activity and position in each domain alone; null where the domain has "
            "too few windows",
        ),
        "active_ranges": Column(
            pl.List(pl.Struct({"start": pl.Int32(), "end": pl.Int32()})),
            "ranges of positions, the last one included, at which the smoothed frequency is high enough "
            "for the neuron to count as active",
        ),
        "shift": Column(
            pl.Float64(),
            "middle of the first of these ranges that is longer than the moving average, or else of the "
            "first one; null without any",
        ),
        **{name: Column(pl.Float64(), meaning) for name, meaning in DESCRIPTORS.items()},
    },
)
