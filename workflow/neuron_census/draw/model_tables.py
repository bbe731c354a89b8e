"""The tables of the models of a run, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from neuron_census.errors import CensusError, one_of
from neuron_census.formats.seal import check_same, read_seal
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.ablations import ABLATIONS
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.looser import LOOSER
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.table import Table

COVERED = "covered"


@dataclass(frozen=True)
class ModelTables:
    """What classify wrote about one model.

    `files` names a file for each kind of table; all but the census may be absent. `frames` holds the
    tables that have been read, by the name of their kind.
    """

    model: str
    files: dict[str, Path]
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def census(self) -> pl.DataFrame:
        """One row per neuron."""
        return self._table(CENSUS)

    @property
    def covered(self) -> pl.DataFrame:
        """The covered rows of the triggers table; the others, which can be very many, are never read."""
        return self._table(TRIGGERS, only=COVERED)

    @property
    def projections(self) -> pl.DataFrame:
        """One row per token detector and token that it promotes or suppresses most."""
        return self._table(PROJECTIONS)

    @property
    def spectra(self) -> pl.DataFrame:
        """One row per token detector: quantiles of its projections on all tokens."""
        return self._table(SPECTRA)

    @property
    def positions(self) -> pl.DataFrame:
        """One row per positional neuron, with its curve."""
        return self._table(POSITIONS)

    @property
    def ablations(self) -> pl.DataFrame:
        """One row per neuron that was ablated."""
        return self._table(ABLATIONS)

    @property
    def looser(self) -> pl.DataFrame:
        """One row per analysed layer and length of n-grams: its detectors under looser thresholds."""
        return self._table(LOOSER)

    def _table(self, table: Table, only: str | None = None) -> pl.DataFrame:
        name = only or table.name
        if name not in self.frames:
            if table.name not in self.files:
                raise CensusError(
                    f"{table.name}: no table of the model '{self.model}' was given, and it is needed."
                )
            self.frames[name] = read_table(self.files[table.name], table, only=only)
        return self.frames[name]


def by_model(
    census: list[Path], companions: Mapping[str, list[Path] | None]
) -> dict[str, ModelTables]:
    """Return the tables of each model, whose name is that of its files, in the order of the censuses.

    Parameters
    ----------
    census
        the census tables, `{model}.parquet`
    companions
        tables of other kinds, by the name of the kind

    Raises CensusError for a model that is there twice, or whose census is not there.
    """
    if not census:
        raise CensusError("census: found no table, expected one for each model.")
    models: dict[str, ModelTables] = {}
    for path in census:
        model = _model(path)
        if model in models:
            raise CensusError(
                f"{path}: a second census of the model '{model}'. Models are named by their "
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
    for tables in models.values():
        check_same(read_seal(path) for path in tables.files.values())
    return models


def _model(path: Path) -> str:
    return path.name.removesuffix(".parquet")
