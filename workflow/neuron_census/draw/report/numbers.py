"""Tables as a page shows them: texts in rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.draw.claims.claim import CANNOT, DOES_NOT, HOLDS
from neuron_census.formats.tables.vocabulary import NGRAMS
from neuron_census.schema.section import schema

MOST_ROWS = 100
NOTHING = "\N{EN DASH}"
CLASSES = {HOLDS: "holds", DOES_NOT: "does-not", CANNOT: "cannot"}
"""Names by which pages colour and filter verdicts."""


@dataclass(frozen=True)
class Rows:
    """The first rows of a table, and how many it has; `is_number` says which columns are aligned as numbers."""

    columns: list[str]
    rows: list[list[str]]
    is_number: list[bool]
    total: int


def shown_rows(file: Path) -> Rows:
    """Return the first rows of a CSV file.

    Parameters
    ----------
    file
        the numbers of a figure, or another table
    """
    frame = pl.read_csv(file, infer_schema_length=None)
    return Rows(
        list(frame.columns),
        [[shown(value) for value in row] for row in frame.head(MOST_ROWS).iter_rows()],
        [kind.is_numeric() for kind in frame.dtypes],
        len(frame),
    )


def shown(value: object) -> str:
    """Return a value for a reader: four significant digits, or all of a whole number.

    >>> shown(1234567), shown(0.123456), shown(True)
    ('1,234,567', '0.1235', 'yes')

    Parameters
    ----------
    value
        a cell of a table
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def summary_rows(summary: pl.DataFrame) -> list[dict[str, str]]:
    """Return one row per model, as the first page shows it.

    Parameters
    ----------
    summary
        one row per model, as `draw.summary` returns them
    """
    rows = []
    for row in summary.iter_rows(named=True):
        share = 100 * row["dead"] / row["neurons"]
        suppressing = row["suppressing_mean"]
        rows.append(
            {
                "model": row["model"],
                "layers": shown(row["layers"]),
                "neurons": shown(row["neurons"]),
                "dead": f"{shown(row['dead'])} ({share:.1f}%)",
                **{ngram: shown(row[f"{ngram}_detectors"]) for ngram in NGRAMS},
                "suppressing": NOTHING if suppressing is None else f"{100 * suppressing:.0f}%",
                "positional": shown(row["positional"]),
            }
        )
    return rows


def claim_rows(claims: pl.DataFrame) -> list[dict[str, Any]]:
    """Return one row per claim, with the name by which pages colour its verdict.

    Parameters
    ----------
    claims
        as `check_claims` writes them, all columns text but `analogue`
    """
    return [
        {**row, "class": CLASSES[row["verdict"]]}
        for row in claims.with_columns(pl.col(pl.String).fill_null("")).iter_rows(named=True)
    ]


def threshold_rows(classify: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every threshold with its key, value, default and meaning, as the schema of the config has them.

    Parameters
    ----------
    classify
        the thresholds of the config, with their defaults
    """
    return list(_thresholds("classify", classify, schema()["properties"]["classify"]))


def _thresholds(
    path: str, values: Mapping[str, Any], described: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield every threshold with its key, value, default and meaning."""
    for key, below in described["properties"].items():
        if key not in values:
            continue
        value = values[key]
        if isinstance(value, Mapping):
            yield from _thresholds(f"{path}.{key}", value, below)
        else:
            yield {
                "key": f"{path}.{key}",
                "value": value,
                "default": below.get("default"),
                "says": below["description"],
            }
