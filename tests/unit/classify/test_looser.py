"""Detectors of every layer under looser thresholds, against loops over every n-gram."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

from helpers.made.thresholds import ngram_thresholds
from helpers.oracles.counted_by_hand import made_model, seen_by
from helpers.oracles.ngrams_by_loop import LENGTHS, Ngram, Reading
from neuron_census.classify.ngrams.looser import measure_looser
from neuron_census.classify.ngrams.sensitivity import measure_sensitivity
from neuron_census.classify.thresholds import LooserThresholds
from neuron_census.errors import CensusError
from neuron_census.formats.tables.looser import LOOSER


@pytest.mark.parametrize(("coverage", "presence"), [(0.8, 0.8), (0.5, 0.9), (0.95, 0.5)])
@pytest.mark.parametrize("seed", range(3))
def test_every_number_equals_loops(seed: int, coverage: float, presence: float) -> None:
    layers, study, dead = made_model(random.Random(seed), neurons=9, tokens=150)
    counts, index = [layer.counts() for layer in layers], study.index()
    thresholds = ngram_thresholds(looser=LooserThresholds(coverage, presence))
    found = measure_looser(counts, index, thresholds, dead)
    assert found.schema == LOOSER.schema and len(found) == 3 * len(layers)
    seen = seen_by(layers, study, dead)
    reading = Reading(coverage, thresholds.max_cover, presence, 1, "mean")
    so_far: dict[int, set[Ngram]] = {n: set() for n in LENGTHS.values()}
    names = {n: name for name, n in LENGTHS.items()}
    for layer, n, given, present, detectors, detected, cumulative in found.iter_rows():
        assert (given, present) == (coverage, presence)
        ngrams: set[Ngram] = set()
        number = 0
        for (neuron, size), counted in seen.activations.items():
            if size != n or neuron[0] != layer or neuron not in seen.alive:
                continue
            if reading.detects(names[n], counted, seen.occurrences[n]):
                number += 1
                ngrams |= reading.covered(counted, seen.occurrences[n])
        so_far[n] |= ngrams
        assert (detectors, detected, cumulative) == (number, len(ngrams), len(so_far[n]))
    assert found["detectors"].sum() > 0, "there is something to compare"


def test_the_whole_model_has_what_the_sensitivity_table_says() -> None:
    layers, study, dead = made_model(random.Random(7), neurons=30)
    counts, index = [layer.counts() for layer in layers], study.index()
    by_layer = measure_looser(counts, index, ngram_thresholds(), dead)
    sensitivity = measure_sensitivity(counts, index, ngram_thresholds(), dead).filter(
        coverage=0.8, presence=0.8, min_occurrences=1
    )
    whole = by_layer.group_by("n").agg(pl.col("detectors").sum(), pl.col("cumulative").last())
    assert whole.sort("n").rows() == sensitivity.select("n", "detectors", "covered_ngrams").rows()


def test_without_detectors_there_are_noughts() -> None:
    layers, study, dead = made_model(random.Random(7))
    counts, index = [layer.counts() for layer in layers], study.index()
    found = measure_looser(counts, index, ngram_thresholds(), np.ones_like(dead))
    assert found["detectors"].sum() == found["cumulative"].sum() == 0


def test_a_presence_below_what_is_kept_is_refused() -> None:
    layers, study, dead = made_model(random.Random(7))
    counts, index = [layer.counts() for layer in layers], study.index()
    thresholds = ngram_thresholds(looser=LooserThresholds(0.8, 0.2))
    with pytest.raises(CensusError, match=r"presence: found 0\.2"):
        measure_looser(counts, index, thresholds, dead)
