"""Parquet files with something said beside their rows, written whole and under a seal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.formats.seal import sealed


def write_parquet(
    frame: pl.DataFrame,
    path: Path,
    *,
    metadata: Mapping[str, str],
    facts: Mapping[str, str] | None = None,
    rows_of_a_group: int | None = None,
) -> None:
    """Write a Parquet file, whole or not at all, compressed with zstd.

    Parameters
    ----------
    frame
        the rows
    path
        the file
    metadata
        what the file says beside its rows, by key
    facts
        what names weights, windows and the like in the seal
    rows_of_a_group
        rows that a reader decompresses together; the library's choice if not given
    """
    with sealed(path, facts) as temporary:
        frame.write_parquet(
            temporary,
            compression="zstd",
            row_group_size=rows_of_a_group,
            metadata=dict(metadata),
        )


def read_metadata(path: Path, key: str) -> Any:
    """Return the JSON value that a file says under a key, or None where it says nothing."""
    return json.loads(pl.read_parquet_metadata(path).get(key, "null"))
