"""Shares of a few neurons, with intervals."""

from __future__ import annotations

from math import sqrt

NORMAL = 1.959963984540054
"""97.5% quantile of the normal distribution."""


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
