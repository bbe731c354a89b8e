"""What a census says about each layer (paper, section 3, Figure 1)."""

from __future__ import annotations

import polars as pl


def summary_by_layer(census: pl.DataFrame) -> pl.DataFrame:
    """Return the dead share and the mean frequency of every layer, as Figure 1 shows them.

    Parameters
    ----------
    census
        one row per neuron, with columns layer, frequency, dead

    Returns one row per layer, in order, with columns layer; neurons; dead; dead_percent, 0 to 100;
    mean_frequency_alive, 0 to 1, null where no neuron is alive.
    """
    return (
        census.group_by("layer")
        .agg(
            pl.len().cast(pl.Int64).alias("neurons"),
            pl.col("dead").sum().cast(pl.Int64),
            (100 * pl.col("dead").mean()).alias("dead_percent"),
            pl.col("frequency").filter(~pl.col("dead")).mean().alias("mean_frequency_alive"),
        )
        .sort("layer")
    )
