"""How many n-grams cover the activations of neurons, by layer: one panel per model (Figures 2, 11, 12)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
import polars as pl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from neuron_census.draw.detected_ngrams import analysed_neurons
from neuron_census.draw.figures.legend import legend_below
from neuron_census.draw.figures.panels import name_layers, name_model, panels
from neuron_census.draw.model_tables import ModelTables

# Smallest cover of a bin, and its name; a bin ends where the next one begins.
BINS = {
    1: "1-5",
    6: "6-10",
    11: "11-20",
    21: "21-50",
    51: "51-200",
    201: "201-1k",
    1001: "1k-2k",
    2001: "2k and more",
}
NEVER = "never active in the study"
NEVER_COLOUR = "#D9D9D9"
# The share of its layer that a bar takes, and the number of bars for which a panel has room at least.
BAR = 0.84
LEAST_LAYERS = 4
NAME_SIZE = 8.5


def table(models: Mapping[str, ModelTables], ngram: str) -> pl.DataFrame:
    """Return one row per model, layer and bin: how many alive neurons have a cover of that size.

    Columns: model, layer, bin, smallest_cover, largest_cover (null where there is no limit), neurons (also
    where there are none). The last bin of a layer, with neither limit, counts neurons that are alive in the
    dead study and never active in this one. Layers whose n-grams are not counted are left out.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    ngram
        unigram, bigram or trigram
    """
    smallest = list(BINS)
    bins = pl.DataFrame(
        {
            "bin": [*BINS.values(), NEVER],
            "smallest_cover": [*smallest, None],
            "largest_cover": [*[least - 1 for least in smallest[1:]], None, None],
        },
        schema={"bin": pl.String, "smallest_cover": pl.Int64, "largest_cover": pl.Int64},
    ).with_row_index("place", offset=0)
    cover = f"{ngram}_cover"
    parts = []
    for model, tables in models.items():
        analysed = analysed_neurons(tables.census, ngram)
        alive = analysed.filter(~pl.col("dead")).select("layer", pl.col(cover).cast(pl.Int64))
        place = np.searchsorted(smallest, alive[cover].fill_null(0).to_numpy(), side="right") - 1
        found = (
            alive.with_columns(
                place=pl.when(pl.col(cover).is_null())
                .then(len(BINS))
                .otherwise(pl.Series(place))
                .cast(pl.UInt32)
            )
            .group_by("layer", "place")
            .agg(pl.len().cast(pl.Int64).alias("neurons"))
        )
        parts.append(
            analysed.select("layer")
            .unique()
            .join(bins, how="cross")
            .join(found, on=["layer", "place"], how="left")
            .sort("layer", "place")
            .select(
                pl.lit(model).alias("model"),
                "layer",
                "bin",
                "smallest_cover",
                "largest_cover",
                pl.col("neurons").fill_null(0),
            )
        )
    return pl.concat(parts)


def draw(numbers: pl.DataFrame, ngrams: str) -> Figure:
    """Return one panel per model with one bar per layer, the smallest covers at the bottom.

    Parameters
    ----------
    numbers
        as `table` returns them
    ngrams
        what to call the n-grams, in the plural
    """
    models = list(numbers["model"].unique(maintain_order=True))
    colours = [*matplotlib.colormaps["viridis"](np.linspace(0, 1, len(BINS))), NEVER_COLOUR]
    names = [*BINS.values(), NEVER]
    # Where no model has such neurons, the legend need not explain them.
    if not numbers.filter(pl.col("bin") == NEVER)["neurons"].sum():
        names.remove(NEVER)
    figure, grid = panels(len(models), "alive neurons")
    for model, axes in zip(models, grid, strict=True):
        rows = numbers.filter(pl.col("model") == model)
        layers = rows["layer"].unique().sort().cast(pl.Int64).to_numpy()
        bottom = np.zeros(len(layers))
        for name, colour in zip(names, colours, strict=False):
            heights = rows.filter(pl.col("bin") == name).sort("layer")["neurons"].to_numpy()
            axes.bar(layers, heights, BAR, bottom, color=colour, label=name)
            bottom += heights
        name_model(axes, model)
        name_layers(axes, layers)
        # The bars of few layers are not as wide as the panel.
        middle, reach = layers.mean(), max(LEAST_LAYERS, len(layers)) / 2
        axes.set_xlim(middle - reach, middle + reach)
        axes.set_ylim(0, max(1.0, 1.04 * bottom.max()))
    legend_below(figure, grid[0])
    _name_legend(figure, f"{ngrams} that cover a neuron's activations")
    return figure


def _name_legend(figure: Figure, name: str) -> None:
    """Write above the legend what its entries are, and make the figure that much higher."""
    (legend,) = figure.legends
    height = legend.get_window_extent().height
    legend.set_title(name, FontProperties(size=NAME_SIZE))
    added = legend.get_window_extent().height - height
    figure.set_figheight(figure.get_figheight() + added / figure.dpi)
