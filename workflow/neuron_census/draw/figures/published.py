"""The numbers that the paper's own figures show, beside ours (resources/paper/)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from neuron_census.errors import CensusError

PREFIX = "published_"
KEYS = ("model", "layer", "pattern", "strength")
QUIET: dict[str, Any] = {"linestyle": (0, (1, 1.5)), "linewidth": 1.0, "alpha": 0.7, "marker": ""}


def beside(numbers: pl.DataFrame, file: Path) -> pl.DataFrame:
    """Return a figure's numbers with `published_{column}` and `difference_{column}` (ours less theirs).

    The numbers stay as they are where the file says nothing about their models.

    Parameters
    ----------
    numbers
        what a figure draws
    file
        what was read off the paper's figure of this name: keys as in `KEYS`, columns named like ours, and
        for some of them `{column}_error`, the reading error

    Raises CensusError for a file that cannot be read.
    """
    if not file.exists():
        return numbers
    try:
        published = pl.read_csv(file, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CensusError(f"{file}: cannot be read as CSV ({error}).") from error
    keys = [key for key in KEYS if key in published.columns and key in numbers.columns]
    columns = [
        name
        for name in published.columns
        if name in numbers.columns and name not in keys and numbers.schema[name].is_numeric()
    ]
    # Where a key has several rows, none of them is the one that belongs to a row of ours.
    if not keys or published.select(keys).is_duplicated().any():
        return numbers
    if not columns or published.join(numbers, on="model", how="semi").is_empty():
        return numbers
    theirs = published.select(
        *[pl.col(key).cast(numbers.schema[key]) for key in keys],
        *[pl.col(name).cast(pl.Float64).alias(published_name(name)) for name in columns],
    )
    return numbers.join(theirs, on=keys, how="left", maintain_order="left").with_columns(
        (pl.col(name) - pl.col(published_name(name))).alias(f"difference_{name}")
        for name in columns
    )


def published_name(column: str) -> str:
    """Return the name of the column that holds what the paper's figure shows of a column of ours."""
    return f"{PREFIX}{column}"


def draw_published(
    axes: Axes, numbers: pl.DataFrame, across: str, column: str, colour: Any
) -> None:
    """Draw the published curve of a column in a quiet style, where there is one."""
    name = published_name(column)
    if name in numbers.columns:
        axes.plot(numbers[across], numbers[name], color=colour, **QUIET)


def label_published(axes: Axes, numbers: pl.DataFrame) -> None:
    """Name the quiet style in the legend, where it is used."""
    if any(name.startswith(PREFIX) for name in numbers.columns):
        axes.plot([], [], color="0.4", label="the paper's figure", **QUIET)
