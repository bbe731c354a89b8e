"""What a figure is, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure

from neuron_census.draw.figures.published import beside
from neuron_census.draw.figures.style import styled
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.seal import sealed


@runtime_checkable
class FigureModule(Protocol):
    """A module of this package that draws one figure.

    `STUDY` names the study without which it cannot be drawn, `MODELS` the list of the config whose
    models it shows: "models", or one of `experiments`.
    """

    STUDY: str
    MODELS: str

    def table(self, models: Mapping[str, ModelTables], **choice: Any) -> pl.DataFrame:
        """Return the tidy numbers that the figure shows, from the tables of every model.

        A figure that has room only for a part takes a choice of it.
        """

    def draw(self, numbers: pl.DataFrame) -> Figure:
        """Return the picture of these numbers."""


def write_figure(
    module: FigureModule,
    models: Mapping[str, ModelTables],
    style: Path,
    output: Path,
    *,
    published: Path | None = None,
    choice: Mapping[str, Any] | None = None,
) -> None:
    """Write a figure as `{output}.pdf`, `.png` and `.csv`; the same numbers give the same bytes.

    Parameters
    ----------
    module
        the figure
    models
        the tables of each model, in the order in which they are shown
    style
        a matplotlib style file
    output
        path without ending
    published
        CSV file of what the paper's own figure shows, to be drawn beside ours
    choice
        what `table` shows, for a figure that takes a choice
    """
    with styled(style):
        numbers = module.table(models, **(choice or {}))
        if published is not None:
            numbers = beside(numbers, published)
        write_drawn(numbers, module.draw(numbers), output)


def write_drawn(numbers: pl.DataFrame, figure: Figure, output: Path) -> None:
    """Write a picture as `{output}.pdf` and `.png`, close it, and write its numbers as `.csv`.

    Parameters
    ----------
    numbers
        the tidy numbers that the picture shows
    figure
        the picture
    output
        path without ending
    """
    try:
        # Without a date, which would differ with every run.
        for ending, metadata in (("pdf", {"CreationDate": None}), ("png", {})):
            with sealed(output.with_name(f"{output.name}.{ending}")) as temporary:
                figure.savefig(temporary, format=ending, metadata=metadata)
    finally:
        plt.close(figure)
    with sealed(output.with_name(f"{output.name}.csv")) as temporary:
        numbers.write_csv(temporary)
