"""The text behind a neuron: where it was most active, and where it was active as a draw had it."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.context import AFTER, BEFORE
from neuron_census.formats.tables.table import NEURON, Column, Table

CONTEXTS = Table(
    name="contexts",
    row="One row per neuron and context, by layer, neuron, kind (top first) and rank.",
    columns={
        **NEURON,
        "kind": Column(
            pl.Categorical(),
            "top: the windows of the dead study in which the neuron is most active, each at the position of its "
            "largest activation; sampled: windows in the order of a seeded hash, each at a position that the "
            "hash draws, of which the neuron is active there",
        ),
        "rank": Column(pl.Int16(), "place among those of its kind, from 1; ties by window"),
        "window": Column(pl.Int32(), "number of the window: its row in the window table"),
        "domain": Column(pl.Categorical(), "domain of the document"),
        "document": Column(pl.Int32(), "number of the document in the domain's table"),
        "position": Column(
            pl.Int32(), "position in the window at which the context was taken, the BOS at 0"
        ),
        "activation": Column(
            pl.Float32(), "activation (post-ReLU) at that position; in `top` the window's largest"
        ),
        "start": Column(pl.Int32(), "position of the first token shown"),
        "tokens": Column(
            pl.List(pl.Int32()),
            f"tokens shown: the one at `position`, up to {BEFORE} before it and up to {AFTER} after it, of the "
            "same window",
        ),
        "texts": Column(pl.List(pl.String()), "the text of each of them"),
        "activations": Column(
            pl.List(pl.Float32()),
            "activation (post-ReLU) at each of them, as float16 holds it, at most 65504",
        ),
    },
)
