"""Draw: a figure of the paper from the census of every model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from neuron_census.errors import CensusError, one_of
from neuron_census.figures.figure import write_figure
from neuron_census.figures.model_tables import ModelTables
from neuron_census.tables import CENSUS


def draw(
    figure: str,
    /,
    *,
    census: list[Path],
    triggers: list[Path] | None = None,
    projections: list[Path] | None = None,
    spectra: list[Path] | None = None,
    positions: list[Path] | None = None,
    choice: str = "{}",
    style: Path,
    output: Path,
) -> None:
    """Draw one figure as PDF and PNG, with the numbers drawn as CSV.

    Parameters
    ----------
    figure
        its name, as fig01_dead_neurons
    census
        the census tables, `{model}.parquet`, in the order in which the models are shown
    triggers
        the triggers tables of the same models, named likewise; a figure says when it lacks a table
    projections
        the projections tables
    spectra
        the spectra tables
    positions
        the positions tables
    choice
        what a figure that shows a part of what there is should show, as JSON: of Figure 9 the model and
        the layer
    style
        a matplotlib style file
    output
        path of the figure without ending
    """
    names = figure_names()
    if figure not in names:
        raise CensusError(f"there is no figure '{figure}'; {one_of(figure, names)}")
    module = import_module(f"neuron_census.figures.{figure}")
    companions = {
        "triggers": triggers,
        "projections": projections,
        "spectra": spectra,
        "positions": positions,
    }
    chosen = {name: value for name, value in json.loads(choice).items() if value is not None}
    write_figure(module, _by_model(census, companions), style, output, chosen)


def figure_names() -> list[str]:
    """Names of all figures that there are: the modules `figures/fig…`."""
    return sorted(path.stem for path in (Path(__file__).parent / "figures").glob("fig[0-9]*.py"))


def _by_model(
    census: list[Path], companions: Mapping[str, list[Path] | None]
) -> dict[str, ModelTables]:
    """The tables of each model, whose name is that of its files, in the order of the censuses."""
    if not census:
        raise CensusError("census: found no table, expected one of each model to draw.")
    models: dict[str, ModelTables] = {}
    for path in census:
        model = _model(path)
        if model in models:
            raise CensusError(
                f"{path}: a second census of the model '{model}'. A figure names models by their "
                "files: give each once, or rename one."
            )
        models[model] = ModelTables(model, {CENSUS.name: path})
    for table, paths in companions.items():
        for path in paths or []:
            if _model(path) not in models:
                raise CensusError(
                    f"{path}: a {table} table of a model whose census was not given; "
                    f"{one_of(_model(path), list(models))}"
                )
            models[_model(path)].files[table] = path
    return models


def _model(path: Path) -> str:
    return path.name.removesuffix(".parquet")
