"""How often the interval of neurons that wake holds the number that do, on made corpora with known rates.

    python tests/benchmarks/bench_coverage.py [--corpora 200]

Neurons have rates per document (log-normal) and topics; a document has a topic, a length (log-normal), and is now
and then of a kind that wakes everything ten times as easily: activations cluster in documents. Two corpora of
the same size are drawn with the same rates: the interval comes from one, the neurons that wake from the other.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

sys.path.insert(0, str(Path(__file__).parents[1]))
from neuron_census.classify.evidence.incidence import Incidence
from neuron_census.classify.evidence.interval import predict_woken

DOCUMENTS, CONFIDENCE, REPLICATES = 300, 0.95, 400
# Neurons, mean and spread of the logarithm of their rates, topics, share of odd documents.
FAMILIES = (
    (1500, -7.0, 3.0, 10, 0.0),
    (1500, -7.0, 3.0, 10, 0.01),
    (300, -9.0, 3.0, 10, 0.01),
    (1500, -4.0, 2.0, 30, 0.02),
    (3000, -10.0, 2.0, 20, 0.005),
)


def corpus(
    generator: np.random.Generator,
    rates: Float64[np.ndarray, " neuron"],
    topic_of: Int64[np.ndarray, " neuron"],
    topics: int,
    odd: float,
) -> Bool[np.ndarray, "document neuron"]:
    """Return which documents activate which neurons."""
    topic = generator.integers(0, topics, DOCUMENTS)
    length = generator.lognormal(0, 1, DOCUMENTS) * np.where(
        generator.random(DOCUMENTS) < odd, 10, 1
    )
    fitting = np.where(topic_of[None] == topic[:, None], 8.0, 0.2)
    active: Bool[np.ndarray, "document neuron"] = generator.random(
        (DOCUMENTS, len(rates))
    ) < -np.expm1(-rates * length[:, None] * fitting)
    return active


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--corpora", type=int, default=200)
    corpora = parser.parse_args().corpora
    print(
        "| neurons | rates | topics | odd | held | expected | woken |\n|---|---|---|---|---|---|---|"
    )
    for neurons, mean, spread, topics, odd in FAMILIES:
        held, expected, counted = 0, 0.0, 0
        for seed in range(corpora):
            generator = np.random.default_rng(seed)
            rates = generator.lognormal(mean, spread, neurons)
            topic_of = generator.integers(0, topics, neurons)
            read, further = (corpus(generator, rates, topic_of, topics, odd) for _ in range(2))
            bits = np.packbits(read.T, axis=1, bitorder="little")
            incidence = Incidence.of(bits, DOCUMENTS)
            lower, upper = predict_woken(
                incidence, DOCUMENTS, confidence=CONFIDENCE, replicates=REPLICATES, seed=0
            )
            woken = int((~read.any(axis=0) & further.any(axis=0)).sum())
            held += lower <= woken <= upper
            expected += incidence.wakes(DOCUMENTS)
            counted += woken
        print(
            f"| {neurons} | {mean:g} ± {spread:g} | {topics} | {odd:g} | {held / corpora:.3f} "
            f"| {expected / corpora:.1f} | {counted / corpora:.1f} |"
        )


if __name__ == "__main__":
    main()
