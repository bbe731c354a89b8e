"""What layers detect, and what of it is new: by hand, and as sets."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from helpers.made.tables import Detector, Layer, Ngram, made_model
from neuron_census.draw.detected_ngrams import detected, detected_by_layer
from neuron_census.draw.model_tables import ModelTables
from neuron_census.errors import CensusError
from neuron_census.formats.tables.vocabulary import NGRAMS


def tokens(*several: int) -> list[Ngram]:
    return [(token,) for token in several]


def by_hand() -> ModelTables:
    """Three analysed layers of which the middle one has no detector of tokens, one of bigrams."""
    first = [
        Detector(1, tokens(5, 6), chance=tokens(99)),
        Detector(4, tokens(6, 7)),
    ]
    last = [Detector(0, tokens(7, 8))]
    return made_model(
        "by-hand",
        [
            Layer({"unigram": first}),
            Layer({"bigram": [Detector(2, [(5, 6), (6, 5)])]}),
            Layer({"unigram": last, "bigram": [Detector(2, [(5, 6), (7, 7)])]}),
        ],
    )


def test_what_layers_detect_by_hand() -> None:
    tables = by_hand()
    found = detected_by_layer(tables.census, tables.covered, "unigram")
    # Layer, detectors, detected, cumulative, new overall, new to the layer below.
    assert found.rows() == [(0, 2, 3, 3, 3, 3), (1, 0, 0, 3, 0, 0), (2, 1, 2, 4, 1, 2)]
    found = detected_by_layer(tables.census, tables.covered, "bigram")
    assert found.rows() == [(0, 0, 0, 0, 0, 0), (1, 1, 2, 2, 2, 2), (2, 1, 2, 3, 1, 1)]
    assert detected_by_layer(tables.census, tables.covered, "trigram")["detected"].sum() == 0


def test_covered_ngrams_of_a_neuron_that_is_not_a_detector_do_not_count() -> None:
    tables = by_hand()
    census = tables.census.with_columns(
        pl.when((pl.col("layer") == 0) & (pl.col("neuron") == 4))
        .then(False)
        .otherwise("unigram_detector")
        .alias("unigram_detector")
    )
    found = detected_by_layer(census, tables.covered, "unigram")
    assert found.rows() == [(0, 1, 2, 2, 2, 2), (1, 0, 0, 2, 0, 0), (2, 1, 2, 4, 2, 2)]


def test_a_detector_of_another_length_detects_no_tokens() -> None:
    bigrams = Detector(2, [(5, 6)])
    layer = Layer({"bigram": [bigrams]}, near={"unigram": [Detector(2, tokens(5))]})
    tables = made_model("m", [layer])
    assert tables.covered["n"].to_list() == [1, 2], "the neuron covers a token, too"
    assert detected(tables.census, tables.covered)["n"].to_list() == [2]
    found = detected_by_layer(tables.census, tables.covered, "unigram")
    assert found.rows() == [(0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize("ngram", NGRAMS)
def test_what_layers_detect_equals_sets(ngram: str) -> None:
    # Many detectors of few tokens: much is detected again.
    generator = np.random.default_rng(3)
    n = NGRAMS.index(ngram) + 1
    layers = []
    sets: list[set[Ngram]] = []
    for _ in range(6):
        several = [
            Detector(
                neuron,
                [
                    tuple(row)
                    for row in np.unique(generator.integers(0, 4, (3, n)), axis=0).tolist()
                ],
            )
            for neuron in range(int(generator.integers(0, 4)))
        ]
        layers.append(Layer({ngram: several}))
        sets.append({found for detector in several for found in detector.ngrams})
    tables = made_model("a", layers)
    below: set[Ngram] = set()
    for layer, row in enumerate(
        detected_by_layer(tables.census, tables.covered, ngram).rows(named=True)
    ):
        own, previous = sets[layer], sets[layer - 1] if layer else set()
        assert row["detected"] == len(own)
        assert row["new_overall"] == len(own - below)
        assert row["new_to_previous"] == len(own - previous)
        below |= own
        assert row["cumulative"] == len(below)
    assert layer == 5


def test_a_census_without_the_study_says_so() -> None:
    tables = by_hand()
    bare = tables.census.select("layer", "neuron", "dead")
    with pytest.raises(CensusError, match=r"unigram_activations.*study 'ngrams'"):
        detected_by_layer(bare, tables.covered, "unigram")
