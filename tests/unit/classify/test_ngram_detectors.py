"""The three conditions of a detector, by hand, and thresholds that ask for too much."""

from __future__ import annotations

import math

import numpy as np
import pytest

from helpers.made.thresholds import ngram_thresholds
from neuron_census.classify.ngrams.detectors import (
    activations_held,
    are_covered,
    are_detectors,
    require_exact,
)
from neuron_census.classify.thresholds import NgramThresholds
from neuron_census.errors import CensusError
from neuron_census.formats.ngram_counts import EXACTNESS


def test_ngrams_are_covered_from_the_border_on() -> None:
    activations = np.array([19, 18, 1, 5, 95, 94])
    occurrences = np.array([20, 20, 1, 5, 100, 100])
    covered = are_covered(activations, occurrences, 0.95, 1)
    assert covered.tolist() == [True, False, True, True, True, False]
    covered = are_covered(activations, occurrences, 0.95, 5)
    assert covered.tolist() == [True, False, False, True, True, False]
    assert are_covered(activations, occurrences, 1.0, 1).sum() == 2


def test_activations_at_chosen_ngrams_are_summed_by_neuron() -> None:
    chosen = np.array([True, False, True, True, False])
    offsets = np.array([0, 0, 3, 3, 5, 5])
    held = activations_held(chosen, np.array([5, 4, 3, 2, 1]), offsets)
    assert held.tolist() == [0, 8, 0, 2, 0]


def test_each_condition_by_itself_decides() -> None:
    cover = np.array([5, 6, 5, 0, 5])
    held = np.array([19, 20, 18, 0, 20])
    activations = np.array([20, 20, 20, 0, 20])
    found = are_detectors(cover, held, activations, coverage=0.95, max_cover=5)
    # On the border; too large a cover; too little held; never active; well inside.
    assert found.tolist() == [True, False, False, False, True]


@pytest.mark.parametrize(
    "thresholds",
    [
        ngram_thresholds(),
        ngram_thresholds(coverage=0.5, presence=0.5),
        ngram_thresholds(coverage=1.0, presence=1.0, min_occurrences=20),
        ngram_thresholds(max_cover={"unigram": 64, "bigram": 0, "trigram": 1}),
    ],
)
def test_what_is_kept_may_be_asked_for(thresholds: NgramThresholds) -> None:
    require_exact(thresholds, EXACTNESS)


COVERS = {"unigram": 5, "bigram": 50, "trigram": 50}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"coverage": 0.49}, "classify.ngrams.coverage: found 0.49, expected 0.5 to 1"),
        ({"coverage": 1.01}, "classify.ngrams.coverage: found 1.01, expected 0.5 to 1"),
        ({"coverage": math.nan}, "classify.ngrams.coverage: found nan"),
        ({"presence": 0.4}, "classify.ngrams.presence: found 0.4, expected 0.5 to 1"),
        ({"max_cover": COVERS | {"bigram": 65}}, "max_cover.bigram: found 65, expected 0 to 64"),
        ({"max_cover": COVERS | {"unigram": -1}}, "max_cover.unigram: found -1"),
        ({"min_occurrences": 0}, "classify.ngrams.min_occurrences: found 0, expected 1 or more"),
    ],
)
def test_looser_thresholds_are_refused_by_name(change: dict[str, object], said: str) -> None:
    with pytest.raises(CensusError) as caught:
        require_exact(ngram_thresholds(**change), EXACTNESS)
    assert said in str(caught.value)
