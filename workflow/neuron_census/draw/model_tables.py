"""The tables of the models of a run, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from neuron_census.errors import CensusError, one_of
from neuron_census.formats.seal import check_same, read_seal
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables import CENSUS, POSITIONS, PROJECTIONS, SPECTRA, TRIGGERS, Table


@dataclass(frozen=True)
class ModelTables:
    """What classify has written of one model.

    `files` has a file for each kind of table; all but the census may be absent.
    """

    model: str
    files: dict[str, Path]

    @cached_property
    def census(self) -> pl.DataFrame:
        """A row a neuron."""
        return self._read(CENSUS)

    @cached_property
    def triggers(self) -> pl.DataFrame:
        """A row a neuron and n-gram that triggers it."""
        return self._read(TRIGGERS)

    @cached_property
    def covered(self) -> pl.DataFrame:
        """The rows of triggers that are covered; the others, which can be very many, are not read."""
        if "triggers" in self.__dict__:
            return self.triggers.filter("covered")
        return self._read(TRIGGERS, only="covered")

    @cached_property
    def projections(self) -> pl.DataFrame:
        """A row a token detector and token that it promotes or suppresses most."""
        return self._read(PROJECTIONS)

    @cached_property
    def spectra(self) -> pl.DataFrame:
        """A row a token detector: quantiles of its projections on all tokens."""
        return self._read(SPECTRA)

    @cached_property
    def positions(self) -> pl.DataFrame:
        """A row a positional neuron, with its curve."""
        return self._read(POSITIONS)

    def _read(self, table: Table, only: str | None = None) -> pl.DataFrame:
        if table.name not in self.files:
            raise CensusError(
                f"{table.name}: no table of the model '{self.model}' was given, and it is needed."
            )
        return read_table(self.files[table.name], table, only=only)


def by_model(
    census: list[Path], companions: Mapping[str, list[Path] | None]
) -> dict[str, ModelTables]:
    """Give the tables of each model, whose name is that of its files, in the order of the censuses.

    Parameters
    ----------
    census
        the census tables, `{model}.parquet`
    companions
        tables of other kinds, by the name of the kind

    Raises CensusError for a model that is there twice, or whose census is not there.
    """
    if not census:
        raise CensusError("census: found no table, expected one of each model.")
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
        check_same({table: read_seal(path) for table, path in tables.files.items()})
    return models


def _model(path: Path) -> str:
    return path.name.removesuffix(".parquet")
