"""Tests of what the paper says of dead neurons (section 3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from neuron_census.draw.claims.finding import Finding, UndecidedError, falls, numbers, rises
from neuron_census.draw.claims.measured import Measured

MOSTLY_DEAD = 70.0
"""Percent of a layer's neurons."""
FULLY_ALIVE = 1.0
"""Percent that may be dead in what the paper calls fully alive: the tolerance is ours."""


def several_layers_mostly_dead(models: Sequence[Measured]) -> Finding:
    """At least two layers of the model have more than 70% dead neurons."""
    (model,) = models
    layers = [layer for layer, dead in enumerate(model.dead_percent) if dead > MOSTLY_DEAD]
    such = ", ".join(map(str, layers)) or "none"
    most = max(model.dead_percent)
    return Finding(len(layers) >= 2, f"most dead: {most:.3g}%; layers with more than 70%: {such}")


def dead_share_rises(models: Sequence[Measured]) -> Finding:
    """The mean dead share over the first half of the layers grows with size."""
    values = [float(np.mean(model.dead_percent[: model.first_half])) for model in models]
    return rises(values, [model.name for model in models])


def frequency_falls(models: Sequence[Measured]) -> Finding:
    """The mean over layers of the alive neurons' frequency falls with size."""
    values = [model.by_layer["mean_frequency_alive"].mean() for model in models]
    return falls(
        [None if value is None else float(str(value)) for value in values],
        [model.name for model in models],
    )


def upper_half_alive(models: Sequence[Measured]) -> Finding:
    """In no model does a layer of the upper half have more than 1% dead neurons."""
    values = [max(model.dead_percent[model.first_half :], default=0.0) for model in models]
    return Finding(max(values) <= FULLY_ALIVE, f"most in an upper layer (%): {numbers(values)}")


def lower_half_has_the_dead(models: Sequence[Measured]) -> Finding:
    """In every model the lower half of the layers has a greater dead share than the upper half."""
    pairs = [
        (
            float(np.mean(model.dead_percent[: model.first_half])),
            float(np.mean(model.dead_percent[model.first_half :] or [0.0])),
        )
        for model in models
    ]
    return Finding(
        all(lower > upper for lower, upper in pairs),
        "lower and upper (%): " + "; ".join(numbers(pair) for pair in pairs),
    )


def rare_where_many_are_dead(models: Sequence[Measured]) -> Finding:
    """Over layers, dead share and alive frequency correlate negatively (Spearman) in every model."""
    values = []
    for model in models:
        rows = model.by_layer.drop_nulls("mean_frequency_alive")
        for column, said in (
            ("dead_percent", "dead share"),
            ("mean_frequency_alive", "frequency"),
        ):
            if rows[column].n_unique() < 2:
                raise UndecidedError(f"{model.name}: every layer has the same {said}.")
        correlation = pl.corr("dead_percent", "mean_frequency_alive", method="spearman")
        values.append(float(rows.select(correlation).item()))
    return Finding(max(values) < 0, f"rank correlation: {numbers(values)}")


def no_dead_neurons(models: Sequence[Measured]) -> Finding:
    """No layer of the model has a dead neuron."""
    (model,) = models
    dead = int(model.tables.census["dead"].sum())
    return Finding(dead == 0, f"{dead} of {model.neurons} neurons are dead")
