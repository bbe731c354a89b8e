"""What a census says of each layer (paper, section 3, Figure 1)."""

from __future__ import annotations

import polars as pl


def summary_by_layer(census: pl.DataFrame) -> pl.DataFrame:
    """Dead share and mean frequency of every layer, as Figure 1 shows them.

    Parameters
    ----------
    census
        one row a neuron, with columns layer, frequency, dead

    Returns columns layer, neurons, dead, dead_percent, mean_frequency_alive (null where none is alive).
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
