"""What looser thresholds find, drawn quietly beside the detectors: where those of small models begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from neuron_census.draw.figures.limits import ABOVE, set_limits_from_nought
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS

PREFIX = "looser_"
OWN_SCALE = "scale of the looser numbers"
SCALE_COLOUR = "0.5"
# How many times higher than the panel the looser numbers may be before they get a scale of their own.
FLATTENED = 4
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


def draw_looser(
    axes: Axes, numbers: pl.DataFrame, across: str, column: str, colours: Mapping[str, Any]
) -> bool:
    """Draw a column of `looser_numbers` in a quiet style, and return whether it has a scale of its own.

    The panel is made higher if need be; but where its own lines would then be flat, the quiet ones have a
    grey scale of their own at the right.

    Parameters
    ----------
    axes
        the panel, with the limits that its own lines need
    numbers
        what is drawn
    across
        column of the places
    column
        of `looser_numbers`, without its prefix
    colours
        of the models in this panel
    """
    name = PREFIX + column
    rows = numbers.filter(pl.col("model").is_in(list(colours)))
    reach = axes.get_ylim()[1] / (1 + ABOVE)
    own_scale = bool(max(rows[name].drop_nulls(), default=0) > FLATTENED * reach)
    panel = _beside(axes) if own_scale else axes
    for model, colour in colours.items():
        of_model = rows.filter(model=model)
        panel.plot(of_model[across], of_model[name], color=colour, **QUIET)
    set_limits_from_nought(panel, rows, [name], reach)
    return own_scale


def _beside(axes: Axes) -> Axes:
    beside = axes.twinx()
    beside.set_label(OWN_SCALE)
    beside.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    beside.tick_params(axis="y", colors=SCALE_COLOUR)
    beside.grid(visible=False)
    beside.spines["right"].set(visible=True, color=SCALE_COLOUR)
    return beside


def label_looser(
    axes: Axes, numbers: pl.DataFrame, colour: Any, *, what: str = "", own_scale: bool
) -> None:
    """Name the quiet style in the legend, with its thresholds.

    Parameters
    ----------
    axes
        the panel whose lines the legend names
    numbers
        what is drawn
    colour
        of the entry
    what
        which line it is, in short
    own_scale
        whether a panel draws it on a scale of its own
    """
    thresholds = numbers.select(PREFIX + "coverage", PREFIX + "presence").drop_nulls()
    for coverage, presence in thresholds.unique().sort(pl.all()).rows():
        label = f"{what}with coverage {coverage:g} and presence {presence:g}"
        axes.plot([], [], color=colour, label=label + ", right scale" * own_scale, **QUIET)
