"""Types of positional neurons, read off the curve of frequency over positions (paper, section 5.2).

The paper describes its types in words. These rules are ours: on the smoothed curve, with every number
a parameter, and such that the curves that the paper shows as examples get the type it gives them.

    oscillatory     goes up and down several times
    both extremes   hardly ever active at some positions, nearly always at others
    one extreme     only one of these
    other           neither, like a slope

A type is strong where hardly anything but position decides: stretches near an extreme reach it, and
the curve is thin, which means that neighbouring positions agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64

from neuron_census.classify.positions.curves import (
    longest_run,
    moving_average,
    straightness,
    texture,
    turns,
)
from neuron_census.errors import CensusError
from neuron_census.formats.tables.vocabulary import DESCRIPTORS


@dataclass(frozen=True)
class PatternRules:
    """The numbers in the rules. Lengths are shares of the window; all others are frequencies or shares.

    The first `start` positions are left out. The moving average spans `smoothing`, and at least
    `smoothing_least` positions. A curve oscillates if its swing (from its 1% to its 99% quantile) is
    `swing` or more and it passes `half_cycles` times between its lower and its upper part, which are the
    outer `turn` of that swing; the swing must be `steady` times the texture, so that a ragged curve does
    not turn by chance. A curve is a slope if a line explains `line` of its variance. Near 0 or 1 means
    within `near`, and a stretch there counts if it is `run` long; the curve reaches 0 or 1 if `reached` of
    its positions near it are within `reach`. A curve is thin if its texture is at most `thin`. An
    oscillation is strong if `extreme_share` of its positions are near 0 or 1 and its quantiles are within
    `quantile_reach` of them.

    The lengths correspond to 16, 17 and 98 positions of OPT's windows of 2048. Each of the other numbers
    lies between the paper's examples on either side of it, mostly in the middle.
    """

    start: float
    smoothing: float
    smoothing_least: int
    half_cycles: int
    swing: float
    turn: float
    steady: float
    extreme_share: float
    quantile_reach: float
    line: float
    near: float
    run: float
    reach: float
    reached: float
    thin: float

    def skipped(self, length: int) -> int:
        """Return how many positions at the start of a window of `length` are left out."""
        return round(self.start * length)

    def width(self, length: int) -> int:
        """Return how many positions the moving average spans in a window of `length`: an odd number."""
        half = round((self.smoothing * length - 1) / 2)
        return 2 * max(half, self.smoothing_least // 2) + 1


def describe(
    frequency: Float64[np.ndarray, "neuron position"], windows: int, rules: PatternRules
) -> pl.DataFrame:
    """Return what the rules decide by, for curves over all positions of a window: columns `DESCRIPTORS`, float64.

    Parameters
    ----------
    frequency
        share of windows in which each neuron is active at each position, 0 to 1
    windows
        how many windows were counted; the noise of counting is taken off the texture
    rules
        lengths and nearness; the thresholds among them are for `classify_patterns`

    Raises CensusError where fewer than three positions are left.
    """
    length = frequency.shape[1]
    curves = frequency[:, rules.skipped(length) :]
    if curves.shape[1] < 3:
        raise CensusError(
            f"classify.positions.patterns.start: {rules.start:g} of a window of {length} positions "
            f"leaves {curves.shape[1]}, and at least 3 are needed. Make it smaller, or windows longer."
        )
    width = rules.width(length)
    course = moving_average(curves, width)
    lowest, highest = np.quantile(course, [0.01, 0.99], axis=1)
    swing = highest - lowest
    low, high = course <= rules.near, course >= 1 - rules.near
    columns = {
        "half_cycles": turns(course, lowest + rules.turn * swing, highest - rules.turn * swing),
        "lowest": lowest,
        "highest": highest,
        "straightness": straightness(course),
        "low_run": longest_run(low) / length,
        "high_run": longest_run(high) / length,
        "low_share": low.mean(axis=1),
        "high_share": high.mean(axis=1),
        "never_share": (course <= rules.reach).mean(axis=1),
        "always_share": (course >= 1 - rules.reach).mean(axis=1),
        "texture": texture(curves, course, windows),
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(DESCRIPTORS, pl.Float64()))


def classify_patterns(descriptors: pl.DataFrame, rules: PatternRules) -> pl.DataFrame:
    """Return the type of each curve and whether it is strong: columns `pattern` and `strength`, in the same order.

    Parameters
    ----------
    descriptors
        as `describe` measures them; other columns are allowed
    rules
        the thresholds
    """
    column = pl.col
    swing = column("highest") - column("lowest")
    oscillates = (
        (column("half_cycles") >= rules.half_cycles)
        & (swing >= rules.swing)
        & (swing >= rules.steady * column("texture"))
    )
    slopes = column("straightness") >= rules.line
    low, high = column("low_run") >= rules.run, column("high_run") >= rules.run
    never = column("never_share") >= rules.reached * column("low_share")
    always = column("always_share") >= rules.reached * column("high_share")
    thin = column("texture") <= rules.thin
    decided = (
        (column("low_share") + column("high_share") >= rules.extreme_share)
        & (column("lowest") <= rules.quantile_reach)
        & (column("highest") >= 1 - rules.quantile_reach)
    )
    pattern = (
        pl.when(oscillates)
        .then(pl.lit("oscillatory"))
        .when(slopes | ~(low | high))
        .then(pl.lit("other"))
        .when(low & high)
        .then(pl.lit("both extremes"))
        .otherwise(pl.lit("one extreme"))
    )
    # Where there are stretches near both extremes, both must reach them.
    strong = (
        pl.when(column("pattern") == "oscillatory")
        .then(decided)
        .when(column("pattern") == "other")
        .then(thin)
        .otherwise(thin & (~low | never) & (~high | always))
    )
    return (
        descriptors.with_columns(pattern.alias("pattern"))
        .with_columns(
            pl.when(strong).then(pl.lit("strong")).otherwise(pl.lit("weak")).alias("strength")
        )
        .select("pattern", "strength")
    )
