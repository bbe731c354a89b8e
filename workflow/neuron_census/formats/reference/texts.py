"""What the columns of the tables before recording mean: documents of a domain, and windows."""

from __future__ import annotations

import polars as pl

from neuron_census.formats import domain_table, windows
from neuron_census.formats.tables.table import Column, Table


def _described(name: str, row: str, schema: pl.Schema, meanings: dict[str, str]) -> Table:
    """Return a table with a schema's types; ValueError unless each column has a meaning."""
    if list(schema) != list(meanings):
        raise ValueError(
            f"{name}: describes {', '.join(meanings)}; the file has {', '.join(schema)}"
        )
    return Table(name, row, {key: Column(schema[key], meanings[key]) for key in schema})


DOCUMENTS = _described(
    "text/{domain}.parquet",
    "One row per document of a domain, in the seeded order.",
    domain_table.SCHEMA,
    {
        "document": "number of the document: its place in the seeded order, from 0",
        "key": "what identifies the document, whatever else the domain holds",
        "held_out": "whether studies may read it; training reads the others",
        "text": "the text, with nothing taken off",
    },
)

WINDOWS = _described(
    "windows/{tokenizer}/windows.parquet",
    "One row per window that some study reads, in the order in which windows are recorded.",
    windows.SCHEMA,
    {
        "window": "number of the window: its row, from 0",
        "shard": "shard in which it is recorded, from 0",
        "domain": "domain of its document",
        "document": "number of its document in the domain's table",
        "part": "which window of the document it is, from 0",
        "length": "its tokens, BOS included",
        "dead": "whether the dead study reads it",
        "ngrams": "whether the n-gram study reads it",
        "positions": "whether the positions study reads it",
        "tokens": "its tokens, BOS first",
    },
)

WINDOWS_METADATA = {
    "window_length": "tokens of a full-length window, BOS included",
    "bos": "token in front of every window",
    "vocabulary": "number of the tokenizer's ids",
    "shards": "number of shards",
    "domains": "names of the domains, in the order that numbers them everywhere",
    "study_tokens": "for each study and domain, tokens that it reads, BOS left out",
    "digest": "digest of all rows",
}
"""Keys of the JSON object that the file's metadata hold under `windows`."""
