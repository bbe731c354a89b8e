"""A study's numbered n-grams and the counts of layers, made from activity with counters."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
import zarr
from jaxtyping import Bool, Int64
from zarr.storage import MemoryStore

from helpers.oracles.ngrams_by_loop import Ngram, Seen
from neuron_census.formats.ngram_counts import EXACTNESS, NgramCounts, Profile
from neuron_census.formats.ngram_index import SIZES, NgramIndex, create

DIGEST = "these windows"


def offsets_of(rows: Sequence[Sequence[object]]) -> Int64[np.ndarray, " bound"]:
    return np.cumsum([0, *map(len, rows)], dtype=np.int64)


def profile_of(neurons: Sequence[Sequence[int]]) -> Profile:
    """Return the profile of neurons whose n-grams have these counts."""
    grouped = [
        [(count, len(list(same))) for count, same in groupby(sorted(counts, reverse=True))]
        for counts in neurons
    ]
    flat = np.array([entry for neuron in grouped for entry in neuron], dtype=np.int64)
    flat = flat.reshape(-1, 2)
    return Profile(offsets_of(grouped), flat[:, 0], flat[:, 1])


@dataclass(frozen=True)
class Study:
    """Windows of tokens, BOS left out."""

    windows: list[list[int]]

    def ngrams(self, n: int) -> list[Ngram | None]:
        """Return the n-gram that ends at each token of each window."""
        return [
            tuple(window[end - n : end]) if end >= n else None
            for window in self.windows
            for end in range(1, len(window) + 1)
        ]

    def counted(self, n: int) -> Counter[Ngram]:
        return Counter(ngram for ngram in self.ngrams(n) if ngram is not None)

    def index(self) -> NgramIndex:
        """Return the same n-grams, numbered."""
        store = zarr.open_group(MemoryStore(), mode="w")
        for n in SIZES:
            counted = sorted(self.counted(n).items())
            tokens = np.array([ngram for ngram, _ in counted], dtype=np.int32)
            create(store, f"tokens/{n}", tokens.reshape(-1, n), ("ngram", "token"))
            occurrences = np.array([count for _, count in counted])
            create(store, f"occurrences/{n}", occurrences, ("ngram",))
        return NgramIndex(Path("numbered"), store, DIGEST, vocabulary=300, shards=1)


@dataclass(frozen=True)
class MadeLayer:
    """Counts of one layer, from the activity of its neurons at every token."""

    layer: int
    study: Study
    active: Bool[np.ndarray, "neuron token"]

    @cached_property
    def counters(self) -> dict[int, list[Counter[Ngram]]]:
        """By n, for each neuron: which n-grams activate it, and how often."""
        ngrams = {n: self.study.ngrams(n) for n in SIZES}
        return {
            n: [
                Counter(
                    ngram
                    for ngram, is_active in zip(ngrams[n], activity, strict=True)
                    if is_active and ngram is not None
                )
                for activity in self.active
            ]
            for n in SIZES
        }

    def counts(self) -> NgramCounts:
        """Return the same counts, as they are stored."""
        store = zarr.open_group(MemoryStore(), mode="w")
        for n in SIZES:
            for name, values in self._arrays(n).items():
                create(store, f"{n}/{name}", values, ("entry",))
        path = Path(f"layer {self.layer}")
        return NgramCounts(path, store, self.layer, len(self.active), DIGEST, EXACTNESS)

    def _arrays(self, n: int) -> dict[str, np.ndarray]:
        profile = profile_of([list(counts.values()) for counts in self.counters[n]])
        occurrences = self.study.counted(n)
        number = {ngram: place for place, ngram in enumerate(sorted(occurrences))}
        rows: list[list[tuple[int, int]]] = []
        all_kept: list[bool] = []
        for counts in self.counters[n]:
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            covering = sum(count for _, count in ranked[: EXACTNESS.cover])
            present = sum(
                count for ngram, count in ranked if count >= EXACTNESS.presence * occurrences[ngram]
            )
            all_kept.append(0 < EXACTNESS.coverage * counts.total() <= min(covering, present))
            ranked = ranked if all_kept[-1] else ranked[: EXACTNESS.triggers]
            rows.append([(number[ngram], count) for ngram, count in ranked])
        flat = np.array([entry for row in rows for entry in row], dtype=np.int32).reshape(-1, 2)
        return {
            "activations": np.array([counts.total() for counts in self.counters[n]]),
            "distinct": np.array([len(counts) for counts in self.counters[n]]),
            "profile_offsets": profile.offsets,
            "profile_counts": profile.counts,
            "profile_multiplicity": profile.multiplicity,
            "trigger_offsets": offsets_of(rows),
            "trigger_ids": flat[:, 0],
            "trigger_activations": flat[:, 1],
            "all_kept": np.array(all_kept, dtype=np.bool_),
        }


def made_model(
    drawn: random.Random, *, layers: int = 2, neurons: int = 10, tokens: int = 400
) -> tuple[list[MadeLayer], Study, Bool[np.ndarray, "layer neuron"]]:
    """Return layers with many kinds of neurons, their study, and which neurons are dead.

    Neurons detect chosen n-grams more or less faithfully, or are active by chance, or on everything. Some
    that are active here count as dead.
    """
    windows: list[list[int]] = []
    while sum(map(len, windows)) < tokens:
        # Squared: some tokens are rare.
        window = [int(7 * drawn.random() ** 2) for _ in range(drawn.randint(1, 30))]
        windows.append(window)
    study = Study(windows)
    made = [MadeLayer(layer, study, _activity(drawn, study, neurons)) for layer in range(layers)]
    dead = np.array([[drawn.random() < 0.1 for _ in range(neurons)] for _ in range(layers + 1)])
    return made, study, dead


def _activity(drawn: random.Random, study: Study, neurons: int) -> Bool[np.ndarray, "neuron token"]:
    rows: list[list[bool]] = []
    for _ in range(neurons):
        n = drawn.choice(SIZES)
        ngrams = study.ngrams(n)
        known = sorted(study.counted(n))
        chosen = set(drawn.sample(known, min(len(known), drawn.choice([0, 1, 2, 5, 50, 1000]))))
        faith, noise = drawn.choice([0.6, 0.95, 1.0]), drawn.choice([0.0, 0.0, 0.002, 0.05])
        rows.append([drawn.random() < (faith if ngram in chosen else noise) for ngram in ngrams])
    return np.array(rows)


def seen_by(
    layers: Sequence[MadeLayer], study: Study, dead: Bool[np.ndarray, "layer neuron"]
) -> Seen:
    """Return the same as loops over all tokens would."""
    return Seen(
        {n: study.counted(n) for n in SIZES},
        {
            ((counts.layer, neuron), n): counted
            for counts in layers
            for n in SIZES
            for neuron, counted in enumerate(counts.counters[n])
        },
        {(layer, neuron) for layer, neuron in np.argwhere(~dead).tolist()},
    )
