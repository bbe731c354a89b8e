"""Figure 7: the types of positional neurons, each shown by the clearest one (paper, section 5.1)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuron_census.draw.figures.neuron_name import neuron_name
from neuron_census.draw.figures.pattern_colours import COLOURS, PATTERNS, STRENGTHS
from neuron_census.draw.figures.text_width import fitting_size
from neuron_census.draw.model_tables import ModelTables

STUDY = "positions"
MODELS = "models"

TITLE_SIZE = 8.0
PANEL_WIDTH = 205.0  # points


def table(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per position of each neuron shown: the one with the highest I(act, pos) of every kind.

    A kind is a type with a strength; one that no neuron has is absent. Of neurons with equal information
    that of the first model, lowest layer and lowest index is shown. Columns: pattern, strength, model,
    layer, neuron, position_mi, windows, candidates (neurons of this kind in all models), position, frequency
    (share of windows).

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    kind = ["pattern", "strength"]
    positional = pl.concat(
        tables.census.filter("positional").select(
            pl.lit(number).cast(pl.Int64).alias("number"),
            pl.lit(model).alias("model"),
            "layer",
            "neuron",
            "position_mi",
            # The categories of different files differ.
            pl.col("pattern").cast(pl.String),
            pl.col("strength").cast(pl.String),
        )
        for number, (model, tables) in enumerate(models.items())
    )
    clearest = (
        positional.with_columns(pl.len().over(kind).cast(pl.Int64).alias("candidates"))
        .sort(
            "position_mi",
            "number",
            "layer",
            "neuron",
            descending=[True, False, False, False],
        )
        .unique(kind, keep="first", maintain_order=True)
    )
    curves = pl.concat(
        tables.positions.join(
            clearest.filter(pl.col("model") == model), on=["layer", "neuron"], how="semi"
        ).select(pl.lit(model).alias("model"), "layer", "neuron", "windows", "frequency")
        for model, tables in models.items()
    )
    return (
        clearest.join(curves, on=["model", "layer", "neuron"], how="inner")
        .with_columns(pl.int_ranges(pl.col("frequency").list.len()).alias("position"))
        .explode("position", "frequency")
        .select(
            *kind,
            "model",
            "layer",
            "neuron",
            "position_mi",
            "windows",
            "candidates",
            "position",
            "frequency",
        )
        .sort(
            pl.col("pattern").replace_strict(PATTERNS, range(len(PATTERNS))),
            pl.col("strength").replace_strict(STRENGTHS, range(len(STRENGTHS))),
            "position",
        )
    )


def draw(numbers: pl.DataFrame) -> Figure:
    """Return one row of panels per type, strong at the left and weak at the right.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    figure, grid = plt.subplots(
        len(PATTERNS), len(STRENGTHS), figsize=(7.2, 6.6), sharey=True, squeeze=False
    )
    for row, pattern in enumerate(PATTERNS):
        for column, strength in enumerate(STRENGTHS):
            axes = grid[row, column]
            such = (pl.col("pattern") == pattern) & (pl.col("strength") == strength)
            _draw_neuron(axes, numbers.filter(such), pattern)
            axes.annotate(
                f"{pattern}, {strength}",
                (0, 1),
                xytext=(0, 16),
                xycoords="axes fraction",
                textcoords="offset points",
                weight="bold",
                color=COLOURS[pattern],
            )
            axes.set(ylim=(-0.04, 1.04), yticks=[0, 0.5, 1])
    for axes in grid[-1]:
        axes.set_xlabel("position in the window (BOS at 0)")
    figure.supylabel("share of windows in which the neuron is active", fontsize=9)
    return figure


def _draw_neuron(axes: Axes, curve: pl.DataFrame, pattern: str) -> None:
    """Draw the curve of one neuron, or say that there is none."""
    if not len(curve):
        axes.text(0.5, 0.5, "none in this run", transform=axes.transAxes, ha="center", va="center")
        axes.set_xticks([])
        axes.grid(False)
        axes.set_title(" ", fontsize=TITLE_SIZE)
        return
    neuron = curve.row(0, named=True)
    axes.plot(
        curve["position"],
        curve["frequency"],
        color=COLOURS[pattern],
        linestyle="-",
        marker="none",
        linewidth=0.9,
    )
    axes.margins(x=0.02)
    title = neuron_name(neuron)
    size = fitting_size(title, TITLE_SIZE, PANEL_WIDTH)
    axes.set_title(title, fontsize=size, parse_math=False)
