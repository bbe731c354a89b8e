"""Parquet tables on disk: written whole after a check of every column, and checked when they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.parquet import write_parquet
from neuron_census.formats.seal import sealed, verify
from neuron_census.formats.tables.table import Table

METADATA_KEY = "neuron_census"


def write_table(
    frame: pl.DataFrame,
    table: Table,
    path: Path,
    *,
    metadata: Mapping[str, str] | None = None,
    facts: Mapping[str, str] | None = None,
) -> None:
    """Write a table as Parquet, whole or not at all, after checking every name and type.

    Parameters
    ----------
    frame
        the rows; optional groups of columns may be absent
    table
        its schema
    path
        the file
    metadata
        more to note in the file
    facts
        what names weights, windows and the like in the seal

    Raises
    ------
    ValueError
        for a frame that does not follow the schema: an error of the program
    """
    if problem := _departure(frame.schema, table):
        raise ValueError(f"{table.name}: {problem}")
    said = {METADATA_KEY: table.name, **(metadata or {})}
    write_parquet(frame, path, metadata=said, facts=facts)


def write_table_parts(
    frames: Iterable[pl.DataFrame],
    table: Table,
    path: Path,
    *,
    facts: Mapping[str, str] | None = None,
) -> None:
    """Write a table that is never in memory as a whole, part by part, each a row group.

    Parameters
    ----------
    frames
        parts of the rows, in order
    table
        its schema
    path
        the file
    facts
        what names weights, windows and the like in the seal

    Raises
    ------
    ValueError
        for a part that does not follow the schema: an error of the program
    """
    nothing = pl.DataFrame(schema={name: column.dtype for name, column in table.columns.items()})
    schema = nothing.to_arrow().schema.with_metadata({METADATA_KEY: table.name})
    with (
        sealed(path, facts) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for frame in frames:
            if problem := _departure(frame.schema, table):
                raise ValueError(f"{table.name}: {problem}")
            if len(frame):
                writer.write_table(frame.to_arrow().cast(schema))


def read_table(path: Path, table: Table, *, only: str | pl.Expr | None = None) -> pl.DataFrame:
    """Read a table, or of it the rows for which something is true.

    Parameters
    ----------
    path
        the file
    table
        its schema
    only
        a column of truths, or an expression; other rows are not held in memory, and parts of the file
        that can hold none are not read

    Raises CensusError if the file is missing, unreadable, of another kind, or not what was sealed.
    """
    if not path.is_file():
        raise CensusError(f"{path}: expected a {table.name} table and found no file.")
    verify(path)
    try:
        # Brackets in the name of a folder are no pattern.
        rows = pl.scan_parquet(path, glob=False)
        if problem := _departure(rows.collect_schema(), table):
            raise CensusError(f"{path}: is no {table.name} table: {problem}. {MADE_AGAIN}")
        return (rows if only is None else rows.filter(only)).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CensusError(f"{path}: cannot be read as Parquet ({error}). {MADE_AGAIN}") from error


def _departure(schema: Mapping[str, Any], table: Table) -> str:
    """How columns depart from the schema, or nothing."""
    expected = dict(table.columns)
    for group in table.optional.values():
        if any(name in schema for name in group):
            expected |= group
    if list(schema) != list(expected):
        return f"found the columns {', '.join(schema)}; expected {', '.join(expected)}"
    for name, column in expected.items():
        if schema[name] != column.dtype:
            return f"column '{name}' is {schema[name]}; expected {column.dtype}"
    return ""
