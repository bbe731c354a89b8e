"""Which windows are read: held-out text in which no detector was looked for, all documents in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

CHUNK_TOKENS = 1 << 16
"""Positions that pass through the model together; reading ends once every neuron has its firings."""


def choose_windows(table: pl.DataFrame, budgets: Mapping[str, int | None]) -> pl.DataFrame:
    """Return the windows of the ablation study in the order in which firings are sought.

    They are windows of other studies that the n-gram study does not read. The first such window of every
    document comes first, then the second of every one, the domains in turn: documents are the sampling units.

    Parameters
    ----------
    table
        the window table
    budgets
        tokens to take of each domain at most, None for all; other domains are left out

    Returns the table's rows with a column `order`.
    """
    held_out = table.filter(~pl.col("ngrams") & pl.col("domain").is_in(list(budgets)))
    if held_out.is_empty():
        return held_out.with_columns(order=pl.lit(0, pl.UInt32)).head(0)
    in_turn = held_out.with_columns(
        turn=pl.col("part").rank("ordinal").over("domain", "document")
    ).sort("domain", "turn", "document", "part")
    before = pl.col("length").cast(pl.Int64) - 1
    budget = pl.col("domain").replace_strict(
        {domain: (1 << 62) if tokens is None else tokens for domain, tokens in budgets.items()},
        return_dtype=pl.Int64,
    )
    return (
        in_turn.with_columns(
            taken=(before.cum_sum() - before).over("domain"),
            place=pl.int_range(pl.len()).over("domain"),
        )
        .filter(pl.col("taken") < budget)
        .sort("place", "domain")
        .drop("turn", "taken", "place")
        .with_row_index("order")
    )


def chunks(windows: pl.DataFrame, tokens: int = CHUNK_TOKENS) -> Iterator[pl.DataFrame]:
    """Yield consecutive windows that hold about so many tokens, each part in the order of a forward pass.

    Parameters
    ----------
    windows
        as `choose_windows` returns them
    tokens
        tokens of a part, BOS included
    """
    length = pl.col("length").cast(pl.Int64)
    numbered = windows.with_columns(chunk=(length.cum_sum() - length) // tokens)
    for _, chunk in numbered.group_by("chunk", maintain_order=True):
        yield chunk.drop("chunk").sort(
            ["domain", "length", "order"], descending=[False, True, False]
        )
