"""What looser thresholds find, drawn quietly beside the detectors: where those of small models begin."""

from __future__ import annotations

from typing import Any

import polars as pl
from matplotlib.axes import Axes

from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS

PREFIX = "looser_"
QUIET: dict[str, Any] = {"linestyle": "-.", "linewidth": 0.8, "alpha": 0.6, "marker": ""}


def looser_numbers(tables: ModelTables, ngram: str) -> pl.DataFrame:
    """Return what looser thresholds find in every analysed layer, with columns of a figure's numbers.

    Columns: layer, looser_coverage and looser_presence (the thresholds), looser_detectors,
    looser_detected (different n-grams).

    Parameters
    ----------
    tables
        of one model
    ngram
        unigram, bigram or trigram
    """
    found = tables.looser.filter(n=NGRAM_LENGTHS[ngram])
    columns = ("coverage", "presence", "detectors", "detected")
    return found.select("layer", *(pl.col(name).alias(PREFIX + name) for name in columns))


def draw_looser(axes: Axes, numbers: pl.DataFrame, across: str, column: str, colour: Any) -> None:
    """Draw a column of `looser_numbers` in a quiet style."""
    axes.plot(numbers[across], numbers[PREFIX + column], color=colour, **QUIET)


def label_looser(axes: Axes, numbers: pl.DataFrame, colour: Any, what: str = "") -> None:
    """Name the quiet style in the legend, with its thresholds; `what` says in short which line it is."""
    pairs = (
        numbers.select(PREFIX + "coverage", PREFIX + "presence")
        .drop_nulls()
        .unique()
        .sort(pl.all())
    )
    for coverage, presence in pairs.rows():
        label = f"{what}with coverage {coverage:g} and presence {presence:g}"
        axes.plot([], [], color=colour, label=label, **QUIET)
