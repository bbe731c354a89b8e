"""What is kept of a neuron's n-grams, by a Counter; and the same from what counting returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from neuron_census.formats.ngram_counts import EXACTNESS

Ids = np.ndarray[Any, np.dtype[np.int32]]
Bits = np.ndarray[Any, np.dtype[np.bool_]]


def expected_of(active: Bits, ids: Ids, occurrences: Sequence[int]) -> dict[str, Any]:
    """Everything that is kept of one neuron, by the definitions."""
    counts = Counter(ids[active].tolist())
    counts.pop(-1, None)
    order = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    total = sum(counts.values())
    half = Fraction(str(EXACTNESS.coverage)) * total
    covering = sum(count for _, count in order[: EXACTNESS.cover])
    present = sum(
        count
        for ngram, count in order
        if count >= Fraction(str(EXACTNESS.presence)) * occurrences[ngram]
    )
    candidate = covering >= half and present >= half
    all_kept = candidate or len(order) <= EXACTNESS.triggers
    return {
        "activations": total,
        "distinct": len(counts),
        "profile": sorted(Counter(counts.values()).items(), reverse=True),
        "all_kept": all_kept,
        "triggers": order if all_kept else order[: EXACTNESS.triggers],
    }


def found_of(arrays: dict[str, Any], neuron: int) -> dict[str, Any]:
    """The same from what counting gives, offsets and all."""
    first, last = arrays["profile_offsets"][neuron : neuron + 2]
    profile = zip(
        arrays["profile_counts"][first:last].tolist(),
        arrays["profile_multiplicity"][first:last].tolist(),
        strict=True,
    )
    first, last = arrays["trigger_offsets"][neuron : neuron + 2]
    triggers = zip(
        arrays["trigger_ids"][first:last].tolist(),
        arrays["trigger_activations"][first:last].tolist(),
        strict=True,
    )
    return {
        "activations": int(arrays["activations"][neuron]),
        "distinct": int(arrays["distinct"][neuron]),
        "profile": list(profile),
        "all_kept": bool(arrays["all_kept"][neuron]),
        "triggers": list(triggers),
    }
