"""The rows of one layer of a table that may be too large to be read whole."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from neuron_census.errors import CensusError
from neuron_census.tables import Table


def layer_rows(path: Path, table: Table, layer: int) -> pl.DataFrame:
    """Read the rows of a layer; only those parts of the file are read that can hold any.

    Parameters
    ----------
    path
        the file
    table
        its schema
    layer
        0-based

    Raises CensusError if the file is missing, unreadable or of another kind.
    """
    remedy = "Remove it, and the workflow makes it again."
    try:
        # Brackets in the name of a folder are no pattern.
        rows = pl.scan_parquet(path, glob=False)
        found = rows.collect_schema().names()
        if missing := [name for name in table.columns if name not in found]:
            raise CensusError(
                f"{path}: is no {table.name} table: found no column '{missing[0]}'. {remedy}"
            )
        return rows.filter(pl.col("layer") == layer).collect()
    except FileNotFoundError as error:
        raise CensusError(f"{path}: expected a {table.name} table and found no file.") from error
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CensusError(f"{path}: cannot be read as Parquet ({error}). {remedy}") from error
