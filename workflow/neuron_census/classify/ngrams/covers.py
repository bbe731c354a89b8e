"""Covers: the fewest n-grams that hold most of a neuron's activations (paper, section 4.1)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Int64

from neuron_census.formats.ngram_counts import Profile


def cover_sizes(profile: Profile, coverage: float) -> Int64[np.ndarray, " neuron"]:
    """Return the size of each neuron's cover: the fewest n-grams that together hold a share of its activations.

    Ties do not change it; it is 0 for a neuron that is never active (section 4.1).

    Parameters
    ----------
    profile
        how many n-grams have each count, for every neuron
    coverage
        the share, above 0 and at most 1, taken as the decimal number that it is written as
    """
    sizes = np.zeros(len(profile.offsets) - 1, dtype=np.int64)
    first, last = profile.offsets[:-1], profile.offsets[1:]
    active = first < last
    first, last = first[active], last[active]
    # Running totals over all neurons ascend strictly, so that one search finds the entry of each.
    held = np.concatenate([[0], np.cumsum(profile.counts * profile.multiplicity)])
    ngrams = np.concatenate([[0], np.cumsum(profile.multiplicity)])
    wanted = held[first] + at_least(coverage, held[last] - held[first])
    entry = np.searchsorted(held, wanted, side="left") - 1
    missing = wanted - held[entry]
    sizes[active] = ngrams[entry] - ngrams[first] - (-missing // profile.counts[entry])
    return sizes


def at_least(share: float, totals: Int64[np.ndarray, " total"]) -> Int64[np.ndarray, " total"]:
    """Return the smallest whole numbers that are no less than a share of totals, exactly.

    Parameters
    ----------
    share
        0 to 1, taken as the decimal number that it is written as: 0.95 of 20 is 19
    totals
        not negative
    """
    exact = Fraction(str(share))
    highest = int(totals.max(initial=0))
    if max(exact.numerator * highest, exact.denominator) > np.iinfo(np.int64).max:
        totals = totals.astype(object)  # slow, but rare: a share with very many digits
    found: Int64[np.ndarray, " total"] = -(-totals * exact.numerator // exact.denominator)
    return found.astype(np.int64)
