"""In how many documents neurons are active, and what follows for documents that were not read.

    incidence = Incidence.of(bits, documents)           # bits [neuron, octet], packed along documents
    incidence.rarefy(np.array([0, 50, 100]))            # expected share of neurons never active in so many
    incidence.wakes(further=100)                        # neurons that 100 further documents are expected to wake

Definitions after Colwell et al. 2012 (J. Plant Ecol. 5:3): rarefaction is equation 17, Chao2 with its correction
for small samples is equation 7, extrapolation is equation 18, all for incidence in sampling units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt8


@dataclass(frozen=True)
class Incidence:
    """How many neurons are active in how many of `documents`, and how the rare ones lie in documents.

    neurons      `[count]`      neurons that are active in exactly 0, 1, … documents
    singletons   `[document]`   neurons that are active in this document alone
    doubletons   `[document]`   neurons that are active in this document and exactly one other
    """

    documents: int
    neurons: Int64[np.ndarray, " count"]
    singletons: Int64[np.ndarray, " document"]
    doubletons: Int64[np.ndarray, " document"]

    @classmethod
    def of(cls, bits: UInt8[np.ndarray, "neuron octet"], documents: int) -> Incidence:
        """Count bits that are packed along documents, little order; those behind the last one are zero."""
        counts = count_documents(bits)
        found = [
            np.unpackbits(bits[counts == times], axis=1, count=documents, bitorder="little").sum(
                axis=0, dtype=np.int64
            )
            for times in (1, 2)
        ]
        return cls(documents, np.bincount(counts, minlength=documents + 1), *found)

    def __add__(self, other: Incidence) -> Incidence:
        """Return the incidence of two sets of neurons together, over the same documents."""
        return Incidence(
            self.documents,
            self.neurons + other.neurons,
            self.singletons + other.singletons,
            self.doubletons + other.doubletons,
        )

    @property
    def total(self) -> int:
        """Neurons in all."""
        return int(self.neurons.sum())

    @property
    def dead(self) -> int:
        """Neurons that are active in no document."""
        return int(self.neurons[0])

    @property
    def once(self) -> int:
        """Neurons that are active in exactly one document."""
        return int(self.singletons.sum())

    @property
    def twice(self) -> int:
        """Neurons that are active in exactly two documents."""
        return int(self.doubletons.sum()) // 2

    def rarefy(self, read: Int64[np.ndarray, " point"]) -> Float64[np.ndarray, " point"]:
        """Return the expected share of neurons that are active in none of so many documents, drawn at random.

        Parameters
        ----------
        read
            numbers of documents, 0 to all
        """
        factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, self.documents + 1)))])
        active = np.flatnonzero(self.neurons)
        others = self.documents - active
        left = others[None, :] - read[:, None]
        # The share of draws that miss all documents of a neuron: C(T - y, t) / C(T, t).
        logarithm = (
            factorials[others]
            - factorials[np.maximum(left, 0)]
            + factorials[self.documents - read][:, None]
            - factorials[self.documents]
        )
        missed = np.where(left >= 0, np.exp(logarithm), 0.0)
        share: Float64[np.ndarray, " point"] = missed @ self.neurons[active] / self.total
        return share

    def wakes_ever(self) -> float:
        """Return how many dead neurons any amount of such text would wake: Chao2's lower bound."""
        unseen = chao2(np.array([self.once]), np.array([self.twice]), self.documents)
        return float(min(unseen[0], self.dead))

    def wakes(self, further: int) -> float:
        """Return how many dead neurons so many further documents are expected to wake."""
        share = woken_share(
            np.array([self.once]), np.array([self.twice]), self.documents, further, self.dead
        )
        return float(share[0] * self.once)


def count_documents(bits: UInt8[np.ndarray, "neuron octet"]) -> Int64[np.ndarray, " neuron"]:
    """Return in how many documents each neuron is active."""
    counts: Int64[np.ndarray, " neuron"] = np.bitwise_count(bits).sum(axis=1, dtype=np.int64)
    return counts


def chao2(once: np.ndarray, twice: np.ndarray, documents: int) -> Float64[np.ndarray, " replicate"]:
    """Return how many that are in no document Chao2 infers from those in exactly one and exactly two."""
    corrected = once * np.maximum(once - 1, 0) / 2
    usual = once**2 / (2 * np.maximum(twice, 1))
    share = (documents - 1) / documents
    unseen: Float64[np.ndarray, " replicate"] = share * np.where(twice > 0, usual, corrected)
    return unseen


def woken_share(
    once: np.ndarray, twice: np.ndarray, documents: int, further: int, dead: int
) -> Float64[np.ndarray, " replicate"]:
    """Return how many further documents would wake, as a share of those that are active in exactly one.

    Parameters
    ----------
    once, twice
        neurons that are active in exactly one and exactly two documents, of each replicate
    documents
        documents read
    further
        documents to come
    dead
        neurons that there are to wake
    """
    unseen = np.minimum(chao2(once, twice, documents), dead)
    seen = np.maximum(once, 1)
    rate = seen / (documents * np.maximum(unseen, 1e-300) + seen)
    woken = unseen * -np.expm1(further * np.log1p(-np.minimum(rate, 1 - 1e-16)))
    share: Float64[np.ndarray, " replicate"] = np.where(once > 0, woken / seen, 0.0)
    return share
