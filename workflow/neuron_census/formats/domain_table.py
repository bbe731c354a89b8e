"""results/text/{domain}.parquet: the documents of a domain in the seeded order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata, write_parquet
from neuron_census.formats.seal import verify
from neuron_census.text.document import Document

SCHEMA = pl.Schema(
    {"document": pl.Int32(), "key": pl.String(), "held_out": pl.Boolean(), "text": pl.String()}
)
SOURCE = "source"
ROWS_OF_A_GROUP = 2048
"""A reader of the first documents decompresses little more than these."""


def make_domain_table(
    domain: str, documents: Iterable[Document], *, seed: int, held_out: float | None
) -> pl.DataFrame:
    """Order the documents by a seeded hash of their keys and part them into training and held-out.

    Both depend on key and seed alone, each through a hash of its own: adding a document moves no
    other across the split, and the order tells nothing of it.

    Parameters
    ----------
    domain
        name of the domain, for messages
    documents
        the documents, with unique keys
    seed
        seed of the order and of the split
    held_out
        share of documents for the studies; None: all of them

    Raises CensusError if there is no document, if two have the same key, or if one part is empty.
    """
    ordered = sorted(documents, key=lambda document: _hash(seed, "order", document.key))
    if not ordered:
        raise CensusError(f"domains.{domain}: no document was found, nothing to order.")
    table = pl.DataFrame(
        {
            "document": range(len(ordered)),
            "key": [document.key for document in ordered],
            "held_out": [
                held_out is None or _share(seed, document.key) < held_out for document in ordered
            ],
            "text": [document.text for document in ordered],
        },
        schema=SCHEMA,
    )
    _check(domain, table, held_out)
    return table


def write_domain_table(table: pl.DataFrame, output: Path, source: Mapping[str, Any]) -> None:
    """Write a domain table, whole or not at all, with a note of the source that it came from."""
    note = {SOURCE: json.dumps(source)}
    write_parquet(table, output, metadata=note, rows_of_a_group=ROWS_OF_A_GROUP)


def source_of(path: Path) -> dict[str, Any]:
    """Return the note of the source: the domain's specification, and the seed."""
    source: dict[str, Any] = read_metadata(path, SOURCE)
    return source


def scan_domain_table(path: Path) -> pl.LazyFrame:
    """Open a domain table without looking at its text. Raises CensusError if it is not one, or damaged."""
    verify(path)
    try:
        table = pl.scan_parquet(path)
        found = table.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CensusError(f"{path}: cannot be read as a domain table: {error}.") from error
    if found != SCHEMA:
        raise CensusError(f"{path}: has the columns {dict(found)}, expected {dict(SCHEMA)}.")
    return table


def _check(domain: str, table: pl.DataFrame, held_out: float | None) -> None:
    repeated = table.filter(pl.col("key").is_duplicated())["key"]
    if len(repeated):
        raise CensusError(
            f"domains.{domain}: two documents have the key '{repeated[0]}'; each needs its own."
        )
    kept = int(table["held_out"].sum())
    if held_out is not None and kept in (0, len(table)):
        empty = "studies" if kept == 0 else "training"
        raise CensusError(
            f"domains.{domain}.held_out: with {held_out}, none of the {len(table)} documents "
            f"is left for {empty}. Documents are parted whole: give more, smaller ones, or another "
            "share."
        )


def _hash(seed: int, purpose: str, key: str) -> bytes:
    return hashlib.blake2b(f"{seed} {purpose} {key}".encode(), digest_size=16).digest()


def _share(seed: int, key: str) -> float:
    """A number from 0 to 1 (left out) that belongs to the key."""
    return int.from_bytes(_hash(seed, "held-out", key)[:6]) / 2**48
