"""The coverage table: for each layer, and all together, what more documents would show of the dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64, UInt8

from neuron_census.classify.evidence.incidence import Incidence
from neuron_census.classify.evidence.interval import predict_woken
from neuron_census.classify.thresholds import EvidenceThresholds
from neuron_census.formats.tables.coverage import COVERAGE

POINTS = 40
"""Points of a curve, denser where few documents are read."""
STEPS = 10
"""Points of its continuation."""
SEED = 0
"""Of the bootstrap: the same counts give the same interval."""
NEURONS_AT_A_TIME = 2048


@dataclass(frozen=True)
class Halves:
    """Documents with even numbers, and what was seen in them and in the others, of one set of neurons.

    incidence   of the even documents
    further     documents of the other half
    margin      `[neuron]`   largest pre-activation in the even documents, of those active in none of these
    woken       `[neuron]`   whether such a neuron is active in the other half
    """

    incidence: Incidence
    further: int
    margin: Float64[np.ndarray, " neuron"]
    woken: Bool[np.ndarray, " neuron"]

    @classmethod
    def of(
        cls,
        bits: UInt8[np.ndarray, "neuron octet"],
        even: Bool[np.ndarray, " document"],
        margin: Float64[np.ndarray, " neuron"],
    ) -> Halves:
        """Part the documents of a layer.

        Parameters
        ----------
        bits
            which documents activate each neuron, packed along documents
        even
            which documents are in the half that foretells
        margin
            largest pre-activation of each neuron in it
        """
        first, active = [], []
        for start in range(0, len(bits), NEURONS_AT_A_TIME):
            part = bits[start : start + NEURONS_AT_A_TIME]
            seen = np.unpackbits(part, axis=1, count=len(even), bitorder="little")
            first.append(np.packbits(seen[:, even], axis=1, bitorder="little"))
            active.append(seen[:, ~even].any(axis=1))
        incidence = Incidence.of(np.concatenate(first), int(even.sum()))
        dead = ~np.concatenate(first).any(axis=1)
        return cls(incidence, int((~even).sum()), margin[dead], np.concatenate(active)[dead])

    def __add__(self, other: Halves) -> Halves:
        """Return the halves of two sets of neurons together."""
        return Halves(
            self.incidence + other.incidence,
            self.further,
            np.concatenate([self.margin, other.margin]),
            np.concatenate([self.woken, other.woken]),
        )


def coverage_row(
    layer: int | None,
    incidence: Incidence,
    halves: Halves,
    tokens: int,
    woken_by: list[dict[str, Any]],
    thresholds: EvidenceThresholds,
) -> dict[str, Any]:
    """Return a row of the coverage table.

    Parameters
    ----------
    layer
        of the neurons, or None for all layers together
    incidence, halves
        of all documents, and of their halves
    tokens
        of the dead study
    woken_by
        what each domain alone wakes
    thresholds
        the confidence of intervals, and the replicates behind them
    """
    documents, dead, alpha = incidence.documents, incidence.dead, 1 - thresholds.confidence
    lower, upper = _interval(incidence, documents, thresholds)
    first = halves.incidence
    half_lower, half_upper = _interval(first, halves.further, thresholds)
    return {
        "layer": layer,
        "neurons": incidence.total,
        "documents": documents,
        "tokens": tokens,
        "dead": dead,
        "singletons": incidence.once,
        "doubletons": incidence.twice,
        "curve": _curve(incidence, tokens),
        "further": _further(incidence, tokens, thresholds),
        "wakes": incidence.wakes(documents),
        "wakes_lower": lower,
        "wakes_upper": upper,
        "wakes_ever": incidence.wakes_ever(),
        "rate_upper": rate_upper(documents, alpha),
        "rate_upper_jointly": rate_upper(documents, alpha / dead) if dead else None,
        "woken_by": woken_by,
        "half_documents": first.documents,
        "half_dead": first.dead,
        "half_predicted": first.wakes(halves.further),
        "half_lower": half_lower,
        "half_upper": half_upper,
        "half_woken": int(halves.woken.sum()),
        "margin_auc": area_under_curve(halves.margin, halves.woken),
    }


def coverage_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a table."""
    return pl.DataFrame(rows, schema=COVERAGE.schema)


def rate_upper(documents: int, alpha: float) -> float:
    """Return the upper bound of the rate of what was in no document: the rule of three, 3 / documents at 95%.

    With probability `alpha` a rate of `ln(1 / alpha) / documents` would have stayed unseen.
    """
    return min(1.0, float(-np.log(alpha)) / documents)


def area_under_curve(
    score: Float64[np.ndarray, " neuron"], woken: Bool[np.ndarray, " neuron"]
) -> float | None:
    """Return the probability that one that wakes has a larger score than one that does not; equal ones count half."""
    positive = int(woken.sum())
    negative = len(woken) - positive
    if not positive or not negative:
        return None
    _, place, many = np.unique(score, return_inverse=True, return_counts=True)
    # The mean rank of those with the same score, from 1.
    rank = np.cumsum(many) - (many - 1) / 2
    above = rank[place][woken].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))


def _interval(
    incidence: Incidence, further: int, thresholds: EvidenceThresholds
) -> tuple[float, float]:
    return predict_woken(
        incidence,
        further,
        confidence=thresholds.confidence,
        replicates=thresholds.replicates,
        seed=SEED,
    )


def _curve(incidence: Incidence, tokens: int) -> list[dict[str, int | float]]:
    share = np.linspace(0, 1, POINTS + 1) ** 2
    read: Int64[np.ndarray, " point"] = np.unique(
        np.round(share * incidence.documents).astype(np.int64)
    )
    return [
        _place(incidence, int(number), tokens, float(never))
        for number, never in zip(read, incidence.rarefy(read), strict=True)
    ]


def _further(
    incidence: Incidence, tokens: int, thresholds: EvidenceThresholds
) -> list[dict[str, int | float]]:
    """The continuation of the curve, from all documents to twice as many."""
    places = []
    for step in range(STEPS + 1):
        more = round(step * incidence.documents / STEPS)
        lower, upper = _interval(incidence, more, thresholds) if more else (0.0, 0.0)
        shares = [
            (incidence.dead - woken) / incidence.total
            for woken in (incidence.wakes(more), upper, lower)
        ]
        place = _place(incidence, incidence.documents + more, tokens, shares[0])
        places.append(place | {"lower": shares[1], "upper": shares[2]})
    return places


def _place(
    incidence: Incidence, documents: int, tokens: int, never: float
) -> dict[str, int | float]:
    return {
        "documents": documents,
        "tokens": round(tokens * documents / incidence.documents),
        "never_active": never,
    }
