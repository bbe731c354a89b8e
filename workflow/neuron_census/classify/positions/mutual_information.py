"""Mutual information of a neuron's activity and position (paper, section 5.1)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Integer

from neuron_census.errors import CensusError, one_of


class TooFewWindowsError(CensusError):
    """The positions study has too few windows to say anything about positions."""


# How bases of the logarithm are named in the config, and what a nat is divided by.
BASES = {"e": 1.0, "2": float(np.log(2)), "10": float(np.log(10))}


def position_information(
    counts: Integer[np.ndarray, "position neuron"], windows: int, base: str = "e"
) -> Float64[np.ndarray, " neuron"]:
    """Return I(act, pos) = H(mean over positions of p) - mean over positions of H(p) (section 5.1).

    p is the share of full-length windows in which a neuron is active at a position; every position
    counts alike, including those at which p is 0 or 1. Computed in float64.

    Parameters
    ----------
    counts
        windows in which each neuron is active at each position
    windows
        how many windows there are, at least 1
    base
        of the logarithm: "e" (nats), "2" (bits) or "10"

    Raises CensusError for another base.
    """
    if base not in BASES:
        raise CensusError(
            f"classify.positions.mi_base: unknown base '{base}'; {one_of(base, list(BASES))}"
        )
    # A count has few values, so that their entropies are computed once and looked up.
    entropies = entropy(np.arange(windows + 1) / windows)
    mean_frequency = counts.sum(axis=0, dtype=np.int64) / (len(counts) * windows)
    information = entropy(mean_frequency) - entropies[counts].mean(axis=0)
    # It is never negative, but rounding may make it so.
    found: Float64[np.ndarray, " neuron"] = np.maximum(information, 0) / BASES[base]
    return found


def entropy(share: Float64[np.ndarray, "*any"]) -> Float64[np.ndarray, "*any"]:
    """Return the entropy, in nats, of an event of probability `share`; 0 where that is 0 or 1."""
    log_share = np.log(share, out=np.zeros_like(share), where=share > 0)
    log_rest = np.log1p(-share, out=np.zeros_like(share), where=share < 1)
    found: Float64[np.ndarray, "*any"] = -share * log_share - (1 - share) * log_rest
    return found


def require_windows(windows: int, least: int, where: str) -> None:
    """Check that there are enough windows to say anything about positions.

    The estimate of a neuron that ignores position is not 0 but about 1 / (2 windows) nats, since
    frequencies differ by chance: with 10 windows that alone is a threshold of 0.05.

    Parameters
    ----------
    windows
        full-length windows of the positions study, of all domains together
    least
        the config's `classify.positions.min_windows`
    where
        the counts store, for the message

    Raises TooFewWindowsError where there are fewer than `least`.
    """
    if windows < least:
        chance = f"about {1 / (2 * windows):.2g} nats" if windows else "nothing but chance"
        raise TooFewWindowsError(
            f"{where}: the positions study has {windows} full-length windows, and at least {least} "
            f"are needed (classify.positions.min_windows). The mutual information of a neuron that "
            f"ignores position is overestimated by 1 / (2 x windows): {chance} here. Give the study "
            "more tokens in `studies.positions`, from documents as long as a window."
        )
