"""Window tables for tests, made by hand rather than by the tokenize stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from neuron_census.formats.windows import write_windows

BOS = 2
EVERYTHING = {"dead", "ngrams", "positions"}
STUDIES = ("dead", "ngrams", "positions")


def made_windows(
    lengths: list[int],
    *,
    studies: list[set[str]],
    domains: list[str],
    vocabulary: int,
    seed: int = 0,
) -> pl.DataFrame:
    """Return random windows of given lengths (BOS included), studies and domains, in this order, in shard 0."""
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "window": pl.Series(range(len(lengths)), dtype=pl.Int32),
            "shard": pl.Series([0] * len(lengths), dtype=pl.Int32),
            "domain": domains,
            "document": pl.Series(range(len(lengths)), dtype=pl.Int32),
            "part": pl.Series([0] * len(lengths), dtype=pl.Int32),
            "length": pl.Series(lengths, dtype=pl.Int32),
            **{study: [study in read for read in studies] for study in STUDIES},
            "tokens": pl.Series(
                [[BOS, *generator.integers(4, vocabulary, size - 1).tolist()] for size in lengths],
                dtype=pl.List(pl.Int32),
            ),
        }
    )


def mixed_windows() -> pl.DataFrame:
    """Return full windows, short documents, documents of one token, and an unfilled last batch.

    226 tokens of the domains `code` and `prose`; a full window holds 32, the vocabulary is 96.
    """
    lengths = [32, 32, 32, 32, 32, 19, 7, 2, 2, 31, 3, 2]
    studies = [EVERYTHING] * 3 + [{"ngrams", "dead"}] * 3 + [{"ngrams"}] * 3 + [{"dead"}] * 3
    domains = ["code", "code", "prose", "code", "code", "code", "prose", "prose", "prose"]
    return made_windows(
        lengths, studies=studies, domains=[*domains, "code", "code", "prose"], vocabulary=96
    )


def save_windows(
    folder: Path, table: pl.DataFrame, *, window: int = 32, shards: int = 1, vocabulary: int = 96
) -> Path:
    """Write a window table into a folder, domains in alphabetical order, and return its path."""
    path = folder / "windows.parquet"
    write_windows(
        table,
        path,
        window_length=window,
        bos=BOS,
        vocabulary=vocabulary,
        shards=shards,
        domains=sorted(set(table["domain"])),
    )
    return path
