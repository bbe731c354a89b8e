"""Figure 1: (a) dead neurons, (b) how often the alive ones are active, by depth (paper, section 3)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure

from neuron_census.dead_neurons import summary_by_layer

DEPTH = "relative depth  (0: first layer, 1: last)"


def table(censuses: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a model and layer: neurons, dead, dead_percent, mean_frequency_alive, relative_depth.

    Parameters
    ----------
    censuses
        the census of each model, in the order in which they are shown
    """
    parts = []
    for model, census in censuses.items():
        summary = summary_by_layer(census)
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
    """Two panels with a line a model, and one legend below both.

    Parameters
    ----------
    numbers
        as `table` makes them
    """
    models = numbers["model"].unique(maintain_order=True).to_list()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.1 + 0.18 * (len(models) > 4)))
    for model in models:
        lines = numbers.filter(pl.col("model") == model)
        left.plot(lines["relative_depth"], lines["dead_percent"], label=model)
        right.plot(lines["relative_depth"], lines["mean_frequency_alive"], label=model)
    left.set(title="(a) dead neurons", xlabel=DEPTH, ylabel="dead neurons in the layer (%)")
    right.set(
        title="(b) activation frequency",
        xlabel=DEPTH,
        ylabel="mean frequency of alive neurons\n(share of tokens)",
    )
    for axes, values in ((left, "dead_percent"), (right, "mean_frequency_alive")):
        # At least a tenth of a percent, so that a model without dead neurons shows a flat line.
        top = 1.06 * max([1e-3, *numbers[values].drop_nulls().to_list()])
        axes.set(xlim=(-0.04, 1.04), ylim=(-0.03 * top, top))
    figure.legend(
        *left.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=min(4, len(models)),
    )
    return figure
