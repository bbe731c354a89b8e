"""The order in which windows go through a model, said plainly."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def assert_in_forward_order(table: pl.DataFrame, domains: Sequence[str]) -> None:
    """Within a shard: by studies, then domains in the order given, then the longest first, then as written."""
    order = [
        (
            row["shard"],
            *[not row[study] for study in ("positions", "ngrams", "dead")],
            domains.index(row["domain"]),
            -row["length"],
            row["document"],
            row["part"],
        )
        for row in table.iter_rows(named=True)
    ]
    assert order == sorted(order)
    assert table["window"].to_list() == list(range(len(table)))
