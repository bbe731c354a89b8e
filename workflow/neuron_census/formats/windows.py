"""results/windows/{tokenizer}/windows.parquet: the windows that studies read, in forward order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from neuron_census.errors import CensusError
from neuron_census.formats.parquet import write_parquet
from neuron_census.formats.seal import verify

STUDIES = ("dead", "ngrams", "positions")
SCHEMA = pl.Schema(
    {
        "window": pl.Int32(),
        "shard": pl.Int32(),
        "domain": pl.String(),
        "document": pl.Int32(),
        "part": pl.Int32(),
        "length": pl.Int32(),
        **{study: pl.Boolean() for study in STUDIES},
        "tokens": pl.List(pl.Int32),
    }
)
METADATA = "windows"
ROWS_OF_A_GROUP = 2048
"""A shard is read without its neighbours, give or take one such group."""


@dataclass(frozen=True)
class Windows:
    """The window table and what is to be known of it without reading its rows.

    `domains` are in the order that numbers them everywhere; `study_tokens[study][domain]` are text
    tokens, the BOS in front of each window left out; `digest` is that of all rows.
    """

    path: Path
    window_length: int
    bos: int
    vocabulary: int
    shards: int
    domains: list[str]
    study_tokens: dict[str, dict[str, int]]
    digest: str

    @classmethod
    def open(cls, path: Path) -> Windows:
        """Open a window table. Raises CensusError if it is not one, or not what was sealed."""
        verify(path)
        try:
            metadata = pl.read_parquet_metadata(path)
            schema = pl.scan_parquet(path, glob=False).collect_schema()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise CensusError(f"{path}: cannot be read as a table of windows: {error}.") from error
        if METADATA not in metadata or pl.Schema(schema) != SCHEMA:
            raise CensusError(
                f"{path}: is not a table of windows: found the columns {', '.join(schema)}, expected "
                f"{', '.join(SCHEMA)}. Make it with the tokenize stage."
            )
        return cls(path=path, **json.loads(metadata[METADATA]))

    @cached_property
    def table(self) -> pl.DataFrame:
        """All windows, in forward order; row number and column `window` agree."""
        return pl.read_parquet(self.path, glob=False)

    def shard(self, number: int) -> pl.DataFrame:
        """Read the windows of one shard, in forward order."""
        if not 0 <= number < self.shards:
            raise CensusError(
                f"{self.path}: there is no shard {number}; expected 0 to {self.shards - 1}."
            )
        return pl.scan_parquet(self.path, glob=False).filter(pl.col("shard") == number).collect()

    def columns(self, *names: str) -> pl.DataFrame:
        """Return some columns of all windows, in forward order; the others are not read."""
        return pl.scan_parquet(self.path, glob=False).select(names).collect()

    def study(self, study: str, domain: str | None = None) -> pl.DataFrame:
        """Read the windows of a study, of all its domains or of one, in forward order."""
        wanted = pl.col(study) if domain is None else pl.col(study) & (pl.col("domain") == domain)
        return pl.scan_parquet(self.path, glob=False).filter(wanted).collect()

    def tokens_of_study(self, study: str, domain: str | None = None) -> int:
        """Count the text tokens that a study reads, of one domain or of all; BOS left out."""
        tokens = self.study_tokens[study]
        return sum(tokens.values()) if domain is None else tokens.get(domain, 0)


def write_windows(
    table: pl.DataFrame,
    output: Path,
    *,
    window_length: int,
    bos: int,
    vocabulary: int,
    shards: int,
    domains: list[str],
    tokenizer: str = "",
) -> None:
    """Write a window table, whole or not at all, with what `Windows.open` tells of it.

    Parameters
    ----------
    table
        the windows in forward order, columns as in `SCHEMA`
    output
        the Parquet file
    window_length
        tokens of a full-length window, BOS included
    bos
        id of the token in front of each window
    vocabulary
        number of the tokenizer's ids
    shards
        number of shards
    domains
        names of the domains, in their order
    tokenizer
        digest of the tokenizer, which the seal keeps
    """
    table = table.select(list(SCHEMA)).cast(SCHEMA)
    metadata = {
        "window_length": window_length,
        "bos": bos,
        "vocabulary": vocabulary,
        "shards": shards,
        "domains": domains,
        "study_tokens": {study: _tokens(table, study, domains) for study in STUDIES},
    }
    metadata["digest"] = _digest(table, metadata)
    facts = {"windows": str(metadata["digest"])} | ({"tokenizer": tokenizer} if tokenizer else {})
    write_parquet(
        table,
        output,
        metadata={METADATA: json.dumps(metadata)},
        facts=facts,
        rows_of_a_group=ROWS_OF_A_GROUP,
    )


def _tokens(table: pl.DataFrame, study: str, domains: list[str]) -> dict[str, int]:
    """Text tokens of a study, by domain, in the order of the domains; only those that it reads."""
    counts: Mapping[str, int] = dict(
        table.filter(pl.col(study))
        .group_by("domain")
        .agg((pl.col("length").cast(pl.Int64) - 1).sum())
        .iter_rows()
    )
    return {domain: counts[domain] for domain in domains if domain in counts}


def _digest(table: pl.DataFrame, metadata: Mapping[str, Any]) -> str:
    """A digest of what the rows say, whatever the file format's version makes of them."""
    digest = hashlib.blake2b(json.dumps(metadata, sort_keys=True).encode(), digest_size=16)
    for column in table.iter_columns():
        flat = column.explode() if column.dtype == SCHEMA["tokens"] else column
        if flat.dtype == pl.String:
            digest.update("\0".join(flat.to_list()).encode())
        else:
            digest.update(np.ascontiguousarray(flat.to_numpy()).tobytes())
    return digest.hexdigest()
