"""Covers, detectors and triggers against loops over every token."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Bool

from helpers.made.checkpoints import make_tokenizer
from helpers.made.thresholds import ngram_thresholds
from helpers.oracles import ngrams_by_loop
from helpers.oracles.counted_by_hand import MadeLayer, Study, made_model, seen_by
from helpers.oracles.ngrams_by_loop import Reading, census_columns, token_detectors, trigger_rows
from neuron_census.classify.ngrams import census as ngram_census
from neuron_census.classify.ngrams.census import COLUMNS, NgramCensus, classify_ngrams
from neuron_census.errors import CensusError
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.tokenizer.token_text import TokenText

READINGS = st.builds(
    Reading,
    coverage=st.sampled_from([0.5, 0.6, 0.8, 0.95, 0.99, 1.0]),
    max_cover=st.fixed_dictionaries(
        {size: st.sampled_from([1, 5, 50, 64]) for size in ("unigram", "bigram", "trigram")}
    ),
    presence=st.sampled_from([0.5, 0.75, 0.95, 1.0]),
    min_occurrences=st.sampled_from([1, 1, 2, 20]),
    suppression=st.just("mean"),
)
PAPER = ngrams_by_loop.READINGS["as the paper"]
DRAWN = st.integers(0, 1 << 30).map(random.Random)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> TokenText:
    return TokenText.open(make_tokenizer(tmp_path_factory.mktemp("tokenizer")))


def classified(
    layers: list[MadeLayer], study: Study, dead: Bool[np.ndarray, "layer neuron"], reading: Reading
) -> NgramCensus:
    thresholds = ngram_thresholds(
        coverage=reading.coverage,
        max_cover=reading.max_cover,
        presence=reading.presence,
        min_occurrences=reading.min_occurrences,
    )
    return classify_ngrams([layer.counts() for layer in layers], study.index(), thresholds, dead)


@settings(deadline=None, max_examples=20)
@given(DRAWN, READINGS)
def test_every_column_equals_loops(drawn: random.Random, reading: Reading) -> None:
    layers, study, dead = made_model(drawn)
    found = classified(layers[::-1], study, dead, reading)
    seen = seen_by(layers, study, dead)
    expected = [
        {"layer": layer, "neuron": neuron}
        | (census_columns(seen, reading, (layer, neuron)) if layer < len(layers) else {})
        for layer in range(len(dead))
        for neuron in range(dead.shape[1])
    ]
    assert found.columns.equals(pl.DataFrame(expected, schema=COLUMNS))
    detectors = token_detectors(seen, reading, len(layers))
    assert {
        (layer, neuron): tokens for layer, neuron, tokens in found.token_detectors.iter_rows()
    } == {neuron: sorted(tokens) for neuron, tokens in detectors.items()}


@settings(deadline=None, max_examples=12)
@given(DRAWN, READINGS)
def test_every_trigger_equals_loops(
    text: TokenText, drawn: random.Random, reading: Reading
) -> None:
    layers, study, dead = made_model(drawn)
    seen = seen_by(layers, study, dead)
    found = pl.concat(classified(layers, study, dead, reading).triggers(text))
    assert found.schema == {name: column.dtype for name, column in TRIGGERS.columns.items()}
    assert found["projection"].is_null().all() and found["percentile"].is_null().all()
    expected = [
        (*neuron, n, list(ngram), activations, occurrences, covered)
        for neuron in sorted(seen.alive)
        for n, ngram, activations, occurrences, covered in trigger_rows(seen, reading, neuron)
    ]
    rows = found.drop("text", "projection", "percentile").rows()
    assert [(*row[:3], list(row[3]), *row[4:]) for row in rows] == expected
    for ngram, shown in found.select("ngram", "text").iter_rows():
        assert shown == "".join(text.texts[token] for token in ngram)


def test_only_covered_tokens_are_those_of_a_token_detector() -> None:
    """Active at all 40 places of token 1 and at one of the 20 of token 2: 40 of 41 are covered."""
    study = Study([[1] * 40 + [2] * 20])
    active = np.array([[True] * 41 + [False] * 19])
    found = classified([MadeLayer(0, study, active)], study, np.zeros((2, 1), dtype=bool), PAPER)
    assert found.token_detectors.rows() == [(0, 0, [1])]
    row = found.columns.row(0, named=True)
    assert (row["unigram_activations"], row["unigram_cover"]) == (41, 1)


def test_made_models_have_detectors_of_every_kind_and_neurons_that_are_cut_short() -> None:
    found = {"unigram": 0, "bigram": 0, "trigram": 0, "cut": 0, "dead": 0}
    for seed in range(10):
        layers, study, dead = made_model(random.Random(seed))
        columns = classified(layers, study, dead, PAPER).columns
        for size in ("unigram", "bigram", "trigram"):
            found[size] += int(columns[f"{size}_detector"].sum())
        found["cut"] += sum(len(counter) > 64 for layer in layers for counter in layer.counters[3])
        would_be = classified(layers, study, np.zeros_like(dead), PAPER).columns
        of_dead = would_be.filter(pl.Series(dead.reshape(-1)))["bigram_detector"].sum()
        found["dead"] += int(of_dead)
    assert min(found.values()) > 0, found


def test_parts_of_a_layer_are_one_table(text: TokenText, monkeypatch: pytest.MonkeyPatch) -> None:
    layers, study, dead = made_model(random.Random(3))
    census = classified(layers, study, dead, PAPER)
    whole = list(census.triggers(text))
    assert len(whole) == len(layers)
    monkeypatch.setattr(ngram_census, "NEURONS_OF_A_PART", 3)
    parts = list(census.triggers(text))
    assert len(parts) == len(layers) * 4
    assert pl.concat(parts).equals(pl.concat(whole))


def test_effects_stand_beside_the_covered_tokens_of_token_detectors(text: TokenText) -> None:
    layers, study, dead = made_model(random.Random(1), neurons=20)
    census = classified(layers, study, dead, PAPER)
    effects = census.token_detectors.explode("tokens").rename({"tokens": "token"})
    assert len(effects) > 1
    effects = effects.with_columns(
        projection=pl.int_range(pl.len()).cast(pl.Float32) - 1,
        percentile=pl.int_range(pl.len()).cast(pl.Float32) / 100,
    )
    plain, found = (pl.concat(census.triggers(text, given)) for given in (None, effects))
    assert found.drop("projection", "percentile").equals(plain.drop("projection", "percentile"))
    shown = {
        (layer, neuron, ngram[0]): (projection, percentile)
        for layer, neuron, n, ngram, *_, projection, percentile in found.iter_rows()
        if projection is not None and n == 1
    }
    assert shown == {row[:3]: row[3:] for row in effects.iter_rows()}
    assert found["projection"].count() == len(effects)


def test_a_model_without_analysed_layers_has_null_columns() -> None:
    _, study, dead = made_model(random.Random(1))
    census = classified([], study, dead, PAPER)
    assert census.columns.height == dead.size and census.token_detectors.is_empty()
    assert census.columns.drop("layer", "neuron").null_count().sum_horizontal().item() == (
        dead.size * len(COLUMNS) - 2 * dead.size
    )
    assert all(COLUMNS[name] == CENSUS.all_columns[name].dtype for name in COLUMNS)


def test_counts_that_do_not_belong_together_are_refused() -> None:
    made, study, dead = made_model(random.Random(1))
    index, thresholds = study.index(), ngram_thresholds()
    first, second = (layer.counts() for layer in made)
    fewer = replace(made[1], active=made[1].active[:3]).counts()
    for wrong, said in (
        ([second], "found the layers 1; expected the first ones of 3"),
        ([first, first], "found the layers 0, 0"),
        (
            [first, replace(second, windows_digest="others")],
            "layer 1: were made from other windows",
        ),
        ([first, fewer], "layer 1: found 3 neurons, expected 10"),
    ):
        with pytest.raises(CensusError, match=said):
            classify_ngrams(wrong, index, thresholds, dead)
    with pytest.raises(CensusError, match=r"classify\.ngrams\.coverage: found 0\.3"):
        classify_ngrams([first, second], index, replace(thresholds, coverage=0.3), dead)
