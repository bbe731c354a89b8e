"""N-grams, detectors and suppression by their definitions: loops, counters and fractions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import polars as pl

from helpers.oracles.brute_force import active_tokens
from neuron_census.checkpoint.checkpoint import Checkpoint

LENGTHS = {"unigram": 1, "bigram": 2, "trigram": 3}
KEPT_TRIGGERS = 64

Ngram = tuple[int, ...]
Neuron = tuple[int, int]


@dataclass(frozen=True)
class Seen:
    """The n-grams of a study by n, those that activate each (layer, neuron), and which neurons are alive."""

    occurrences: Mapping[int, Counter[Ngram]]
    activations: Mapping[tuple[Neuron, int], Counter[Ngram]]
    alive: set[Neuron]


def seen_in(checkpoint: Path, windows: pl.DataFrame) -> Seen:
    """Return what is seen at every place but the BOS when windows go through plain transformers."""
    occurrences: dict[int, Counter[Ngram]] = {n: Counter() for n in LENGTHS.values()}
    activations: dict[tuple[Neuron, int], Counter[Ngram]] = {}
    alive: set[Neuron] = set()
    for row, activity in zip(
        windows.iter_rows(named=True), active_tokens(checkpoint, windows), strict=True
    ):
        for place in range(1, row["length"]):
            ngrams = {
                n: tuple(row["tokens"][place - n + 1 : place + 1])
                for n in LENGTHS.values()
                if row["ngrams"] and place >= n
            }
            for n, ngram in ngrams.items():
                occurrences[n][ngram] += 1
            for layer, active in enumerate(activity):
                for index in np.flatnonzero(active[place]).tolist():
                    if row["dead"]:
                        alive.add((layer, index))
                    for n, ngram in ngrams.items():
                        activations.setdefault(((layer, index), n), Counter())[ngram] += 1
    return Seen(occurrences, activations, alive)


@dataclass(frozen=True)
class Reading:
    """Thresholds, as `classify.ngrams` of a config has them."""

    coverage: float
    max_cover: Mapping[str, int]
    presence: float
    min_occurrences: int
    suppression: str

    def cover(self, counts: Counter[Ngram]) -> int:
        """Return the size of the cover: the fewest n-grams that hold the coverage of all activations."""
        wanted, held = Fraction(str(self.coverage)) * counts.total(), 0
        for size, count in enumerate(sorted(counts.values(), reverse=True), start=1):
            held += count
            if held >= wanted:
                return size
        raise AssertionError("all of them hold all of it")

    def covered(self, counts: Counter[Ngram], occurrences: Counter[Ngram]) -> set[Ngram]:
        """Return the n-grams that occur often enough and activate the neuron often enough."""
        presence = Fraction(str(self.presence))
        return {
            ngram
            for ngram, count in counts.items()
            if occurrences[ngram] >= self.min_occurrences
            and count * presence.denominator >= presence.numerator * occurrences[ngram]
        }

    def detects(self, name: str, counts: Counter[Ngram], occurrences: Counter[Ngram]) -> bool:
        """Return whether a neuron that is alive meets the three conditions of a detector."""
        if not counts or self.cover(counts) > self.max_cover[name]:
            return False
        held = sum(counts[ngram] for ngram in self.covered(counts, occurrences))
        return held >= Fraction(str(self.coverage)) * counts.total()

    def suppresses(self, values: list[float]) -> bool:
        """Return whether projections count as negative."""
        negative = sum(value < 0 for value in values)
        return {
            "mean": fmean(values) < 0,
            "all": negative == len(values),
            "majority": 2 * negative > len(values),
        }[self.suppression]


READINGS = {
    "as the paper": Reading(0.95, {"unigram": 5, "bigram": 50, "trigram": 50}, 0.95, 1, "mean"),
    "looser": Reading(0.8, {"unigram": 8, "bigram": 64, "trigram": 20}, 0.6, 2, "majority"),
    "strict": Reading(0.99, {"unigram": 3, "bigram": 4, "trigram": 2}, 1.0, 3, "all"),
}


def census_columns(seen: Seen, reading: Reading, neuron: Neuron) -> dict[str, Any]:
    """Return the n-gram columns of a neuron in an analysed layer, without those about suppression."""
    columns: dict[str, Any] = {}
    for name, n in LENGTHS.items():
        counts = seen.activations.get((neuron, n), Counter())
        columns |= {
            f"{name}_activations": counts.total(),
            f"{name}_distinct": len(counts),
            f"{name}_cover": reading.cover(counts) if counts else None,
            f"{name}_detector": neuron in seen.alive
            and reading.detects(name, counts, seen.occurrences[n]),
        }
    return columns


def token_detectors(seen: Seen, reading: Reading, analysed: int) -> dict[Neuron, set[int]]:
    """Return the covered tokens of every token detector of the first `analysed` layers."""
    found: dict[Neuron, set[int]] = {}
    for neuron in sorted(seen.alive):
        counts = seen.activations.get((neuron, 1), Counter())
        if neuron[0] < analysed and reading.detects("unigram", counts, seen.occurrences[1]):
            covered = reading.covered(counts, seen.occurrences[1])
            found[neuron] = {token for (token,) in covered}
    return found


def detected(seen: Seen, reading: Reading, name: str, analysed: int) -> tuple[int, int]:
    """Return how many detectors there are, and how many n-grams any of them covers."""
    n, detectors, union = LENGTHS[name], 0, set[Ngram]()
    for neuron in seen.alive:
        counts = seen.activations.get((neuron, n), Counter())
        if neuron[0] < analysed and reading.detects(name, counts, seen.occurrences[n]):
            detectors += 1
            union |= reading.covered(counts, seen.occurrences[n])
    return detectors, len(union)


def trigger_rows(
    seen: Seen, reading: Reading, neuron: Neuron
) -> list[tuple[int, Ngram, int, int, bool]]:
    """Return the triggers of a neuron: n, n-gram, activations, occurrences, covered; the most frequent first."""
    rows: list[tuple[int, Ngram, int, int, bool]] = []
    for name, n in LENGTHS.items():
        counts, occurrences = seen.activations.get((neuron, n), Counter()), seen.occurrences[n]
        if neuron not in seen.alive:
            continue
        covered = reading.covered(counts, occurrences)
        kept = None if reading.detects(name, counts, occurrences) else KEPT_TRIGGERS
        ranked = sorted(counts, key=lambda ngram: (-counts[ngram], ngram))[:kept]
        rows += [(n, each, counts[each], occurrences[each], each in covered) for each in ranked]
    return rows


def projections_of(checkpoint: Path, vocabulary: int, neuron: Neuron) -> list[float]:
    """Return `E @ (project_out @ w)` in float64, for the tokens of the tokenizer."""
    layer, index = neuron
    source = Checkpoint.open(checkpoint)
    row = source.tensor(f"layers.{layer}.fc2.weight").double().numpy()[:, index]
    if "project_out.weight" in source.tensors:
        row = source.tensor("project_out.weight").double().numpy() @ row
    embedding = source.tensor("embed_tokens.weight").double().numpy()
    return [float(np.dot(embedding[token], row)) for token in range(vocabulary)]


def percentile(values: list[float], token: int) -> float:
    """Return the place of a token by its projection, from 0 to 1; equal ones share theirs."""
    # What float32 takes for equal is equal: sums in another order may differ in their last digit.
    stored = [np.float32(value) for value in values]
    below = sum(value < stored[token] for value in stored)
    others = sum(value == stored[token] for value in stored) - 1
    return float((below + others / 2) / (len(stored) - 1))


def suppression_columns(values: list[float], tokens: set[int], reading: Reading) -> dict[str, Any]:
    """Return the columns of the census that say what a token detector does to its tokens."""
    own = [values[token] for token in tokens]
    negative = sum(value < 0 for value in own)
    return {
        "suppression": fmean(own),
        "suppresses": reading.suppresses(own),
        "suppression_all_negative": negative == len(own),
        "suppression_majority_negative": 2 * negative > len(own),
        "suppression_percentile": median(percentile(values, token) for token in tokens),
    }
