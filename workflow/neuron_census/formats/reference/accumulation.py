"""The columns of the figure of accumulation curves."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import Column, Table

TEXT, WHOLE, NUMBER = pl.String(), pl.Int64(), pl.Float64()

ACCUMULATION = Table(
    "figure_accumulation",
    "One row per model and point of its curve, and one per model with what half the documents foretell.",
    {
        "model": Column(TEXT, "name of the model"),
        "part": Column(
            TEXT,
            "read: the curve; further: its continuation; half: what is foretold from half the documents",
        ),
        "documents": Column(WHOLE, "documents read; of `half` those that it is foretold from"),
        "tokens": Column(WHOLE, "tokens that these hold; empty in `half`"),
        "never_active_percent": Column(
            NUMBER, "expected share of neurons that are active in none of them, in percent"
        ),
        **{
            f"{end}_percent": Column(NUMBER, f"{end} end of its interval; empty but in `further`")
            for end in ("lower", "upper")
        },
        "wakes": Column(NUMBER, "neurons expected to wake in the other half; empty but in `half`"),
        **{
            f"wakes_{end}": Column(NUMBER, f"{end} end of the interval of how many will")
            for end in ("lower", "upper")
        },
        "woken": Column(WHOLE, "neurons that do"),
    },
)
