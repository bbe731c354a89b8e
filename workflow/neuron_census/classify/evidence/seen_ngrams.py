"""How much of the n-grams of such text was seen: what detectors rest on."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from neuron_census.classify.evidence.coverage import SEED
from neuron_census.classify.thresholds import EvidenceThresholds
from neuron_census.formats.documents import StudyDocuments
from neuron_census.formats.ngram_index import NONE, SIZES, NgramIndex
from neuron_census.formats.tables.coverage import SEEN_NGRAMS
from neuron_census.formats.windows import Windows


def measure_seen_ngrams(
    index: NgramIndex, table: Windows, thresholds: EvidenceThresholds
) -> pl.DataFrame:
    """Return one row per length of n-grams.

    Parameters
    ----------
    index
        the numbered n-grams of the study
    table
        the windows that they were numbered in
    thresholds
        the confidence of intervals, and the replicates behind them
    """
    documents = StudyDocuments.of(table, "ngrams")
    of_position = {
        shard: np.repeat(documents.of_shard(shard), documents.lengths_of_shard(shard))
        for shard in range(index.shards)
    }
    rows = [_row(index, n, of_position, len(documents), thresholds) for n in SIZES]
    return pl.DataFrame(rows, schema=SEEN_NGRAMS.schema)


def _row(
    index: NgramIndex,
    n: int,
    of_position: dict[int, Int64[np.ndarray, " position"]],
    documents: int,
    thresholds: EvidenceThresholds,
) -> dict[str, Any]:
    distinct = index.distinct(n)
    first, last = np.full(distinct, documents), np.full(distinct, -1)
    held = np.zeros(documents, dtype=np.int64)
    for shard, document in of_position.items():
        ids = index.ids(n, shard)
        there = ids != NONE
        np.minimum.at(first, ids[there], document[there])
        np.maximum.at(last, ids[there], document[there])
        held += np.bincount(document[there], minlength=documents)
    # Without its one document such an n-gram would be new in it, at every occurrence.
    alone = first == last
    new = np.bincount(
        first[alone], weights=index.occurrences(n)[alone], minlength=documents
    ).astype(np.int64)
    lower, upper = _interval(new, held, thresholds)
    return {
        "n": n,
        "documents": int((held > 0).sum()),
        "occurrences": int(held.sum()),
        "distinct": distinct,
        "seen": distinct / float(index.vocabulary) ** n,
        "new": float(new.sum() / held.sum()) if held.any() else None,
        "new_lower": lower,
        "new_upper": upper,
    }


def _interval(
    new: Int64[np.ndarray, " document"],
    held: Int64[np.ndarray, " document"],
    thresholds: EvidenceThresholds,
) -> tuple[float | None, float | None]:
    """Return the interval of the share, by drawing documents anew."""
    if not held.any():
        return None, None
    generator = np.random.default_rng(SEED)
    shares: Float64[np.ndarray, " replicate"] = np.empty(thresholds.replicates)
    for replicate in range(thresholds.replicates):
        times = np.bincount(generator.integers(0, len(held), len(held)), minlength=len(held))
        shares[replicate] = (times @ new) / max(1, int(times @ held))
    tail = (1 - thresholds.confidence) / 2
    lower, upper = np.quantile(shares, [tail, 1 - tail])
    return float(lower), float(upper)
