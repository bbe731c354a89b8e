"""Detectors of every layer under looser thresholds, where those of small models begin: exact, from the same counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from jaxtyping import Bool

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
from neuron_census.formats.tables.looser import LOOSER
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS


def measure_looser(
    layers: Sequence[NgramCounts],
    study: NgramIndex,
    thresholds: NgramThresholds,
    dead: Bool[np.ndarray, "layer neuron"],
) -> pl.DataFrame:
    """Count the detectors of every layer, and what they detect, under `thresholds.looser`.

    Parameters
    ----------
    layers
        counts of the analysed layers
    study
        the n-grams that they were counted with
    thresholds
        of the config; `max_cover` and `min_occurrences` are those of its detectors
    dead
        which neurons of the model are dead; dead neurons are no detectors

    Returns the columns of the table `LOOSER`, layer by layer. Raises CensusError for thresholds that the
    counts cannot answer, and for counts of other layers, another model or another study.
    """
    layers = sort_layers(layers, study, dead)
    loose = replace(
        thresholds, coverage=thresholds.looser.coverage, presence=thresholds.looser.presence
    )
    for counts in layers:
        require_exact(loose, counts.limits)
    rows: list[tuple[object, ...]] = []
    for ngram, n in NGRAM_LENGTHS.items():
        occurrences = study.occurrences(n)
        so_far = np.zeros(len(occurrences), dtype=bool)
        for counts in layers:
            detectors, detected = _detected(
                counts, n, occurrences, loose, loose.max_cover[ngram], dead[counts.layer]
            )
            so_far[detected] = True
            rows.append(
                (
                    *(counts.layer, n, loose.coverage, loose.presence),
                    *(detectors, len(detected), int(so_far.sum())),
                )
            )
    return pl.DataFrame(rows, schema=LOOSER.schema, orient="row").sort("layer", "n")


def _detected(
    counts: NgramCounts,
    n: int,
    occurrences: np.ndarray,
    thresholds: NgramThresholds,
    max_cover: int,
    dead: Bool[np.ndarray, " neuron"],
) -> tuple[int, np.ndarray]:
    """Return how many detectors a layer has, and the ids of the n-grams that they cover."""
    triggers = counts.triggers(n)
    covered = are_covered(
        triggers.activations,
        occurrences[triggers.ids],
        thresholds.presence,
        thresholds.min_occurrences,
    )
    found = (
        are_detectors(
            cover_sizes(counts.profile(n), thresholds.coverage),
            activations_held(covered, triggers.activations, triggers.offsets),
            counts.activations(n),
            coverage=thresholds.coverage,
            max_cover=max_cover,
        )
        & triggers.all_kept
        & ~dead
    )
    of_detectors = np.repeat(found, np.diff(triggers.offsets))
    return int(found.sum()), np.unique(triggers.ids[of_detectors & covered])
