"""A figure of our own: how sure are we of dead neurons? What more text wakes, foretold and counted."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from neuron_census.draw.figures.legend import legend_below
from neuron_census.draw.model_tables import ModelTables

STUDY = "dead"
MODELS = "models"

READ, FURTHER, HALF = "read", "further", "half"
SCHEMA = pl.Schema(
    {
        "model": pl.String(),
        "part": pl.String(),
        "documents": pl.Int64(),
        "tokens": pl.Int64(),
        "never_active_percent": pl.Float64(),
        "lower_percent": pl.Float64(),
        "upper_percent": pl.Float64(),
        "wakes": pl.Float64(),
        "wakes_lower": pl.Float64(),
        "wakes_upper": pl.Float64(),
        "woken": pl.Int64(),
    }
)
LEAST_DOCUMENTS = 1


def table(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per model and point of its curve, and one per model with what half the documents foretell.

    Columns that say nothing of a row are empty.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    parts = [pl.DataFrame(schema=SCHEMA)]
    for model, tables in models.items():
        whole = tables.coverage.filter(pl.col("layer").is_null())
        for part, column in ((READ, "curve"), (FURTHER, "further")):
            points = whole.select(column).explode(column).unnest(column)
            parts.append(
                _completed(
                    points.with_columns(
                        pl.lit(model).alias("model"),
                        pl.lit(part).alias("part"),
                        *(
                            (100 * pl.col(name)).alias(f"{name}_percent")
                            for name in ("never_active", "lower", "upper")
                            if name in points.columns
                        ),
                    )
                )
            )
        parts.append(
            _completed(
                whole.select(
                    pl.lit(model).alias("model"),
                    pl.lit(HALF).alias("part"),
                    pl.col("half_documents").alias("documents"),
                    pl.col("half_predicted").alias("wakes"),
                    pl.col("half_lower").alias("wakes_lower"),
                    pl.col("half_upper").alias("wakes_upper"),
                    pl.col("half_woken").alias("woken"),
                )
            )
        )
    return pl.concat(parts)


def draw(numbers: pl.DataFrame) -> Figure:
    """Return the curves of all models, against documents and against tokens, and the check by halves.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.2, 2.9), width_ratios=(3, 3, 2))
    models = numbers["model"].unique(maintain_order=True).to_list()
    for place, model in enumerate(models):
        rows = numbers.filter(pl.col("model") == model)
        for panel, across in ((left, "documents"), (middle, "tokens")):
            _draw_curve(panel, rows, across, model, f"C{place}")
        _draw_check(right, rows.filter(pl.col("part") == HALF), place)
    left.set(title="(a) never active so far", xlabel="documents read")
    left.set_ylabel("share of all neurons (%)")
    middle.set(title="(b) the same", xlabel="tokens read")
    right.set(title="(c) foretold by half", ylabel="neurons that wake")
    right.set_xticks(range(len(models)), [""] * len(models))
    right.set_xlim(-0.6, max(0.6, len(models) - 0.4))
    right.set_xlabel("bar: foretold\ndot: counted")
    right.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    for panel in (left, middle):
        panel.set(xscale="log", yscale="log")
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
    if models:
        right.set_ylim(bottom=0)
        legend_below(figure, left)
    return figure


def _draw_curve(panel: Axes, rows: pl.DataFrame, across: str, model: str, colour: str) -> None:
    read = rows.filter((pl.col("part") == READ) & (pl.col("documents") >= LEAST_DOCUMENTS))
    further = rows.filter(pl.col("part") == FURTHER)
    panel.plot(read[across], read["never_active_percent"], color=colour, label=model, marker="")
    panel.plot(
        further[across], further["never_active_percent"], color=colour, linestyle=":", marker=""
    )
    panel.fill_between(
        further[across].to_numpy(),
        further["lower_percent"].to_numpy(),
        further["upper_percent"].to_numpy(),
        color=colour,
        alpha=0.25,
        linewidth=0,
    )


def _draw_check(panel: Axes, half: pl.DataFrame, place: int) -> None:
    for row in half.iter_rows(named=True):
        panel.vlines(
            place, row["wakes_lower"], row["wakes_upper"], color=f"C{place}", linewidth=4, alpha=0.4
        )
        panel.plot([place], [row["wakes"]], marker="_", color=f"C{place}", markersize=9)
        panel.plot([place], [row["woken"]], marker="o", color=f"C{place}", markersize=4)


def _completed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with every column, empty where they say nothing."""
    columns = [
        pl.col(name).cast(dtype) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in SCHEMA.items()
    ]
    return rows.select(columns)
