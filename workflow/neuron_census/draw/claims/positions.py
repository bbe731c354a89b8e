"""Tests of what the paper says of positional neurons (section 5, appendix B)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from neuron_census.draw.claims.finding import Finding, UndecidedError, falls, numbers, rises
from neuron_census.draw.claims.measured import Measured

PATTERNS = ("oscillatory", "both extremes", "one extreme", "other")
FIRST_FEW = 16
"""Positions that we call the first few, of 2,048; in proportion for shorter windows, but at least four."""
TEN = frozenset((1114, 422, 850, 1693, 167, 213, 968, 1948, 1900, 2669))
"""Figure 9: the strong oscillatory neurons in the second layer of opt-125m."""


def active_at_the_first_few_positions_only(models: Sequence[Measured]) -> Finding:
    """Every model has a neuron whose activity ends with the first few positions."""
    counts = []
    for model in models:
        model.need("position_mi", "positions")
        found = 0
        for curve in model.tables.positions["frequency"]:
            frequency = curve.to_numpy()
            first = max(4, round(FIRST_FEW * len(frequency) / 2048))
            # Half of the windows at the beginning; later on one in 250.
            found += bool(frequency[:first].max() >= 0.5 and frequency[first:].max() <= 0.004)
        counts.append(found)
    return Finding(min(counts) > 0, f"neurons: {numbers(counts)}")


def oscillatory_are_most(models: Sequence[Measured]) -> Finding:
    """In every model oscillatory neurons are more than those of each other pattern."""
    counts = [[model.patterns(pattern) for pattern in PATTERNS] for model in models]
    _some(counts)
    return Finding(all(row[0] > max(row[1:]) for row in counts), _by_pattern(models, counts))


def no_oscillatory(models: Sequence[Measured]) -> Finding:
    """No model has an oscillatory neuron."""
    counts = [[model.patterns(pattern) for pattern in PATTERNS] for model in models]
    return Finding(all(row[0] == 0 for row in counts), _by_pattern(models, counts))


def strong_two_sided_fall(models: Sequence[Measured]) -> Finding:
    """Strong neurons of both extremes become fewer with size."""
    values = [model.patterns("both extremes", "strong") for model in models]
    return falls(values, [model.name for model in models])


def one_sided_rise(models: Sequence[Measured]) -> Finding:
    """Neurons of one extreme become more with size."""
    values = [model.patterns("one extreme") for model in models]
    return rises(values, [model.name for model in models])


def the_ten_of_125m(models: Sequence[Measured]) -> Finding:
    """The strong oscillatory neurons of the second layer are the ten that the paper draws."""
    (model,) = models
    found = _strong_oscillatory(model)["neuron"].to_list()
    return Finding(frozenset(found) == TEN, f"{len(found)} neurons: {sorted(found)}")


def the_ten_cover_every_position(models: Sequence[Measured]) -> Finding:
    """At every position at least one of them is active in half of the windows."""
    active = _ranges(models)
    share = float(active.any(axis=0).mean())
    return Finding(share == 1.0, f"{share:.4g} of positions")


def none_of_the_ten_is_redundant(models: Sequence[Measured]) -> Finding:
    """Each of them has positions that no other covers."""
    active = _ranges(models)
    alone = (active & (active.sum(axis=0) == 1)).sum(axis=1)
    return Finding(bool(alone.min() > 0), f"positions of its own: {numbers(alone.tolist())}")


def from_two_sided_to_oscillatory(models: Sequence[Measured]) -> Finding:
    """From the first third of layers to the rest both extremes lose share and oscillatory gain it."""
    return _shares(models, falling="both extremes", rising="oscillatory")


def two_sided_matter_less_above(models: Sequence[Measured]) -> Finding:
    """From the first third of layers to the rest both extremes lose share."""
    return _shares(models, falling="both extremes")


def weaker_above(models: Sequence[Measured]) -> Finding:
    """In every model the share of strong patterns is smaller above the first third of layers."""
    said, holds = [], True
    for model in models:
        lower = pl.col("layer") < model.layers / 3
        strong = pl.col("strength").cast(pl.String) == "strong"
        parts = [
            model.positional.filter(part).select(strong.mean()).item() for part in (lower, ~lower)
        ]
        if None in parts:
            raise UndecidedError(f"{model.name} lacks positional neurons in a part of its layers.")
        holds &= parts[1] < parts[0]
        said.append(f"{model.name} {parts[0]:.2f} to {parts[1]:.2f}")
    return Finding(holds, "; ".join(said))


def two_stages(models: Sequence[Measured]) -> Finding:
    """Over layers, the number of positional neurons has a dip between two peaks, in every model."""
    said, holds = [], True
    for model in models:
        counts = dict(model.positional.group_by("layer").len().iter_rows())
        profile = np.array([counts.get(layer, 0) for layer in range(model.layers)])
        before = np.maximum.accumulate(profile)
        after = np.maximum.accumulate(profile[::-1])[::-1]
        dips = np.flatnonzero((profile < before) & (profile < after))
        holds &= bool(len(dips))
        said.append(f"{model.name} {profile.tolist()}")
    return Finding(holds, "; ".join(said))


def other_tell_least(models: Sequence[Measured]) -> Finding:
    """Over all models, the median information of type other is below that of each other type."""
    rows = pl.concat([model.positional.select("pattern", "position_mi") for model in models])
    medians = dict(
        rows.with_columns(pl.col("pattern").cast(pl.String))
        .group_by("pattern")
        .agg(pl.col("position_mi").median())
        .iter_rows()
    )
    if "other" not in medians or len(medians) < 2:
        raise UndecidedError("there are no two types to compare.")
    said = "; ".join(f"{name} {medians[name]:.3g}" for name in PATTERNS if name in medians)
    least = min(value for name, value in medians.items() if name != "other")
    return Finding(medians["other"] < least, said)


def without_positions_none_oscillates(models: Sequence[Measured]) -> Finding:
    """The model without position embeddings has no oscillatory neuron, and its baseline has some."""
    baseline, without = models
    found = [model.patterns("oscillatory") for model in (baseline, without)]
    return Finding(found[0] > 0 == found[1], f"baseline {found[0]}, without {found[1]}")


def without_positions_many_are_strong(models: Sequence[Measured]) -> Finding:
    """At least a quarter of the positional neurons of the model without positions are strong."""
    _, without = models
    strong = sum(without.patterns(pattern, "strong") for pattern in PATTERNS)
    total = len(without.positional)
    return Finding(total > 0 and strong >= total / 4, f"{strong} of {total}")


def without_positions_the_first_layer_has_none(models: Sequence[Measured]) -> Finding:
    """The model without position embeddings has no positional neuron in its first layer."""
    _, without = models
    found = len(without.positional.filter(pl.col("layer") == 0))
    return Finding(found == 0, f"{found} in the first layer of {len(without.positional)}")


def oscillation_comes_late(models: Sequence[Measured]) -> Finding:
    """Only at the end of training there are oscillatory neurons."""
    found = [model.patterns("oscillatory") for model in models]
    return Finding(not any(found[:-1]) and found[-1] > 0, f"in training order: {numbers(found)}")


def there_are_positional_neurons(models: Sequence[Measured]) -> Finding:
    """There is a positional neuron."""
    (model,) = models
    return Finding(len(model.positional) > 0, f"{len(model.positional)} positional neurons")


def _strong_oscillatory(model: Measured) -> pl.DataFrame:
    """Those in the second layer."""
    return model.positional.filter(
        (pl.col("layer") == 1)
        & (pl.col("pattern").cast(pl.String) == "oscillatory")
        & (pl.col("strength").cast(pl.String) == "strong")
    )


def _ranges(models: Sequence[Measured]) -> np.ndarray:
    """Where each of them is active in at least half of the windows, `[neuron, position]`."""
    (model,) = models
    chosen = model.tables.positions.join(
        _strong_oscillatory(model), on=["layer", "neuron"], how="semi"
    )
    if chosen.is_empty():
        raise UndecidedError(f"{model.name} has no strong oscillatory neuron in its second layer.")
    return np.stack([curve.to_numpy() >= 0.5 for curve in chosen["frequency"]])


def _shares(models: Sequence[Measured], *, falling: str, rising: str | None = None) -> Finding:
    said, holds = [], True
    for model in models:
        for pattern, sign in ((falling, -1), (rising, 1)):
            if pattern is not None:
                below, above = (
                    model.share_of_pattern(pattern, below=part) for part in (True, False)
                )
                holds &= sign * (above - below) > 0
                said.append(f"{model.name} {pattern} {below:.2f} to {above:.2f}")
    return Finding(holds, "; ".join(said))


def _some(counts: Sequence[Sequence[int]]) -> None:
    if not any(map(any, counts)):
        raise UndecidedError("there is no positional neuron.")


def _by_pattern(models: Sequence[Measured], counts: Sequence[Sequence[int]]) -> str:
    return "; ".join(
        f"{model.name} " + ", ".join(f"{n} {name}" for n, name in zip(row, PATTERNS, strict=True))
        for model, row in zip(models, counts, strict=True)
    )
