"""Detected n-grams of every layer, and how many are new: one panel per model (Figures 4 and 14)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import polars as pl
from matplotlib.figure import Figure

from neuron_census.draw.detected_ngrams import detected_by_layer
from neuron_census.draw.figures.legend import legend_below
from neuron_census.draw.figures.limits import set_limits_from_nought
from neuron_census.draw.figures.looser import PREFIX, draw_looser, label_looser, looser_numbers
from neuron_census.draw.figures.panels import name_layers, name_model, panels
from neuron_census.draw.figures.published import draw_published, label_published
from neuron_census.draw.model_tables import ModelTables

# Columns with their names and widths, in the order of the legend. Wider lines lie farther back, so that
# narrower ones can be seen where they are equal.
LINES = {
    "covered": ("detected in the layer", 1.8),
    "new_to_previous": ("of these, not in the layer right below", 1.2),
    "new_overall": ("of these, in no lower layer", 0.7),
}
LEAST_COUNT = 5.0
QUIET = "0.35"


def table(models: Mapping[str, ModelTables], ngram: str) -> pl.DataFrame:
    """Return one row per model and analysed layer: its detected n-grams, and how many of them are new.

    Columns: model, layer, covered (different n-grams that detectors of the layer detect), new_overall
    (those that no lower layer detects), new_to_previous (those that the layer right below does not). All
    are new in the first layer. Columns `looser_…` are those of `looser_numbers`.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    ngram
        unigram, bigram or trigram
    """
    return pl.concat(
        detected_by_layer(tables.census, tables.covered, ngram)
        .join(looser_numbers(tables, ngram), on="layer", how="left", maintain_order="left")
        .select(
            pl.lit(model).alias("model"),
            "layer",
            pl.col("detected").alias("covered"),
            "new_overall",
            "new_to_previous",
            pl.col(f"^{PREFIX}.*$"),
        )
        for model, tables in models.items()
    )


def draw(numbers: pl.DataFrame, ngrams: str) -> Figure:
    """Return one panel per model with three lines, and one legend for all.

    Parameters
    ----------
    numbers
        as `table` returns them
    ngrams
        what to call the n-grams, in the plural
    """
    models = list(numbers["model"].unique(maintain_order=True))
    figure, grid = panels(len(models), f"different {ngrams}")
    width = matplotlib.rcParams["lines.linewidth"]
    size = matplotlib.rcParams["lines.markersize"]
    own_scale = False
    for model, axes in zip(models, grid, strict=True):
        rows = numbers.filter(pl.col("model") == model)
        for column, (name, weight) in LINES.items():
            (line,) = axes.plot(
                rows["layer"],
                rows[column],
                label=name,
                linewidth=weight * width,
                markersize=max(0.7, weight**0.5) * size,
            )
            draw_published(axes, rows, "layer", column, line.get_color())
        name_model(axes, model)
        layers = rows["layer"].cast(pl.Int64).to_numpy()
        name_layers(axes, layers)
        reach = max(1, len(layers) - 1)
        axes.set_xlim(-0.06 * reach, 1.06 * reach)
        set_limits_from_nought(axes, rows, list(LINES), LEAST_COUNT)
        own_scale |= draw_looser(axes, rows, "layer", "detected", {model: QUIET})
    label_looser(grid[0], numbers, QUIET, what="detected in the layer ", own_scale=own_scale)
    label_published(grid[0], numbers)
    legend_below(figure, grid[0])
    return figure
