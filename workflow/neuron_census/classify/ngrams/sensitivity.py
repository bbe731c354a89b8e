"""How the number of n-gram detectors moves with the thresholds: exact, from the same counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from neuron_census.classify.ngrams.census import in_order
from neuron_census.classify.ngrams.covers import cover_sizes
from neuron_census.classify.ngrams.detectors import covered_ngrams, detects, held_by, require_kept
from neuron_census.classify.thresholds import NgramThresholds
from neuron_census.formats.ngram_counts import NgramCounts
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.tables import NGRAMS
from neuron_census.progress import progress

COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99)
PRESENCES = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
LEAST_OCCURRENCES = (1, 5, 20)

COLUMNS = {
    "n": pl.Int8(),
    "max_cover": pl.Int32(),
    "coverage": pl.Float64(),
    "presence": pl.Float64(),
    "min_occurrences": pl.Int32(),
    "detectors": pl.Int64(),
    "covered_ngrams": pl.Int64(),
}


def sensitivity(
    layers: Sequence[NgramCounts],
    study: NgramIndex,
    thresholds: NgramThresholds,
    dead: Bool[np.ndarray, "layer neuron"],
) -> pl.DataFrame:
    """Count detectors, and the n-grams that any of them covers, under every choice of thresholds.

    Parameters
    ----------
    layers
        counts of the analysed layers
    study
        the n-grams that they were counted with
    thresholds
        of the config, of which `max_cover` is kept
    dead
        which neurons of the model are dead: these are no detectors

    Returns columns n, max_cover, coverage, presence, min_occurrences, detectors, covered_ngrams. Raises
    CensusError for a `max_cover` that the counts cannot answer, and for counts of other layers, another
    model or another study.
    """
    layers = in_order(layers, study, dead)
    loosest = replace(thresholds, coverage=min(COVERAGES), presence=min(PRESENCES))
    for counts in layers:
        require_kept(loosest, counts.kept)
    rows: list[tuple[object, ...]] = []
    with progress(what="varying thresholds", unit="layer", total=len(layers) * len(NGRAMS)) as bar:
        for n, size in enumerate(NGRAMS, start=1):
            found = _Found(study.occurrences(n), thresholds.max_cover[size])
            for counts in layers:
                found.add(counts, n, dead[counts.layer])
                bar.update()
            rows += [(n, found.max_cover, *row) for row in found.rows()]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


class _Found:
    """Detectors and covered n-grams of one size, under every choice, of the layers seen so far.

    A neuron that is a detector at some coverage is one at every lower coverage, too: its cover is
    no larger there, and its covered n-grams hold more than they must. So one number says at how
    many of the coverages it is one, and likewise for each n-gram whether any detector covers it.
    """

    def __init__(self, occurrences: Int64[np.ndarray, " ngram"], max_cover: int) -> None:
        self.occurrences = occurrences
        self.max_cover = max_cover
        self.choices = list(product(PRESENCES, LEAST_OCCURRENCES))
        self.detectors = np.zeros((len(self.choices), len(COVERAGES) + 1), dtype=np.int64)
        self.levels = np.zeros((len(self.choices), len(occurrences)), dtype=np.uint8)

    def add(self, counts: NgramCounts, n: int, dead: Bool[np.ndarray, " neuron"]) -> None:
        """Look at the neurons of one more layer."""
        triggers, profile = counts.triggers(n), counts.profile(n)
        covers = np.array([cover_sizes(profile, coverage) for coverage in COVERAGES])
        # Most neurons are no detector under any choice, and are left out from here on.
        possible = triggers.all_kept & ~dead & (covers[0] > 0) & (covers[0] <= self.max_cover)
        covers, activations = covers[:, possible], counts.activations(n)[possible]
        entries = np.diff(triggers.offsets)
        kept = np.repeat(possible, entries)
        ids, active = triggers.ids[kept], triggers.activations[kept]
        entries = entries[possible]
        offsets = np.concatenate([[0], np.cumsum(entries)])
        occurrences = self.occurrences[ids]
        for place, (presence, least) in enumerate(self.choices):
            covered = covered_ngrams(active, occurrences, presence, least)
            held = held_by(covered, active, offsets)
            level = np.zeros(len(entries), dtype=np.uint8)
            for coverage, cover in zip(COVERAGES, covers, strict=True):
                level += detects(
                    cover, held, activations, coverage=coverage, max_cover=self.max_cover
                )
            self.detectors[place] += np.bincount(level, minlength=len(COVERAGES) + 1)
            level_of_entry = np.where(covered, np.repeat(level, entries), np.uint8(0))
            np.maximum.at(self.levels[place], ids, level_of_entry)

    def rows(self) -> Iterator[tuple[float, float, int, int, int]]:
        """Give coverage, presence, least occurrences, detectors and covered n-grams."""
        for level, coverage in enumerate(COVERAGES, start=1):
            for place, (presence, least) in enumerate(self.choices):
                detectors = int(self.detectors[place, level:].sum())
                ngrams = int(np.count_nonzero(self.levels[place] >= level))
                yield coverage, presence, least, detectors, ngrams
