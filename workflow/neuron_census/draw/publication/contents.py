"""What a publication holds: files, each copied from the results after its seal was compared with it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import verify
from neuron_census.formats.table_files import METADATA_KEY
from neuron_census.formats.tables.ablations import ABLATIONS
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.comparison import COMPARISON
from neuron_census.formats.tables.of_a_model import TABLES
from neuron_census.formats.tables.table import Table

KNOWN = {table.name: table for table in (*TABLES, ABLATIONS, COMPARISON)}
PARQUET, CSV = "application/vnd.apache.parquet", "text/csv"
EXPLORER = "explorer"


@dataclass(frozen=True)
class PublishedFile:
    """One file of a publication: its path in it, size in bytes, sha256, type, and what it is."""

    path: str
    size: int
    sha256: str
    media_type: str
    what: str


@dataclass(frozen=True)
class PublishedTable:
    """One kind of table: its schema, the columns that its files have, and by name of model its file and rows."""

    table: Table
    columns: tuple[str, ...]
    files: Mapping[str, PublishedFile]
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Contents:
    """Everything that is published but the words about it."""

    tables: list[PublishedTable]
    numbers: list[PublishedFile]
    explorer: list[str]
    thresholds: Mapping[str, Any]
    recorded: Mapping[str, Mapping[str, Any]]
    tokens: Mapping[str, int]


def copy_contents(
    folder: Path, tables: Iterable[Path], numbers: Iterable[Path], explorer: Path | None
) -> Contents:
    """Copy tables, numbers and the explorer into a folder, and return what there is.

    Parameters
    ----------
    folder
        the folder, which exists
    tables
        Parquet tables of the workflow
    numbers
        CSV files
    explorer
        folder of the explorer, if it is published

    Raises CensusError for a file that is not what was sealed, or is no table of the workflow.
    """
    paths: dict[str, list[Path]] = {}
    for path in tables:
        kind = pl.read_parquet_metadata(path).get(METADATA_KEY, "")
        if kind not in KNOWN:
            raise CensusError(f"{path}: is no table of a census. {MADE_AGAIN}")
        paths.setdefault(kind, []).append(path)
    censuses = paths.get(CENSUS.name, [])
    if not censuses:
        raise CensusError("tables: found no census, expected that of at least one model.")
    thresholds = [read_metadata(path, "thresholds") for path in censuses]
    for path, found in zip(censuses, thresholds, strict=True):
        if found != thresholds[0]:
            raise CensusError(
                f"{path}: was taken with other thresholds than {censuses[0]}. {MADE_AGAIN}"
            )
    return Contents(
        tables=[_copy_tables(folder, KNOWN[kind], paths[kind]) for kind in KNOWN if kind in paths],
        numbers=[_copy_numbers(folder, path) for path in numbers],
        explorer=_copy_explorer(folder, explorer) if explorer else [],
        thresholds=thresholds[0] or {},
        recorded={_name(path): read_metadata(path, "recorded") or {} for path in censuses},
        tokens=read_metadata(censuses[0], "domains") or {},
    )


def split_name(model: str) -> str:
    """Return a model's name as the name of a split, which has letters, digits and underscores only.

    >>> split_name("opt-1.3b")
    'opt_1_3b'
    """
    return re.sub(r"\W", "_", model)


def _copy_tables(folder: Path, table: Table, paths: list[Path]) -> PublishedTable:
    files, rows, columns = {}, {}, dict.fromkeys(table.columns)
    for path in paths:
        name = _name(path)
        inside = f"data/{table.name}/{path.name}"
        files[name] = _copy(path, folder, inside, PARQUET, f"{table.name} of {name}")
        scanned = pl.scan_parquet(path, glob=False)
        rows[name] = int(scanned.select(pl.len()).collect().item())
        columns |= dict.fromkeys(scanned.collect_schema())
    ordered = tuple(name for name in table.all_columns if name in columns)
    return PublishedTable(table, ordered, files, rows)


def _copy_numbers(folder: Path, path: Path) -> PublishedFile:
    # Sensitivity has a file for each model, in a folder of its own.
    inside = path.name if path.parent.name == "results" else f"{path.parent.name}/{path.name}"
    return _copy(path, folder, f"numbers/{inside}", CSV, inside.removesuffix(".csv"))


def _copy_explorer(folder: Path, explorer: Path) -> list[str]:
    files = sorted(verify(explorer).files)
    for name in files:
        target = folder / EXPLORER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(explorer / name, target)
    return [f"{EXPLORER}/{name}" for name in files]


def _copy(path: Path, folder: Path, inside: str, media_type: str, what: str) -> PublishedFile:
    """Copy a file whose bytes are those that were sealed."""
    ((size, sha256),) = verify(path).files.values()
    target = folder / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return PublishedFile(inside, size, sha256, media_type, what)


def _name(path: Path) -> str:
    return path.name.removesuffix(".parquet")
