"""How many of the dead will wake, with an interval: a bootstrap over documents."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from neuron_census.classify.evidence.incidence import Incidence, woken_share


def predict_woken(
    incidence: Incidence, further: int, *, confidence: float, replicates: int, seed: int
) -> tuple[float, float]:
    """Return the interval in which the number of neurons lies that further documents wake.

    Neurons wake in clusters: a document of a new kind wakes many at once. So documents are drawn anew and not
    neurons. A replicate has a number of documents that wake any (a Poisson number, whose mean is drawn from its
    posterior given as many as there are now with a neuron that is active nowhere else, so that none leaves an
    upper end as well); each wakes as many as such a document drawn with replacement has; and of these so
    many as Chao2 says of documents drawn likewise.

    Parameters
    ----------
    incidence
        of the documents read
    further
        documents to come
    confidence
        probability with which the number shall lie in the interval
    replicates
        number of replicates
    seed
        of the draws
    """
    if not incidence.dead:
        return 0.0, 0.0
    generator = np.random.default_rng(seed)
    pairs, many = np.unique(
        np.stack([incidence.singletons, incidence.doubletons]), axis=1, return_counts=True
    )
    drawn = generator.poisson(many, (replicates, len(many)))
    once, twice = drawn @ pairs[0], drawn @ pairs[1] / 2
    share = woken_share(once, twice, incidence.documents, further, incidence.dead)
    # Without any to infer from, every new one may count.
    most = min(1.0, further / incidence.documents)
    share = np.where(once > 0, np.minimum(share, 1.0), most)
    woken = generator.binomial(
        _clusters(incidence, generator, replicates, share), np.minimum(share, 1)
    )
    woken = np.minimum(woken, incidence.dead)
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(woken, [tail, 1 - tail], method="inverted_cdf")
    return float(lower), float(upper)


def _clusters(
    incidence: Incidence, generator: np.random.Generator, replicates: int, share: np.ndarray
) -> Int64[np.ndarray, " replicate"]:
    """Return for each replicate how many neurons are in the documents that are drawn."""
    sizes, many = np.unique(incidence.singletons[incidence.singletons > 0], return_counts=True)
    if not len(sizes):
        sizes, many = np.array([1]), np.array([0])
    found = int(many.sum())
    mean = generator.gamma(found + 0.5, size=(replicates, 1))
    parts = many / found if found else np.ones(1)
    clusters: Int64[np.ndarray, " replicate"] = generator.poisson(mean * parts) @ sizes
    return clusters
