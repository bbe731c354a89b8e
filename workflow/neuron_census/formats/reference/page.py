"""docs/tables.md, written from the formats: `python -m neuron_census.formats.reference.page > docs/tables.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from neuron_census.formats.reference.drawn import CLAIMS, FATES, FIGURES, FROM_THE_PAPER, SUMMARY
from neuron_census.formats.reference.stores import AXES, STORES, Store
from neuron_census.formats.reference.texts import DOCUMENTS, WINDOWS, WINDOWS_METADATA
from neuron_census.formats.tables.ablations import ABLATIONS, FIRINGS
from neuron_census.formats.tables.comparison import COMPARED, COMPARISON
from neuron_census.formats.tables.of_a_model import TABLES
from neuron_census.formats.tables.sensitivity import SENSITIVITY
from neuron_census.formats.tables.table import Column, Table

INTRODUCTION = """\
# Tables and stores

Every file below `results/`, column by column and axis by axis, in the order in which a run makes them. This page is
written from `workflow/neuron_census/formats/`. Layers, neurons, positions and documents count from 0 in
every file, name, figure and page; the paper counts layers from 1.

Each file or folder has a seal beside or inside it (`.seal`): what it was made from and the digest of its content.
"""

CENSUS_METADATA = {
    "thresholds": "the config's `classify`",
    "recorded": "what the recordings were made from: model, revision, digest of the weights, dtype, versions",
    "domains": "tokens of each domain in the dead study",
    "left_out": "studies without columns although they were recorded, and why; absent where there are none",
}
"""Keys of the census's Parquet metadata, each a JSON text."""

TABLE_PATHS = {table.name: f"{table.name}/{{model}}.parquet" for table in TABLES}


def page() -> str:
    """Describe every table and store, as Markdown."""
    lines = [INTRODUCTION, "## Text and windows (Parquet)", ""]
    lines += [*_table(DOCUMENTS.name, DOCUMENTS), *_table(WINDOWS.name, WINDOWS)]
    lines += ["The file's metadata hold a JSON object under `windows`:", ""]
    lines += [*_mapping("key", WINDOWS_METADATA), ""]
    lines += [
        "## Recordings and counts (Zarr)",
        "",
        "Arrays name their axes (`dimension_names`):",
        "",
    ]
    lines += [*_mapping("axis", AXES), ""]
    for store in STORES:
        lines += _store(store)
    lines += ["## The census (Parquet)", ""]
    for table in TABLES:
        lines += _table(TABLE_PATHS[table.name], table)
        if table.name == "census":
            lines += ["The file's metadata hold, as JSON:", ""]
            lines += [*_mapping("key", CENSUS_METADATA), ""]
    lines += ["## Ablations (Parquet)", ""]
    lines += _table("ablations/{model}.parquet", ABLATIONS)
    lines += _table("firings/{model}.parquet", FIRINGS)
    lines += ["## Two censuses (Parquet)", ""]
    lines += _table("comparison/{before}-{after}.parquet", COMPARISON)
    lines += [f"The file's metadata hold the names of both models under `{COMPARED}`.", ""]
    lines += ["## Numbers for readers (CSV)", "", *_table("sensitivity/{model}.csv", SENSITIVITY)]
    lines += [*_table(SUMMARY.name, SUMMARY), *_table(CLAIMS.name, CLAIMS)]
    for table in (*FIGURES, FATES):
        names = ", ".join(f"figures/{name}.csv" for name in table.name.split(", "))
        lines += _table(names, table)
    lines += [
        "Where numbers of the paper's figure are known, a figure's table has further columns:",
        "",
    ]
    lines += [*_mapping("column", FROM_THE_PAPER), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(path: str, table: Table) -> Iterator[str]:
    yield from (f"### {_code(path)}", "", table.row, "")
    yield from column_rows(table.columns)
    for study, columns in table.optional.items():
        yield from ("", f"{OPTIONAL[study]}:", "")
        yield from column_rows(columns)
    yield ""


OPTIONAL = {
    "evidence": "Of the documents of the dead study",
    "ngrams": "With the n-gram study; null outside the analysed layers",
    "positions": "With the positions study",
    "domains": "Always, after the others",
}
"""What is said before the groups of columns of the census."""


def column_rows(columns: Mapping[str, Column]) -> Iterator[str]:
    """Yield the lines of a Markdown table of columns, their types and what they mean."""
    yield from ("| column | type | meaning |", "|---|---|---|")
    for name, column in columns.items():
        yield f"| `{name}` | {column.dtype} | {column.meaning} |"


def _store(store: Store) -> Iterator[str]:
    yield from (f"### {_code(store.path)}", "", store.what, "")
    yield from ("| array | type | axes | what it holds |", "|---|---|---|---|")
    for name, array in store.arrays.items():
        axes = ", ".join(array.dimensions)
        yield f"| `{name}` | {array.dtype} | {axes} | {array.meaning} |"
    yield from ("", "Attributes:", "", *_mapping("attribute", store.attributes), "")


def _mapping(head: str, meanings: Mapping[str, str]) -> Iterator[str]:
    yield from (f"| {head} | meaning |", "|---|---|")
    for name, meaning in meanings.items():
        names = ", ".join(f"`{part}`" for part in name.split(", "))
        yield f"| {names} | {meaning} |"


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


if __name__ == "__main__":
    sys.stdout.write(page())
