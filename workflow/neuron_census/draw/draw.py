"""Draw: the paper's figures, from the census of every model.

    draw("fig01_dead_neurons", census=[path], style=style, output=Path("figures/fig01_dead_neurons"))

A figure is a module of `figures/`: its `table` returns the numbers, its `draw` the picture of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from neuron_census.draw.figures.figure import write_figure
from neuron_census.draw.model_tables import ModelTables, by_model
from neuron_census.errors import CensusError, one_of
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.tables.census import CENSUS


def draw(
    figure: str,
    /,
    *,
    census: list[Path],
    triggers: list[Path] | None = None,
    projections: list[Path] | None = None,
    spectra: list[Path] | None = None,
    positions: list[Path] | None = None,
    ablations: list[Path] | None = None,
    looser: list[Path] | None = None,
    published: Path | None = None,
    choice: str = "{}",
    style: Path,
    output: Path,
) -> None:
    """Draw one figure as PDF and PNG, with the numbers that it shows as CSV.

    Parameters
    ----------
    figure
        its name, such as fig01_dead_neurons
    census
        the census tables, `{model}.parquet`, in the order in which the models are shown
    triggers
        the triggers tables of the same models, named like the censuses; a figure says if it lacks a table
    projections
        the projections tables of the same models
    spectra
        the spectra tables of the same models
    positions
        the positions tables of the same models
    ablations
        the ablations tables of the same models
    looser
        the tables of detectors under looser thresholds, of the same models
    published
        folder with the numbers that the paper's figures show, `{figure}.csv`, which are drawn beside ours
    choice
        what to show in a figure that has room only for a part, as JSON: the model and the layer of Figure 9
    style
        matplotlib style file
    output
        path of the figure, without its ending
    """
    names = figure_names()
    if figure not in names:
        raise CensusError(f"there is no figure '{figure}'; {one_of(figure, names)}")
    module = import_module(f"neuron_census.draw.figures.{figure}")
    companions = {
        "triggers": triggers,
        "projections": projections,
        "spectra": spectra,
        "positions": positions,
        "ablations": ablations,
        "looser": looser,
    }
    models = by_model(census, companions)
    check_study_was_made(module.STUDY, models)
    chosen = {name: value for name, value in json.loads(choice).items() if value is not None}
    write_figure(
        module,
        models,
        style,
        output,
        published=published / f"{figure}.csv" if published else None,
        choice=chosen,
    )


def check_study_was_made(study: str, models: Mapping[str, ModelTables]) -> None:
    """Check that every census has the columns of a study; CensusError that says why one has not.

    Parameters
    ----------
    study
        the study that a figure shows
    models
        the tables of each model
    """
    for tables in models.values():
        if missing := set(CENSUS.optional.get(study, {})) - set(tables.census.columns):
            path = tables.files[CENSUS.name]
            left_out = read_metadata(path, "left_out") or {}
            reason = left_out.get(study, f"Give the study text in `studies.{study}`.")
            raise CensusError(
                f"{path}: the census has no columns about the {study} study, such as '{min(missing)}'. "
                f"{reason}"
            )


def figure_names() -> list[str]:
    """Return the names of all figures: those of the modules `figures/fig…`, and `figures/figure_…` of our own."""
    folder = Path(__file__).parent / "figures"
    files = [*folder.glob("fig[0-9]*.py"), *folder.glob("figure_*.py")]
    return sorted(path.stem for path in files)
