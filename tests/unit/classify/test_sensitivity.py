"""Numbers of detectors under every choice of thresholds, against loops over every choice."""

from __future__ import annotations

import random

import numpy as np
import pytest

from helpers.made.thresholds import ngram_thresholds
from helpers.oracles.counted_by_hand import made_model, seen_by
from helpers.oracles.ngrams_by_loop import LENGTHS, Ngram, Reading
from neuron_census.classify.ngrams.census import classify_ngrams
from neuron_census.classify.ngrams.sensitivity import measure_sensitivity
from neuron_census.errors import CensusError
from neuron_census.formats.tables.sensitivity import SENSITIVITY

COVERS = [
    {"unigram": 5, "bigram": 50, "trigram": 50},
    {"unigram": 1, "bigram": 2, "trigram": 64},
    {"unigram": 64, "bigram": 0, "trigram": 3},
]


@pytest.mark.parametrize("seed", range(6))
def test_every_number_equals_loops(seed: int) -> None:
    layers, study, dead = made_model(random.Random(seed), neurons=7, tokens=150)
    counts, index = [layer.counts() for layer in layers], study.index()
    max_cover = COVERS[seed % 3]
    found = measure_sensitivity(counts, index, ngram_thresholds(max_cover=max_cover), dead)
    assert found.schema == SENSITIVITY.schema and len(found) == 3 * 5 * 6 * 3
    seen = seen_by(layers, study, dead)
    names = {n: name for name, n in LENGTHS.items()}
    for n, largest, coverage, presence, least, detectors, covered in found.iter_rows():
        reading = Reading(coverage, max_cover, presence, least, "mean")
        assert largest == max_cover[names[n]]
        ngrams: set[Ngram] = set()
        number = 0
        for (neuron, size), counted in seen.activations.items():
            if size != n or neuron not in seen.alive:
                continue
            if reading.detects(names[n], counted, seen.occurrences[n]):
                number += 1
                ngrams |= reading.covered(counted, seen.occurrences[n])
        assert (detectors, covered) == (number, len(ngrams)), reading
    assert found["detectors"].n_unique() > 3, "there is something to compare"


def test_the_configured_thresholds_find_what_the_census_has() -> None:
    layers, study, dead = made_model(random.Random(7), neurons=30)
    counts, index = [layer.counts() for layer in layers], study.index()
    census = classify_ngrams(counts, index, ngram_thresholds(), dead).columns
    found = measure_sensitivity(counts, index, ngram_thresholds(), dead)
    configured = found.filter(coverage=0.95, presence=0.95, min_occurrences=1)
    assert configured["detectors"].to_list() == [
        census[f"{size}_detector"].sum() for size in LENGTHS
    ]
    assert np.all(configured["covered_ngrams"].to_numpy() > 0)


def test_a_model_without_detectors_has_zeros() -> None:
    layers, study, dead = made_model(random.Random(7))
    counts, index = [layer.counts() for layer in layers], study.index()
    found = measure_sensitivity(counts, index, ngram_thresholds(), np.ones_like(dead))
    assert found["detectors"].sum() == found["covered_ngrams"].sum() == 0


def test_a_cover_beyond_what_is_kept_is_refused() -> None:
    layers, study, dead = made_model(random.Random(7))
    counts, index = [layer.counts() for layer in layers], study.index()
    thresholds = ngram_thresholds(max_cover={"unigram": 65, "bigram": 50, "trigram": 50})
    with pytest.raises(CensusError, match=r"max_cover\.unigram: found 65"):
        measure_sensitivity(counts, index, thresholds, dead)
