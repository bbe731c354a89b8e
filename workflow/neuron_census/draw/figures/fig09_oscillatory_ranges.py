"""Figure 9: where the strong oscillatory neurons of one layer are active (paper, section 5.3)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from neuron_census.draw.figures.neuron_name import layer_name
from neuron_census.draw.figures.pattern_colours import COLOURS
from neuron_census.draw.model_tables import ModelTables
from neuron_census.errors import CensusError, one_of

STUDY = "positions"
MODELS = "models"
# The key of `draw` in the config that chooses the model and the layer.
CHOICE = "oscillatory_ranges"

SCHEMA = {
    "model": pl.String,
    "layer": pl.Int64,
    "window": pl.Int64,
    "neuron": pl.Int64,
    "shift": pl.Float64,
    "start": pl.Int64,
    "end": pl.Int64,
}
# Inches: the height of a neuron's row, and of the title and the axis together.
ROW_HEIGHT = 0.19
LEAST_ROW_HEIGHT = 0.11
HEAD_AND_FOOT = 0.95
MOST_HEIGHT = 9.0
BAR = 0.72


def table(
    models: Mapping[str, ModelTables], model: str | None = None, layer: int | None = None
) -> pl.DataFrame:
    """Return one row per range of positions at which a strong oscillatory neuron of the layer is active.

    Neurons are in the order of their shift; one without a range has a row without start and end, and
    comes last. A single row without neuron says that there is none, and names no more than was asked
    for. Columns: model, layer, window (positions), neuron, shift, start, end (the last position of the
    range).

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    model
        the model shown; by default the one with the most such neurons in a layer
    layer
        its layer, from 0; by default the one with the most such neurons

    Raises CensusError for a model or a layer that does not exist.
    """
    if model is not None and model not in models:
        raise CensusError(
            f"draw.oscillatory_ranges.model: '{model}' is not shown; {one_of(model, list(models))}"
        )
    shown = {model: models[model]} if model is not None else models
    fullest, depth = _fullest(shown, layer)
    neurons = _strong_oscillatory(models[fullest]).filter(pl.col("layer") == depth)
    window = pl.col("frequency").list.len()
    # By its type a neuron is active somewhere; where rules are so loose that it is not, its name stays.
    rows = (
        models[fullest]
        .positions.join(neurons, on=["layer", "neuron"], how="semi")
        .explode("active_ranges")
        .select(
            pl.lit(fullest).alias("model"),
            pl.lit(depth).alias("layer"),
            window.alias("window"),
            "neuron",
            pl.col("shift").fill_null(window),
            pl.col("active_ranges").struct.unnest(),
        )
    )
    if rows.is_empty():
        rows = pl.DataFrame([{"model": model, "layer": layer}], schema=SCHEMA)
    return rows.cast(pl.Schema(SCHEMA)).sort("shift", "neuron", "start")


def draw(numbers: pl.DataFrame) -> Figure:
    """Return one row per neuron, the one with the smallest shift at the top.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    model, layer = numbers.row(0)[:2]
    neurons = list(numbers["neuron"].drop_nulls().unique(maintain_order=True))
    places = [model or "all models"] + ([layer_name(layer)] if layer is not None else [])
    heading = f"{', '.join(places)}: "
    row_height = max(LEAST_ROW_HEIGHT, min(ROW_HEIGHT, MOST_HEIGHT / max(1, len(neurons))))
    figure, axes = plt.subplots(
        figsize=(7.2, HEAD_AND_FOOT + row_height * max(4, len(neurons) + 1))
    )
    axes.set(xlabel="position in the window (BOS at 0)", ylabel="neuron")
    axes.grid(False)
    if not neurons:
        axes.set_title(f"{heading}no strong oscillatory neuron")
        axes.text(
            0.5,
            0.5,
            "none in this run" if model is layer is None else "none",
            transform=axes.transAxes,
            ha="center",
            va="center",
        )
        axes.set(xticks=[], yticks=[])
        return figure
    window = numbers["window"][0]
    covered = np.zeros(window, dtype=bool)
    for row, neuron in enumerate(neurons):
        ranges = numbers.filter(pl.col("neuron") == neuron).drop_nulls("start")
        for start, end in ranges.select("start", "end").iter_rows():
            covered[start : end + 1] = True
        # A bar is as wide as its positions: it ends where the next position begins.
        bars = [
            (start - 0.5, end - start + 1)
            for start, end in ranges.select("start", "end").iter_rows()
        ]
        axes.broken_barh(bars, (row - BAR / 2, BAR), facecolors=COLOURS["oscillatory"], linewidth=0)
    axes.set(xlim=(-0.01 * window, 1.01 * window), ylim=(len(neurons) - 0.4, -0.6))
    axes.set_yticks(range(len(neurons)), [str(neuron) for neuron in neurons])
    axes.tick_params(axis="y", length=0, labelsize=min(8, 72 * row_height * 0.75))
    count = (
        "1 strong oscillatory neuron"
        if len(neurons) == 1
        else f"{len(neurons)} strong oscillatory neurons"
    )
    axes.set_title(
        f"{heading}{count}; active ranges cover {100 * covered.mean():.0f}% of positions",
        fontsize=9,
    )
    return figure


def _strong_oscillatory(tables: ModelTables) -> pl.DataFrame:
    """Return layer and neuron of each."""
    return tables.census.filter(
        (pl.col("pattern").cast(pl.String) == "oscillatory")
        & (pl.col("strength").cast(pl.String) == "strong")
    ).select("layer", "neuron")


def _fullest(models: Mapping[str, ModelTables], layer: int | None) -> tuple[str, int]:
    """Return the model and layer with the most strong oscillatory neurons, the first of equal ones."""
    best: tuple[str, int] | None = None
    most = -1
    for model, tables in models.items():
        found = dict(_strong_oscillatory(tables).group_by("layer").len().iter_rows())
        for candidate in sorted(tables.census["layer"].unique()):
            if layer in (None, candidate) and found.get(candidate, 0) > most:
                best, most = (model, candidate), found.get(candidate, 0)
    if best is None:
        depths = ", ".join(
            f"{model} {tables.census['layer'].n_unique()}" for model, tables in models.items()
        )
        raise CensusError(
            f"draw.oscillatory_ranges.layer: found {layer}, which no model shown has; layers count "
            f"from 0, and there are: {depths}."
        )
    return best
