"""N-gram detectors: neurons that few n-grams activate, and nearly always do (paper, section 4.2)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64

from neuron_census.classify.ngrams.covers import at_least
from neuron_census.classify.thresholds import NgramThresholds
from neuron_census.errors import CensusError
from neuron_census.formats.ngram_counts import ExactnessLimits


def are_covered(
    activations: Int64[np.ndarray, " entry"],
    occurrences: Int64[np.ndarray, " entry"],
    presence: float,
    min_occurrences: int,
) -> Bool[np.ndarray, " entry"]:
    """Return which n-grams activate a neuron at nearly all of their occurrences (section 4.2).

    Parameters
    ----------
    activations
        occurrences at which the neuron is active
    occurrences
        of the n-gram in the study
    presence
        the least share of occurrences, at most 1
    min_occurrences
        an n-gram that occurs less often is not covered
    """
    covered: Bool[np.ndarray, " entry"] = activations >= at_least(presence, occurrences)
    return covered & (occurrences >= min_occurrences)


def activations_held(
    chosen: Bool[np.ndarray, " entry"],
    activations: Int64[np.ndarray, " entry"],
    offsets: Int64[np.ndarray, " bound"],
) -> Int64[np.ndarray, " neuron"]:
    """Return the activations of each neuron at chosen n-grams.

    Parameters
    ----------
    chosen
        which entries count
    activations
        of each entry
    offsets
        the entries of neuron i go from `offsets[i]` to `offsets[i + 1]`
    """
    total = np.concatenate([[0], np.cumsum(np.where(chosen, activations, 0))])
    held: Int64[np.ndarray, " neuron"] = total[offsets[1:]] - total[offsets[:-1]]
    return held


def are_detectors(
    cover: Int64[np.ndarray, " neuron"],
    held: Int64[np.ndarray, " neuron"],
    activations: Int64[np.ndarray, " neuron"],
    *,
    coverage: float,
    max_cover: int,
) -> Bool[np.ndarray, " neuron"]:
    """Return which neurons are detectors, by the size of their cover and by their covered n-grams (section 4.2).

    Dead neurons, and those of which not every n-gram is known, are for the caller to leave out.

    Parameters
    ----------
    cover
        size of the cover at this `coverage`
    held
        activations at covered n-grams
    activations
        at all n-grams
    coverage
        the least share of activations that covered n-grams must hold
    max_cover
        the largest cover of a detector
    """
    small: Bool[np.ndarray, " neuron"] = (cover <= max_cover) & (activations > 0)
    return small & (held >= at_least(coverage, activations))


def require_exact(thresholds: NgramThresholds, limits: ExactnessLimits) -> None:
    """Check that counts can answer thresholds exactly.

    Parameters
    ----------
    thresholds
        the thresholds that are asked for
    limits
        the loosest that the counts can answer

    Raises CensusError that names the key, what was found and what the counts can answer.
    """
    _within("coverage", thresholds.coverage, limits.coverage, 1)
    _within("presence", thresholds.presence, limits.presence, 1)
    for name, size in thresholds.max_cover.items():
        _within(f"max_cover.{name}", size, 0, limits.cover)
    if thresholds.min_occurrences < 1:
        raise CensusError(
            f"classify.ngrams.min_occurrences: found {thresholds.min_occurrences}, expected 1 or "
            "more: n-grams that never occur activate no neuron."
        )


def _within(key: str, value: float | int, lowest: float | int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise CensusError(
            f"classify.ngrams.{key}: found {value}, expected {lowest} to {highest}: the "
            "counts keep only the n-grams that such values need to be exact. Choose a value in that range."
        )
