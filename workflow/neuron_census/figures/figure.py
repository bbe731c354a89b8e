"""What a figure is, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure

from neuron_census.atomic import written_whole
from neuron_census.figures.style import styled


class FigureModule(Protocol):
    """A module of this package that draws one figure."""

    def table(self, censuses: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """The tidy numbers that the figure shows, from the census of every model."""

    def draw(self, numbers: pl.DataFrame) -> Figure:
        """The picture of these numbers."""


def write_figure(
    module: FigureModule, censuses: Mapping[str, pl.DataFrame], style: Path, output: Path
) -> None:
    """Draw a figure and write `{output}.csv`, `.pdf` and `.png`; the same numbers give the same bytes.

    Parameters
    ----------
    module
        the figure
    censuses
        the census of each model, in the order in which they are shown
    style
        a matplotlib style file
    output
        path without ending
    """
    with styled(style):
        numbers = module.table(censuses)
        figure = module.draw(numbers)
        try:
            # No date: it would differ with every run.
            for ending, metadata in (("pdf", {"CreationDate": None}), ("png", {})):
                with written_whole(output.with_name(f"{output.name}.{ending}")) as temporary:
                    figure.savefig(temporary, format=ending, metadata=metadata)
        finally:
            plt.close(figure)
    with written_whole(output.with_name(f"{output.name}.csv")) as temporary:
        numbers.write_csv(temporary)
