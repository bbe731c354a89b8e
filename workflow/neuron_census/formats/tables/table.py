"""What a table is: its columns, what each means, and what one row is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class Column:
    """One column: its type and what it means."""

    dtype: pl.DataType
    meaning: str


@dataclass(frozen=True)
class Table:
    """A kind of table. Groups of columns of `optional` are there, each whole, once a study has been read."""

    name: str
    row: str
    columns: Mapping[str, Column]
    optional: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)

    @property
    def schema(self) -> pl.Schema:
        """The types of the columns that are always there, in order."""
        return self.types(*self.columns)

    def types(self, *names: str) -> pl.Schema:
        """Return the types of some columns, in the order of the names."""
        columns = self.all_columns
        return pl.Schema({name: columns[name].dtype for name in names})

    @property
    def all_columns(self) -> dict[str, Column]:
        """Every column that such a table can have, in order."""
        columns = dict(self.columns)
        for group in self.optional.values():
            columns |= group
        return columns


NEURON = {
    "layer": Column(pl.Int16(), "layer, from 0"),
    "neuron": Column(pl.Int32(), "index in the FFN layer, from 0"),
}
"""The columns that every table begins with."""
