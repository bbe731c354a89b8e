"""Draw: a figure of the paper from the census of every model."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

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
    tables = {path.name.removesuffix(".parquet"): read_table(path, CENSUS) for path in census}
    write_figure(module, tables, style, output)


def figure_names() -> list[str]:
    """Names of all figures that there are: the modules `figures/fig…`."""
    return sorted(path.stem for path in (Path(__file__).parent / "figures").glob("fig[0-9]*.py"))
