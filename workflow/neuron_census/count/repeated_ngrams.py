"""The n-grams of a study as they are counted: only those that repeat need a counter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, Int64

from neuron_census.formats.ngram_index import NONE


@dataclass(frozen=True)
class RepeatedNgrams:
    """N-grams that occur more than once in the study, the most frequent first.

    `ngram_of` are their numbers in the study; `occurrences` says how often each occurs.
    """

    ngram_of: Int32[np.ndarray, " rank"]
    occurrences: Int32[np.ndarray, " rank"]


def rank_ngrams(
    ids: Int32[np.ndarray, " position"], occurrences: Int64[np.ndarray, " ngram"]
) -> tuple[Int32[np.ndarray, " position"], RepeatedNgrams]:
    """Number n-grams by their rank among those that repeat, so that counters of frequent ones are neighbours.

    Parameters
    ----------
    ids
        the n-gram that ends at each position; -1 where there is none
    occurrences
        how often each n-gram occurs in the study

    Returns
    -------
    The rank at each position, -1 where there is no n-gram, and -2 - i where n-gram i is, if that is
    the only place where it occurs; and the n-grams by rank.
    """
    repeat = np.flatnonzero(occurrences > 1)
    by_rank = repeat[np.argsort(-occurrences[repeat], kind="stable")].astype(np.int32)
    rank = np.arange(-2, -2 - len(occurrences), -1, dtype=np.int32)
    rank[by_rank] = np.arange(len(by_rank), dtype=np.int32)
    ranks: Int32[np.ndarray, " position"] = np.where(ids == NONE, np.int32(NONE), rank[ids])
    return ranks, RepeatedNgrams(by_rank, occurrences[by_rank].astype(np.int32))
