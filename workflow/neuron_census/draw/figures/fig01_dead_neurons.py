"""Figure 1: (a) dead neurons, (b) how often the alive ones are active, by depth (paper, section 3)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure

from neuron_census.draw.by_layer import summary_by_layer
from neuron_census.draw.figures.legend import legend_below
from neuron_census.draw.figures.limits import set_limits_from_nought
from neuron_census.draw.figures.published import draw_published, label_published
from neuron_census.draw.model_tables import ModelTables

STUDY = "dead"
MODELS = "models"

DEPTH = "relative depth  (0: first layer, 1: last)"
# The axes reach at least this far.
LEAST_PERCENT = 1.0
LEAST_FREQUENCY = 1e-3


def table(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per model and layer: what Figure 1 shows of it, and its relative depth, 0 to 1.

    Columns: model, layer, num_layers, relative_depth, neurons, dead, dead_percent, mean_frequency_alive.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    parts = []
    for model, tables in models.items():
        summary = summary_by_layer(tables.census)
        layers = len(summary)
        parts.append(
            summary.with_columns(
                pl.lit(model).alias("model"),
                pl.lit(layers).cast(pl.Int64).alias("num_layers"),
                (pl.col("layer") / max(1, layers - 1)).alias("relative_depth"),
            )
        )
    first = ["model", "layer", "num_layers", "relative_depth"]
    numbers = pl.concat(parts)
    return numbers.select(first + [name for name in numbers.columns if name not in first])


def draw(numbers: pl.DataFrame) -> Figure:
    """Return two panels with one line per model, and one legend below both.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.9))
    for model in numbers["model"].unique(maintain_order=True):
        lines = numbers.filter(pl.col("model") == model)
        for panel, values in ((left, "dead_percent"), (right, "mean_frequency_alive")):
            (line,) = panel.plot(lines["relative_depth"], lines[values], label=model)
            draw_published(panel, lines, "relative_depth", values, line.get_color())
    label_published(left, numbers)
    left.set(title="(a) dead neurons", ylabel="share of the layer's neurons (%)")
    right.set(title="(b) activation frequency of alive neurons", ylabel="mean share of tokens")
    for panel, values, least in (
        (left, "dead_percent", LEAST_PERCENT),
        (right, "mean_frequency_alive", LEAST_FREQUENCY),
    ):
        panel.set(xlabel=DEPTH, xlim=(-0.04, 1.04))
        set_limits_from_nought(panel, numbers, [values], least)
    legend_below(figure, left)
    return figure
