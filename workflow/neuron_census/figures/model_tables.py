"""The tables of one model, each read when a figure first asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from neuron_census.errors import CensusError
from neuron_census.tables import (
    CENSUS,
    POSITIONS,
    PROJECTIONS,
    SPECTRA,
    TRIGGERS,
    Table,
    read_table,
)


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

    def _read(self, table: Table) -> pl.DataFrame:
        if table.name not in self.files:
            raise CensusError(
                f"{table.name}: no table of the model '{self.model}' was given; this figure needs it."
            )
        return read_table(self.files[table.name], table)
