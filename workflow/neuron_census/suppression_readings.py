"""Readings of "suppresses its tokens", by their names in the config (section 4.4)."""

from __future__ import annotations

import polars as pl

READINGS = {
    "mean": pl.col("suppression") < 0,
    "all": pl.col("suppression_all_negative"),
    "majority": pl.col("suppression_majority_negative"),
}
