"""The numbers that the paper's own figures show, beside ours (resources/paper/)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from neuron_census.errors import CensusError

KEYS = ("model", "layer", "pattern", "strength")
QUIET: dict[str, Any] = {"linestyle": (0, (1, 1.5)), "linewidth": 1.0, "alpha": 0.7, "marker": ""}


def beside(numbers: pl.DataFrame, file: Path) -> pl.DataFrame:
    """Add `published_{column}` and `difference_{column}` (ours less theirs) to the numbers of a figure.

    The numbers stay as they are where the file has nothing of their models.

    Parameters
    ----------
    numbers
        what a figure draws
    file
        what was read off the paper's figure of this name: keys as in `KEYS`, columns named as ours, and for
        some of them `{column}_error`, the reading error

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
    # A file with several rows a key says nothing of one row of ours.
    if not keys or published.select(keys).is_duplicated().any():
        return numbers
    if not columns or published.join(numbers, on="model", how="semi").is_empty():
        return numbers
    theirs = published.select(
        *[pl.col(key).cast(numbers.schema[key]) for key in keys],
        *[pl.col(name).cast(pl.Float64).alias(f"published_{name}") for name in columns],
    )
    return numbers.join(theirs, on=keys, how="left", maintain_order="left").with_columns(
        (pl.col(name) - pl.col(f"published_{name}")).alias(f"difference_{name}") for name in columns
    )


def draw_published(
    axes: Axes, numbers: pl.DataFrame, across: str, column: str, colour: Any
) -> None:
    """Draw the published curve of a column in a quiet style, where there is one."""
    if f"published_{column}" in numbers.columns:
        axes.plot(numbers[across], numbers[f"published_{column}"], color=colour, **QUIET)


def label_published(axes: Axes, numbers: pl.DataFrame) -> None:
    """Name the quiet style in the legend, where it is used."""
    if any(name.startswith("published_") for name in numbers.columns):
        axes.plot([], [], color="0.4", label="the paper's figure", **QUIET)
