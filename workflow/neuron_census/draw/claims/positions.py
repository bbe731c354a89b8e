"""Tests of what the paper says of positional neurons (section 5, appendix B)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from neuron_census.draw.claims.finding import Finding, UndecidedError, falls, numbers, rises
from neuron_census.draw.claims.measured import Measured
from neuron_census.formats.tables.vocabulary import PATTERNS

EARLY, LATE = "early_frequency", "late_frequency"
"""Columns of the census: how often a neuron is active at the first 16 positions, and at later ones."""
ACTIVE = 1 / 32
"""Mean frequency at the first 16: that of a neuron active in half of the windows at one of them."""
SILENT = 1 / 1000
"""Mean frequency at later positions that we call never, for text can trigger any neuron."""
STRONG_SHARE = 1 / 4
"""Of positional neurons: what we call many; the paper gives no number."""
TEN = frozenset((1114, 422, 850, 1693, 167, 213, 968, 1948, 1900, 2669))
"""Figure 9: the strong oscillatory neurons in the second layer of opt-125m."""


def active_at_the_first_few_positions_only(models: Sequence[Measured]) -> Finding:
    """Every model has a neuron active in 1 of 32 at the first 16 positions, and in 1 of 1,000 later, if at all."""
    counts = []
    for model in models:
        model.need("position_mi", "positions")
        census = model.tables.census
        if EARLY not in census.columns:
            raise UndecidedError(f"the census of {model.name} has no column '{EARLY}'.")
        known = census.drop_nulls([EARLY, LATE])
        if known.is_empty():
            raise UndecidedError(f"{model.name} has windows of too few positions.")
        counts.append(len(known.filter((pl.col(EARLY) >= ACTIVE) & (pl.col(LATE) <= SILENT))))
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


def two_sided_fall(models: Sequence[Measured]) -> Finding:
    """Neurons of both extremes, strong or weak, become fewer with size."""
    values = [model.patterns("both extremes") for model in models]
    return falls(values, [model.name for model in models])


def one_sided_rise(models: Sequence[Measured]) -> Finding:
    """Neurons of one extreme, strong or weak, become more with size."""
    values = [model.patterns("one extreme") for model in models]
    return rises(values, [model.name for model in models])


def the_ten_of_125m(models: Sequence[Measured]) -> Finding:
    """The strong oscillatory neurons of the second layer are the ten that the paper draws."""
    (model,) = models
    found = _strong_oscillatory(model)["neuron"].to_list()
    return Finding(frozenset(found) == TEN, f"{len(found)} neurons: {sorted(found)}")


def the_ten_cover_every_position(models: Sequence[Measured]) -> Finding:
    """At every position at least one of them is active, as `classify.positions.active` reads it."""
    active = _ranges(models)
    share = float(active.any(axis=0).mean())
    return Finding(share == 1.0, f"{share:.4g} of positions")


def none_of_the_ten_is_redundant(models: Sequence[Measured]) -> Finding:
    """Each of them has positions that no other covers."""
    active = _ranges(models)
    alone = (active & (active.sum(axis=0) == 1)).sum(axis=1)
    return Finding(bool(alone.min() > 0), f"positions of its own: {numbers(alone.tolist())}")


def from_two_sided_to_oscillatory(models: Sequence[Measured]) -> Finding:
    """In every model both extremes lose share from the first third of layers to the rest, and oscillatory gain it."""
    return _shares(models, falling="both extremes", rising="oscillatory")


def two_sided_matter_less_above(models: Sequence[Measured]) -> Finding:
    """In every model both extremes lose share from the first third of layers to the rest."""
    return _shares(models, falling="both extremes")


def weaker_above(models: Sequence[Measured]) -> Finding:
    """In every model the share of strong patterns is smaller above the first third of layers."""
    said, holds = [], True
    for model in models:
        below, above = (
            _share(model.positional_in_stage(first=first), pl.col("strength") == "strong")
            for first in (True, False)
        )
        holds &= above < below
        said.append(f"{model.name} {below:.2f} to {above:.2f}")
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
    medians = dict(rows.group_by("pattern").agg(pl.col("position_mi").median()).iter_rows())
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
    """At least a quarter of the positional neurons of the model without position embeddings are strong."""
    _, without = models
    strong = sum(without.patterns(pattern, "strong") for pattern in PATTERNS)
    total = len(without.positional)
    return Finding(total > 0 and strong >= STRONG_SHARE * total, f"{strong} of {total}")


def without_positions_the_first_layer_has_none(models: Sequence[Measured]) -> Finding:
    """The model without position embeddings has no positional neuron in its first layer."""
    _, without = models
    found = len(without.positional.filter(pl.col("layer") == 0))
    return Finding(found == 0, f"{found} in the first layer of {len(without.positional)}")


def oscillation_comes_late(models: Sequence[Measured]) -> Finding:
    """There are oscillatory neurons at the end of training, and none before."""
    found = [model.patterns("oscillatory") for model in models]
    return Finding(not any(found[:-1]) and found[-1] > 0, f"in training order: {numbers(found)}")


def there_are_positional_neurons(models: Sequence[Measured]) -> Finding:
    """The model has a positional neuron."""
    (model,) = models
    return Finding(len(model.positional) > 0, f"{len(model.positional)} positional neurons")


def _strong_oscillatory(model: Measured) -> pl.DataFrame:
    """Return those in the second layer."""
    return model.positional.filter(layer=1, pattern="oscillatory", strength="strong")


def _ranges(models: Sequence[Measured]) -> np.ndarray:
    """Return where each of them is active, `[neuron, position]`."""
    (model,) = models
    chosen = model.tables.positions.join(
        _strong_oscillatory(model), on=["layer", "neuron"], how="semi"
    )
    if chosen.is_empty():
        raise UndecidedError(f"{model.name} has no strong oscillatory neuron in its second layer.")
    active = np.zeros((len(chosen), chosen["frequency"].list.len().item(0)), dtype=bool)
    for row, ranges in zip(active, chosen["active_ranges"], strict=True):
        for found in ranges:
            row[found["start"] : found["end"] + 1] = True
    return active


def _shares(models: Sequence[Measured], *, falling: str, rising: str | None = None) -> Finding:
    """Return whether a pattern loses share from the first third of layers to the rest, and one gains it."""
    said, holds = [], True
    for model in models:
        stages = [model.positional_in_stage(first=first) for first in (True, False)]
        for pattern, sign in ((falling, -1), (rising, 1)):
            if pattern is not None:
                below, above = (_share(stage, pl.col("pattern") == pattern) for stage in stages)
                holds &= sign * (above - below) > 0
                said.append(f"{model.name} {pattern} {below:.2f} to {above:.2f}")
    return Finding(holds, "; ".join(said))


def _share(rows: pl.DataFrame, such: pl.Expr) -> float:
    return float(rows.select(such.mean()).item())


def _some(counts: Sequence[Sequence[int]]) -> None:
    """Raise UndecidedError where no model has a positional neuron."""
    if not any(map(any, counts)):
        raise UndecidedError("there is no positional neuron.")


def _by_pattern(models: Sequence[Measured], counts: Sequence[Sequence[int]]) -> str:
    return "; ".join(
        f"{model.name} " + ", ".join(f"{n} {name}" for n, name in zip(row, PATTERNS, strict=True))
        for model, row in zip(models, counts, strict=True)
    )
