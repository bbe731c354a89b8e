"""What many firings of a neuron say together: documents are the sampling units, intervals are bootstraps over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

DRAWS = 2000
INTERVAL = (2.5, 97.5)
"""Percentiles of the draws between which a 95% interval lies."""


@dataclass(frozen=True)
class Estimate:
    """A mean over documents, its 95% interval and the two-sided p-value of a mean of zero; NaN without documents."""

    mean: float
    low: float
    high: float
    p: float


def difference_of_differences(
    own: Float64[np.ndarray, "firings 2"], controls: Float64[np.ndarray, "firings controls 2"]
) -> Float64[np.ndarray, " firings"]:
    """Return how much more an ablation changes the trigger than another token, beyond what controls do.

    Parameters
    ----------
    own
        effects of the neuron, at the trigger and at the token of matched frequency
    controls
        those of the controls, NaN for one that is missing

    Returns NaN where a firing has no control or no such token.
    """
    differences = controls[:, :, 0] - controls[:, :, 1]
    there = ~np.isnan(differences)
    count = there.sum(axis=1)
    total = np.where(there, differences, 0.0).sum(axis=1)
    of_controls = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    compared: Float64[np.ndarray, " firings"] = own[:, 0] - own[:, 1] - of_controls
    return compared


def document_means(
    values: Float64[np.ndarray, " firings"], documents: Int64[np.ndarray, " firings"]
) -> Float64[np.ndarray, " documents"]:
    """Return the mean over the firings of each document, in the order of the documents; NaN is left out.

    Parameters
    ----------
    values
        one per firing
    documents
        the document of each
    """
    there = ~np.isnan(values)
    _, number = np.unique(documents[there], return_inverse=True)
    total = np.bincount(number, weights=values[there])
    means: Float64[np.ndarray, " documents"] = total / np.bincount(number)
    return means


def estimate(
    means: Float64[np.ndarray, " documents"], seed: tuple[int, ...], draws: int = DRAWS
) -> Estimate:
    """Return the mean of some documents with its bootstrap over documents.

    Parameters
    ----------
    means
        one value per document
    seed
        of the draws
    draws
        how many times as many documents are drawn, with replacement
    """
    if len(means) == 0:
        return Estimate(np.nan, np.nan, np.nan, np.nan)
    chosen = np.random.default_rng(seed).integers(0, len(means), size=(draws, len(means)))
    drawn = means[chosen].mean(axis=1)
    low, high = np.percentile(drawn, INTERVAL)
    beyond = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    # The data themselves count as a draw, so that no p-value is zero.
    return Estimate(
        float(means.mean()), float(low), float(high), min(1.0, 2 * (1 + beyond) / (1 + draws))
    )


def benjamini_hochberg(p: Float64[np.ndarray, " tests"]) -> Float64[np.ndarray, " tests"]:
    """Return the smallest false discovery rate at which each test is a discovery (Benjamini and Hochberg, 1995).

    Parameters
    ----------
    p
        p-values; NaN is no test
    """
    adjusted = np.full(len(p), np.nan)
    tests = np.flatnonzero(~np.isnan(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted
