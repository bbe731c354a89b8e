"""Draw: a figure of the paper from the census of every model."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import polars as pl

from neuron_census.errors import CensusError, one_of
from neuron_census.figures.figure import write_figure
from neuron_census.tables import CENSUS, read_table


def draw(figure: str, /, *, census: list[Path], style: Path, output: Path) -> None:
    """Draw one figure as PDF and PNG, with the numbers drawn as CSV.

    Parameters
    ----------
    figure
        its name, as fig01_dead_neurons
    census
        the census tables, `{model}.parquet`, in the order in which the models are shown
    style
        a matplotlib style file
    output
        path of the figure without ending
    """
    names = figure_names()
    if figure not in names:
        raise CensusError(f"there is no figure '{figure}'; {one_of(figure, names)}")
    module = import_module(f"neuron_census.figures.{figure}")
    write_figure(module, _by_model(census), style, output)


def figure_names() -> list[str]:
    """Names of all figures that there are: the modules `figures/fig…`."""
    return sorted(path.stem for path in (Path(__file__).parent / "figures").glob("fig[0-9]*.py"))


def _by_model(census: list[Path]) -> dict[str, pl.DataFrame]:
    """The census of each model, whose name is that of its file, in the order given."""
    if not census:
        raise CensusError("census: found no table, expected one of each model to draw.")
    tables: dict[str, pl.DataFrame] = {}
    for path in census:
        model = path.name.removesuffix(".parquet")
        if model in tables:
            raise CensusError(
                f"{path}: a second census of the model '{model}'. A figure names models by their "
                "files: give each once, or rename one."
            )
        tables[model] = read_table(path, CENSUS)
    return tables
