"""What ablations say of a model's detectors: how many suppress by their weights, directly, and in total."""

from __future__ import annotations

from math import sqrt

import polars as pl

NORMAL = 1.959963984540054
"""97.5% quantile of the normal distribution."""
MEASURES = {
    "projection": "by weights",
    "direct": "directly",
    "total": "in total",
    "total_difference": "in total, against controls",
}
"""Columns of the ablations table whose sign says whether a neuron suppresses its token, and what figures call them."""

SHARES = pl.Schema(
    {
        "near": pl.Boolean(),
        "measure": pl.String(),
        "neurons": pl.Int64(),
        "suppressing": pl.Int64(),
        "share": pl.Float64(),
        "share_low": pl.Float64(),
        "share_high": pl.Float64(),
    }
)


def measured(ablations: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of an ablations table that say something: those with enough firings."""
    return ablations.filter(pl.col("total").is_not_null())


def suppressing_shares(ablations: pl.DataFrame) -> pl.DataFrame:
    """Return the share of a model's neurons that suppress their token by each measure, with its 95% interval.

    Detectors and near neurons are counted apart; there is no row for a kind of which there is none.

    Parameters
    ----------
    ablations
        the ablations table
    """
    rows = []
    for near in (False, True):
        kind = measured(ablations).filter(pl.col("near") == near)
        for measure in MEASURES:
            values = kind[measure].drop_nulls()
            if values.is_empty():
                continue
            below = int((values < 0).sum())
            low, high = wilson_interval(below, len(values))
            rows.append((near, measure, len(values), below, below / len(values), low, high))
    return pl.DataFrame(rows, schema=SHARES, orient="row")


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95% interval of a share, 0 to 1 (Wilson, 1927); (0, 1) where nothing was tried.

    Parameters
    ----------
    successes
        how many did
    trials
        of how many
    """
    if trials == 0:
        return 0.0, 1.0
    share, weight = successes / trials, NORMAL**2 / trials
    middle = (share + weight / 2) / (1 + weight)
    half = sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)
