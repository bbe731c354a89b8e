"""What became of each neuron from one census to another: one row per neuron."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import NEURON, Column, Table
from neuron_census.formats.tables.vocabulary import NGRAMS

KINDS = ("dead", "detector", "detector and positional", "positional", "other")
"""What a neuron is, of these exactly one: a detector detects n-grams of any length; `other` is alive, and neither."""

COMPARED = "compared"
"""Key of the file's metadata that holds, as a JSON list, the names of both models, the earlier one first."""
BEFORE, AFTER = "in the first census", "in the second census"


def _in_both(name: str, dtype: pl.DataType, meaning: str) -> dict[str, Column]:
    return {
        f"{name}_before": Column(dtype, f"{meaning}, {BEFORE}"),
        f"{name}_after": Column(dtype, f"{meaning}, {AFTER}"),
    }


def _ngram_columns() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for ngram in NGRAMS:
        columns |= _in_both(
            f"{ngram}_detector",
            pl.Boolean(),
            f"whether it is a {ngram} detector; null outside the analysed layers",
        )
    return columns | {
        "became_detector": Column(
            pl.Boolean(),
            "whether it detects n-grams of some length after, and detected none before",
        ),
        "ceased_detector": Column(pl.Boolean(), "the same the other way round"),
    }


COMPARISON = Table(
    name="comparison",
    row="One row per neuron of two censuses of the same shape, thresholds and windows, such as two checkpoints of "
    "one training run, by layer and neuron.",
    columns={
        **NEURON,
        **_in_both("kind", pl.String(), f"what it is: {', '.join(f'`{kind}`' for kind in KINDS)}"),
        **_in_both("frequency", pl.Float64(), "activations / tokens of the dead study"),
        "died": Column(pl.Boolean(), "whether it is dead after, and was not before"),
        "woke": Column(pl.Boolean(), "whether it was dead before, and is not after"),
    },
    optional={
        "ngrams": _ngram_columns(),
        "positions": {
            **_in_both("position_mi", pl.Float64(), "mutual information of activity and position"),
            **_in_both("pattern", pl.String(), "type of its pattern; null unless positional"),
            "became_positional": Column(
                pl.Boolean(), "whether it is positional after, and was not before"
            ),
            "ceased_positional": Column(pl.Boolean(), "the same the other way round"),
        },
    },
)
