"""Detectors, and what they detect, by depth: one line per model (Figures 3 and 13)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neuron_census.draw.detected_ngrams import detected_by_layer
from neuron_census.draw.figures.legend import legend_below
from neuron_census.draw.figures.limits import set_limits_from_nought
from neuron_census.draw.figures.looser import PREFIX, draw_looser, label_looser, looser_numbers
from neuron_census.draw.figures.published import draw_published, label_published
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.layers import first_half

# The axes reach at least this far.
LEAST_COUNT = 5.0
QUIET = "0.35"


def table(models: Mapping[str, ModelTables], ngram: str) -> pl.DataFrame:
    """Return one row per model and analysed layer: its detectors and the n-grams that they detect.

    Columns: model, layer, num_layers, relative_depth, detectors, detected (different n-grams), cumulative
    (those of this layer and all below). Depth is 0 at the first layer and 0.5 at the last one of the first
    half, as in the paper; if all layers are analysed, it is 1 at the last. Columns `looser_…` are those of
    `looser_numbers`.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    ngram
        unigram, bigram or trigram
    """
    parts = []
    for model, tables in models.items():
        layers = tables.census["layer"].n_unique()
        rows = detected_by_layer(tables.census, tables.covered, ngram).join(
            looser_numbers(tables, ngram), on="layer", how="left", maintain_order="left"
        )
        reach = 0.5 if len(rows) == first_half(layers) else len(rows) / layers
        parts.append(
            rows.select(
                pl.lit(model).alias("model"),
                "layer",
                pl.lit(layers).cast(pl.Int64).alias("num_layers"),
                (reach * pl.col("layer") / max(1, len(rows) - 1)).alias("relative_depth"),
                "detectors",
                "detected",
                "cumulative",
                pl.col(f"^{PREFIX}.*$"),
            )
        )
    return pl.concat(parts)


def draw(numbers: pl.DataFrame, ngrams: str) -> Figure:
    """Return two panels with the lines of each model, and one legend below both.

    Parameters
    ----------
    numbers
        as `table` returns them
    ngrams
        what to call the n-grams, in the plural
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.9))
    colours = {}
    for model in numbers["model"].unique(maintain_order=True):
        rows = numbers.filter(pl.col("model") == model)
        depth = rows["relative_depth"]
        (line,) = left.plot(depth, rows["detectors"], label=model)
        colour, marker = line.get_color(), line.get_marker()
        right.plot(depth, rows["detected"], color=colour, marker=marker, linestyle="-")
        right.plot(depth, rows["cumulative"], color=colour, marker="", linestyle="--")
        colours[model] = colour
        draw_published(left, rows, "relative_depth", "detectors", colour)
        for column in ("detected", "cumulative"):
            draw_published(right, rows, "relative_depth", column, colour)
    left.plot([], [], color=QUIET, marker="o", linestyle="-", label="(b) in the layer")
    left.plot([], [], color=QUIET, marker="", linestyle="--", label="(b) in the layer or below")
    left.set(title=f"(a) {ngrams[:-1]} detectors", ylabel="neurons in the layer")
    right.set(title=f"(b) detected {ngrams}", ylabel=f"different {ngrams}")
    deepest = max([0.5, *numbers["relative_depth"]])
    for panel, columns in (
        (left, ["detectors"]),
        (right, ["detected", "cumulative"]),
    ):
        panel.set(
            xlabel=f"relative depth  (0: first layer, {'0.5: middle' if deepest == 0.5 else '1: last'})",
            xlim=(-0.04 * deepest, 1.04 * deepest),
        )
        set_limits_from_nought(panel, numbers, columns, LEAST_COUNT)
        panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    own_scale = [
        draw_looser(panel, numbers, "relative_depth", column, colours)
        for panel, column in ((left, "detectors"), (right, "detected"))
    ]
    label_looser(left, numbers, QUIET, own_scale=any(own_scale))
    label_published(left, numbers)
    legend_below(figure, left)
    return figure
