"""A figure of our own: does a detector suppress its token in fact? By weights, directly, and in total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuron_census.draw.causal_suppression import MEASURES, measured, suppressing_shares
from neuron_census.draw.figures.legend import legend_below
from neuron_census.draw.model_tables import ModelTables

STUDY = "ablation"
MODELS = "models"

# Of the distance between two measures: what the models of one take, and how far near neurons are below detectors.
SPREAD, NEAR_BELOW = 0.7, 0.08
NOTHING = "no neuron has\nenough firings"
NEURON = ("layer", "neuron", "near", "nearness", "firings", "documents", "projection")
EFFECTS = ("direct", "total", "total_difference")
SCHEMA = pl.Schema(
    {
        "list": pl.String(),
        "model": pl.String(),
        "layer": pl.Int64(),
        "neuron": pl.Int64(),
        "near": pl.Boolean(),
        "nearness": pl.Float64(),
        "firings": pl.Int64(),
        "documents": pl.Int64(),
        "projection": pl.Float64(),
        **{f"{effect}{end}": pl.Float64() for effect in EFFECTS for end in ("", "_low", "_high")},
        "total_difference_q": pl.Float64(),
        "measure": pl.String(),
        "neurons": pl.Int64(),
        "suppressing": pl.Int64(),
        "share": pl.Float64(),
        "share_low": pl.Float64(),
        "share_high": pl.Float64(),
    }
)


def table(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per ablated neuron, and one per model and measure with the share that suppress by it.

    Only neurons with enough firings are listed. Columns that say nothing of a row are empty.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    parts = [pl.DataFrame(schema=SCHEMA)]
    for model, tables in models.items():
        for name, rows in (
            ("share", suppressing_shares(tables.ablations)),
            ("neuron", measured(tables.ablations)),
        ):
            said = rows.with_columns(pl.lit(name).alias("list"), pl.lit(model).alias("model"))
            parts.append(
                said.select(
                    pl.col(column).cast(dtype)
                    for column, dtype in SCHEMA.items()
                    if column in said.columns
                )
            )
    # Shares first: a reader of the file guesses the type of a column from its first rows.
    return (
        pl.concat(parts, how="diagonal")
        .select(list(SCHEMA))
        .sort(pl.col("list") != "share", maintain_order=True)
    )


def draw(numbers: pl.DataFrame) -> Figure:
    """Return three panels: weights against direct effects, these against total ones, and shares of suppressors.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    figure, (weights, effects, shares) = plt.subplots(
        1, 3, figsize=(8.0, 2.9), width_ratios=(1, 1, 0.9)
    )
    names = numbers["model"].unique(maintain_order=True).to_list()
    for number, model in enumerate(names):
        style = _style(number)
        offset = SPREAD * ((number + 0.5) / len(names) - 0.5)
        rows = numbers.filter(pl.col("model") == model)
        for near in (False, True):
            neurons = rows.filter((pl.col("list") == "neuron") & (pl.col("near") == near))
            label = f"{model}, near a detector" if near else model
            look = {**style, "markerfacecolor": "none" if near else style["color"]}
            if not neurons.is_empty():
                _draw_points(weights, neurons, "projection", "direct", {**look, "label": label})
                _draw_points(effects, neurons, "direct", "total", look)
        _draw_shares(shares, rows.filter(pl.col("list") == "share"), style, offset)
    weights.set(title="(a) weights", xlabel="projection on the token")
    weights.set_ylabel("direct effect on its logit")
    effects.set(title="(b) what comes of it", xlabel="direct effect", ylabel="total effect")
    shares.set(title="(c) suppressors", xlabel="share of neurons (%)", xlim=(-3, 103))
    shares.set_yticks(
        range(len(MEASURES)), [name.replace(", ", ",\n") for name in MEASURES.values()]
    )
    shares.set_ylim(len(MEASURES) - 0.5, -0.5)
    shares.grid(False)
    for panel in (weights, effects):
        panel.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        panel.axvline(0, color="0.6", linewidth=0.8, zorder=0)
        panel.locator_params(nbins=5)
    if numbers.is_empty():
        for panel in (weights, effects, shares):
            panel.text(0.5, 0.5, NOTHING, transform=panel.transAxes, ha="center", va="center")
    else:
        _draw_diagonal(effects)
        shares.axvline(50, color="0.6", linewidth=0.8, zorder=0)
        legend_below(figure, weights)
    return figure


def _style(number: int) -> dict[str, Any]:
    """Return colour and marker of a model, those of its line in other figures."""
    cycle = list(plt.rcParams["axes.prop_cycle"])
    chosen = cycle[number % len(cycle)]
    return {"color": chosen["color"], "marker": chosen.get("marker", "o")}


def _draw_points(
    axes: Axes, neurons: pl.DataFrame, x: str, y: str, look: Mapping[str, Any]
) -> None:
    """Draw a point for each neuron, with the intervals of effects."""
    for low, high, value, horizontal in ((x, x, y, True), (y, y, x, False)):
        if f"{low}_low" not in neurons.columns:
            continue
        draw = axes.hlines if horizontal else axes.vlines
        draw(
            neurons[value],
            neurons[f"{low}_low"],
            neurons[f"{high}_high"],
            color=look["color"],
            linewidth=0.6,
            alpha=0.5,
        )
    axes.plot(
        neurons[x],
        neurons[y],
        linestyle="none",
        markersize=4,
        markeredgewidth=0.9,
        markeredgecolor=look["color"],
        **look,
    )


def _draw_diagonal(axes: Axes) -> None:
    """Draw where the total effect is the direct one, within what the panel shows."""
    x, y = axes.get_xlim(), axes.get_ylim()
    axes.axline((0, 0), slope=1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    axes.set(xlim=x, ylim=y)


def _draw_shares(axes: Axes, rows: pl.DataFrame, style: Mapping[str, Any], offset: float) -> None:
    """Draw the shares of a model with their intervals; those of near neurons are hollow, below those of detectors."""
    measures = list(MEASURES)
    for row in rows.iter_rows(named=True):
        place = measures.index(row["measure"]) + offset + (NEAR_BELOW if row["near"] else 0)
        share, low, high = (100 * row[name] for name in ("share", "share_low", "share_high"))
        axes.hlines(place, low, high, color=style["color"], linewidth=1)
        axes.plot(
            [share],
            [place],
            linestyle="none",
            marker=style["marker"],
            markeredgewidth=0.9,
            markeredgecolor=style["color"],
            markerfacecolor="white" if row["near"] else style["color"],
        )
