"""Tests of our own: whether what the paper reads off weights (section 4) is what a detector does."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from neuron_census.draw.causal_suppression import wilson_interval
from neuron_census.draw.claims.finding import Finding, UndecidedError
from neuron_census.draw.claims.measured import Measured


def weights_tell_direct_effects(models: Sequence[Measured]) -> Finding:
    """Of the ablated token detectors of all models with a negative projection, most have a negative direct effect."""
    return _most(models, pl.col("projection") < 0, pl.col("direct") < 0, "suppress directly")


def weights_tell_total_effects(models: Sequence[Measured]) -> Finding:
    """Of those with a negative projection, most have a negative total effect less that of the controls."""
    return _most(
        models,
        (pl.col("projection") < 0) & pl.col("total_difference").is_not_null(),
        pl.col("total_difference") < 0,
        "suppress in total",
    )


def later_layers_repair(models: Sequence[Measured]) -> Finding:
    """Of the ablated token detectors of all models, most have a total effect nearer to 0 than the direct one."""
    smaller = pl.col("total").abs() < pl.col("direct").abs()
    return _most(models, pl.lit(True), smaller, "have a smaller total effect")


def _most(models: Sequence[Measured], among: pl.Expr, do: pl.Expr, said: str) -> Finding:
    """Whether more than half of the detectors do something: decided where the 95% interval leaves out half."""
    ablated = pl.concat([model.ablated for model in models])
    counts = {}
    for near in (False, True):
        rows = ablated.filter((pl.col("near") == near) & among)
        counts[near] = (len(rows.filter(do)), len(rows))
    did, of = counts[False]
    found = f"{did} of {of} detectors {said}; of near ones {counts[True][0]} of {counts[True][1]}"
    low, high = wilson_interval(did, of)
    if low <= 0.5 <= high:
        raise UndecidedError(f"{found}: too few to say.")
    return Finding(low > 0.5, found)
