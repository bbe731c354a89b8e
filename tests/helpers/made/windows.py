"""Window tables for tests, made by hand rather than by the tokenize stage."""

from __future__ import annotations

import numpy as np
import polars as pl

BOS = 2
STUDIES = ("dead", "ngrams", "positions")


def made_windows(
    lengths: list[int],
    *,
    studies: list[set[str]],
    domains: list[str],
    vocabulary: int,
    seed: int = 0,
) -> pl.DataFrame:
    """Random windows of given lengths (BOS included), studies and domains, in this order, in shard 0."""
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
