"""The schemas of all tables, which code, tests and documentation share (contract: design section 5).

`python -c "from neuron_census.tables import describe; print(describe())"` prints them as Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from neuron_census.atomic import written_whole
from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.position_patterns import DESCRIPTORS

METADATA_KEY = "neuron_census"
NGRAMS = ("unigram", "bigram", "trigram")


@dataclass(frozen=True)
class Column:
    """One column: its type and what it means."""

    dtype: pl.DataType
    meaning: str


@dataclass(frozen=True)
class Table:
    """A kind of table. Groups of columns of `optional` are there, each whole, once a study is done."""

    name: str
    row: str
    columns: Mapping[str, Column]
    optional: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)

    @property
    def all_columns(self) -> dict[str, Column]:
        """Every column that such a table can have, in order."""
        columns = dict(self.columns)
        for group in self.optional.values():
            columns |= group
        return columns


def _ngram_columns() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for ngram in NGRAMS:
        columns |= {
            f"{ngram}_activations": Column(pl.Int64(), f"activations at which there is a {ngram}"),
            f"{ngram}_distinct": Column(pl.Int32(), f"different {ngram}s that trigger the neuron"),
            f"{ngram}_cover": Column(
                pl.Int32(),
                f"fewest {ngram}s that hold the coverage of its activations; null outside the analysed "
                "layers or when never active",
            ),
            f"{ngram}_detector": Column(pl.Boolean(), f"whether it is a {ngram} detector"),
        }
    return columns


CENSUS = Table(
    name="census",
    row="one row a neuron",
    columns={
        "layer": Column(pl.Int16(), "layer, from 0"),
        "neuron": Column(pl.Int32(), "index in the FFN layer, from 0"),
        "tokens": Column(pl.Int64(), "tokens of the dead study"),
        "activations": Column(pl.Int64(), "of these, how many activate the neuron (post-ReLU > 0)"),
        "frequency": Column(pl.Float64(), "activations / tokens"),
        "dead": Column(pl.Boolean(), "whether no token activates it"),
    },
    optional={
        "ngrams": {
            **_ngram_columns(),
            "suppression": Column(
                pl.Float32(), "mean projection on its tokens; null unless a token detector"
            ),
            "suppresses": Column(
                pl.Boolean(),
                "whether it suppresses its tokens, as the config reads it; null unless a token detector",
            ),
            "suppression_all_negative": Column(
                pl.Boolean(),
                "whether all its projections on its tokens are negative; null unless a token detector",
            ),
            "suppression_majority_negative": Column(
                pl.Boolean(), "whether more than half of them are; null unless a token detector"
            ),
            "suppression_percentile": Column(
                pl.Float32(),
                "median place of its tokens among all, by projection: 0 most suppressed, 1 most "
                "promoted; null unless a token detector",
            ),
        },
        "positions": {
            "position_mi": Column(pl.Float64(), "mutual information of activity and position"),
            "positional": Column(pl.Boolean(), "whether that exceeds the threshold"),
            "pattern": Column(pl.Categorical(), "type of its pattern; null unless positional"),
            "strength": Column(pl.Categorical(), "strong or weak; null unless positional"),
        },
        "domains": {
            "activations_by_domain": Column(
                pl.List(pl.Int64()),
                "activations in each domain, in the order that the file's metadata name them with their "
                "tokens (`domains`)",
            ),
        },
    },
)

TRIGGERS = Table(
    name="triggers",
    row="one row a neuron and n-gram that triggers it",
    columns={
        "layer": Column(pl.Int16(), "layer, from 0"),
        "neuron": Column(pl.Int32(), "index in the FFN layer, from 0"),
        "n": Column(pl.Int8(), "tokens of the n-gram: 1, 2 or 3"),
        "ngram": Column(pl.List(pl.Int32()), "its tokens"),
        "text": Column(pl.String(), "its text"),
        "activations": Column(pl.Int64(), "occurrences at which the neuron is active"),
        "occurrences": Column(pl.Int64(), "occurrences in the study"),
        "covered": Column(pl.Boolean(), "whether the neuron is active on enough of them"),
        "projection": Column(
            pl.Float32(),
            "projection of the output row on the token's embedding; null unless a covered token of a "
            "token detector",
        ),
        "percentile": Column(
            pl.Float32(),
            "place of that among all tokens: 0 most suppressed, 1 most promoted; null likewise",
        ),
    },
)

PROJECTIONS = Table(
    name="projections",
    row="one row a token detector and token that it promotes or suppresses most",
    columns={
        "layer": Column(pl.Int16(), "layer, from 0"),
        "neuron": Column(pl.Int32(), "index in the FFN layer, from 0"),
        "rank": Column(pl.Int32(), "1, 2, … promoted; -1, -2, … suppressed"),
        "token": Column(pl.Int32(), "token"),
        "text": Column(pl.String(), "its text"),
        "value": Column(pl.Float32(), "projection of the output row on the token's embedding"),
    },
)

SPECTRA = Table(
    name="spectra",
    row="one row a token detector",
    columns={
        "layer": Column(pl.Int16(), "layer, from 0"),
        "neuron": Column(pl.Int32(), "index in the FFN layer, from 0"),
        "quantiles": Column(
            pl.List(pl.Float32()),
            "257 evenly spaced quantiles of its projections on all tokens, ascending",
        ),
    },
)

POSITIONS = Table(
    name="positions",
    row="one row a positional neuron",
    columns={
        "layer": Column(pl.Int16(), "layer, from 0"),
        "neuron": Column(pl.Int32(), "index in the FFN layer, from 0"),
        "windows": Column(pl.Int32(), "full-length windows"),
        "frequency": Column(pl.List(pl.Float32()), "share of windows, at each position"),
        "position_mi": Column(
            pl.List(pl.Struct({"domain": pl.String(), "position_mi": pl.Float64()})),
            "mutual information of activity and position in each domain by itself; null where it has "
            "too few windows",
        ),
        **{name: Column(pl.Float64(), meaning) for name, meaning in DESCRIPTORS.items()},
    },
)

TABLES = (CENSUS, TRIGGERS, PROJECTIONS, SPECTRA, POSITIONS)


def write_table(
    frame: pl.DataFrame, table: Table, path: Path, metadata: Mapping[str, str] | None = None
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

    Raises
    ------
    ValueError
        for a frame that does not follow the schema: an error of the program
    """
    if problem := _departure(frame.schema, table):
        raise ValueError(f"{table.name}: {problem}")
    with written_whole(path) as temporary:
        frame.write_parquet(
            temporary, compression="zstd", metadata={METADATA_KEY: table.name, **(metadata or {})}
        )


def write_table_parts(frames: Iterable[pl.DataFrame], table: Table, path: Path) -> None:
    """Write a table that is never in memory as a whole, part by part, each a row group.

    Parameters
    ----------
    frames
        parts of the rows, in order
    table
        its schema
    path
        the file

    Raises
    ------
    ValueError
        for a part that does not follow the schema: an error of the program
    """
    nothing = pl.DataFrame(schema={name: column.dtype for name, column in table.columns.items()})
    schema = nothing.to_arrow().schema.with_metadata({METADATA_KEY: table.name})
    with (
        written_whole(path) as temporary,
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

    Raises CensusError if the file is missing, unreadable or of another kind.
    """
    try:
        # Brackets in the name of a folder are no pattern.
        rows = pl.scan_parquet(path, glob=False)
        if problem := _departure(rows.collect_schema(), table):
            raise CensusError(f"{path}: is no {table.name} table: {problem}. {MADE_AGAIN}")
        return (rows if only is None else rows.filter(only)).collect()
    except FileNotFoundError as error:
        raise CensusError(f"{path}: expected a {table.name} table and found no file.") from error
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CensusError(f"{path}: cannot be read as Parquet ({error}). {MADE_AGAIN}") from error


def describe() -> str:
    """All schemas as Markdown."""
    lines: list[str] = []
    for table in TABLES:
        lines += [f"### {table.name}", "", f"{table.row.capitalize()}.", ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        for name, column in table.all_columns.items():
            lines.append(f"| `{name}` | {column.dtype} | {column.meaning} |")
        lines.append("")
    return "\n".join(lines)


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
