"""How the number of n-gram detectors changes with the thresholds: exact, from the same counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from neuron_census.classify.ngrams.census import sort_layers
from neuron_census.classify.ngrams.covers import cover_sizes
from neuron_census.classify.ngrams.detectors import (
    activations_held,
    are_covered,
    are_detectors,
    require_exact,
)
from neuron_census.classify.thresholds import NgramThresholds
from neuron_census.formats.ngram_counts import NgramCounts
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.tables.sensitivity import SENSITIVITY
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS
from neuron_census.progress import progress

COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99)
PRESENCES = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
LEAST_OCCURRENCES = (1, 5, 20)


def measure_sensitivity(
    layers: Sequence[NgramCounts],
    study: NgramIndex,
    thresholds: NgramThresholds,
    dead: Bool[np.ndarray, "layer neuron"],
) -> pl.DataFrame:
    """Count detectors, and the n-grams that any of them covers, for every choice of thresholds.

    Parameters
    ----------
    layers
        counts of the analysed layers
    study
        the n-grams that they were counted with
    thresholds
        of the config, from which `max_cover` is taken
    dead
        which neurons of the model are dead; dead neurons are no detectors

    Returns the columns of the table `SENSITIVITY`. Raises CensusError for a `max_cover` that the counts
    cannot answer, and for counts of other layers, another model or another study.
    """
    layers = sort_layers(layers, study, dead)
    loosest = replace(thresholds, coverage=min(COVERAGES), presence=min(PRESENCES))
    for counts in layers:
        require_exact(loosest, counts.limits)
    rows: list[tuple[object, ...]] = []
    steps = len(layers) * len(NGRAM_LENGTHS)
    with progress(what="varying thresholds", unit="layer", total=steps) as bar:
        for ngram, n in NGRAM_LENGTHS.items():
            tally = _Tally(study.occurrences(n), thresholds.max_cover[ngram])
            for counts in layers:
                tally.add(counts, n, dead[counts.layer])
                bar.update()
            rows += [(n, tally.max_cover, *row) for row in tally.rows()]
    return pl.DataFrame(rows, schema=SENSITIVITY.schema, orient="row")


class _Tally:
    """Detectors and covered n-grams of one length, for every choice, in the layers seen so far.

    A neuron that is a detector at some coverage is also one at every lower coverage: its cover is no
    larger there, and its covered n-grams hold more than they must. So one number says at how many of
    the coverages it is a detector, and likewise how many there are at which some detector covers an n-gram.
    """

    def __init__(self, occurrences: Int64[np.ndarray, " ngram"], max_cover: int) -> None:
        self.occurrences = occurrences
        self.max_cover = max_cover
        self.choices = list(product(PRESENCES, LEAST_OCCURRENCES))
        self.detectors = np.zeros((len(self.choices), len(COVERAGES) + 1), dtype=np.int64)
        self.levels = np.zeros((len(self.choices), len(occurrences)), dtype=np.uint8)

    def add(self, counts: NgramCounts, n: int, dead: Bool[np.ndarray, " neuron"]) -> None:
        """Add the neurons of one more layer."""
        triggers, profile = counts.triggers(n), counts.profile(n)
        covers = np.array([cover_sizes(profile, coverage) for coverage in COVERAGES])
        # Most neurons are no detectors for any choice, and are left out from here on.
        possible = triggers.all_kept & ~dead & (covers[0] > 0) & (covers[0] <= self.max_cover)
        covers, activations = covers[:, possible], counts.activations(n)[possible]
        entries = np.diff(triggers.offsets)
        of_possible = np.repeat(possible, entries)
        ids, active = triggers.ids[of_possible], triggers.activations[of_possible]
        entries = entries[possible]
        offsets = np.concatenate([[0], np.cumsum(entries)])
        occurrences = self.occurrences[ids]
        for place, (presence, least) in enumerate(self.choices):
            covered = are_covered(active, occurrences, presence, least)
            held = activations_held(covered, active, offsets)
            level = np.zeros(len(entries), dtype=np.uint8)
            for coverage, cover in zip(COVERAGES, covers, strict=True):
                level += are_detectors(
                    cover, held, activations, coverage=coverage, max_cover=self.max_cover
                )
            self.detectors[place] += np.bincount(level, minlength=len(COVERAGES) + 1)
            level_of_entry = np.where(covered, np.repeat(level, entries), np.uint8(0))
            np.maximum.at(self.levels[place], ids, level_of_entry)

    def rows(self) -> Iterator[tuple[float, float, int, int, int]]:
        """Yield coverage, presence, least occurrences, detectors and covered n-grams."""
        for level, coverage in enumerate(COVERAGES, start=1):
            for place, (presence, least) in enumerate(self.choices):
                detectors = int(self.detectors[place, level:].sum())
                ngrams = int(np.count_nonzero(self.levels[place] >= level))
                yield coverage, presence, least, detectors, ngrams
