"""What documents say of every neuron and layer: columns of the census, and the coverage table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64, Int32, Int64

from neuron_census.classify.dead import Activity
from neuron_census.classify.evidence.coverage import (
    Halves,
    coverage_row,
    coverage_table,
    rate_upper,
)
from neuron_census.classify.evidence.incidence import Incidence, count_documents
from neuron_census.classify.thresholds import Thresholds
from neuron_census.formats.counts import Counts
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.table import NEURON


@dataclass(frozen=True)
class Evidence:
    """Columns of the census, one row per neuron, and the coverage table."""

    columns: pl.DataFrame
    coverage: pl.DataFrame


@dataclass(frozen=True)
class Margin:
    """The largest pre-activation of every neuron and where it was; `halves` are those of even and odd documents.

    value, window, position   `[layer, neuron]`
    halves                    `[half, layer, neuron]`
    """

    value: Float64[np.ndarray, "layer neuron"]
    window: Int32[np.ndarray, "layer neuron"]
    position: Int32[np.ndarray, "layer neuron"]
    halves: Float64[np.ndarray, "half layer neuron"]

    @classmethod
    def of(cls, store: Counts, *, count_bos: bool) -> Margin:
        """Read the margins, with or without the BOS of each window; of equal ones the first counts."""
        parts = {name: store.margins(name) for name in ("value", "window", "position")}
        places = 2 if count_bos else 1
        flat = {name: part[:places].reshape(-1, *part.shape[2:]) for name, part in parts.items()}
        # By value, then by window, then by position: the last of this order is the one.
        best = np.lexsort((-flat["position"], -flat["window"], flat["value"]), axis=0)[-1:]
        chosen = {name: np.take_along_axis(part, best, axis=0)[0] for name, part in flat.items()}
        return cls(**chosen, halves=parts["value"][:places].max(axis=0))


def classify_evidence(store: Counts, activity: Activity, thresholds: Thresholds) -> Evidence:
    """Say of every neuron in how many documents it is active, and of every layer how sure its dead are.

    Parameters
    ----------
    store
        the counts of a model, with documents
    activity
        activations in each domain
    thresholds
        of the census
    """
    given, count_bos = thresholds.evidence, thresholds.dead.count_bos
    margin = Margin.of(store, count_bos=count_bos)
    number = store.of_documents("number")
    even = number % 2 == 0
    alpha = 1 - given.confidence
    documents, incidences, halves, rows = [], [], [], []
    tokens = activity.total_tokens
    for layer in range(len(margin.value)):
        bits = store.document_bits(layer, count_bos=count_bos)
        documents.append(count_documents(bits))
        incidences.append(Incidence.of(bits, len(number)))
        halves.append(Halves.of(bits, even, margin.halves[0, layer]))
        alone = _woken_by(store, activity, activity.active[layer])
        rows.append(coverage_row(layer, incidences[-1], halves[-1], tokens, alone, given))
    together = np.concatenate(list(activity.active), axis=1)
    whole = reduce(add, incidences), reduce(add, halves)
    rows.append(coverage_row(None, *whole, tokens, _woken_by(store, activity, together), given))
    counts = np.stack(documents)
    bound = rate_upper(len(number), alpha)
    columns = pl.DataFrame(
        {
            **_places(counts),
            "documents": counts.reshape(-1),
            "margin": margin.value.reshape(-1),
            "margin_window": margin.window.reshape(-1),
            "margin_position": margin.position.reshape(-1),
            "dead_upper": np.where(counts == 0, bound, np.nan).reshape(-1),
        },
        schema=CENSUS.types(*NEURON, *CENSUS.optional["evidence"]),
    )
    return Evidence(columns.with_columns(pl.col("dead_upper").fill_nan(None)), coverage_table(rows))


def _places(counts: Int64[np.ndarray, "layer neuron"]) -> dict[str, np.ndarray]:
    layers, neurons = counts.shape
    return {
        "layer": np.repeat(np.arange(layers), neurons),
        "neuron": np.tile(np.arange(neurons), layers),
    }


def _woken_by(
    store: Counts, activity: Activity, active: Int64[np.ndarray, "domain neuron"]
) -> list[dict[str, Any]]:
    """Return for each domain how many neurons are active in it alone."""
    seen = active > 0
    alone = (seen & (seen.sum(axis=0) == 1)).sum(axis=1)
    documents = np.bincount(store.of_documents("domain"), minlength=len(store.domains))
    return [
        {
            "domain": domain,
            "documents": int(documents[number]),
            "tokens": int(activity.tokens[number]),
            "neurons": int(alone[number]),
        }
        for number, domain in enumerate(store.domains)
    ]
