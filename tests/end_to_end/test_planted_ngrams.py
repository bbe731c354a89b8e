"""Planted models do what they are planted for, and the loops that tests trust find it."""

from __future__ import annotations

from collections import Counter
from itertools import product

import polars as pl
import pytest

from helpers.oracles.brute_force import active_tokens
from helpers.oracles.ngrams_by_loop import (
    KEPT_TRIGGERS,
    LENGTHS,
    READINGS,
    census_columns,
    projections_of,
    seen_in,
    suppression_columns,
    token_detectors,
)
from helpers.planted.text import ALWAYS, ANALYSED, DEAD, UNDETECTED, Model
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.classify.suppression import measure_suppression


def test_planted_neurons_are_active_where_their_ngrams_end_and_nowhere_else(model: Model) -> None:
    windows = model.windows.table
    fired: Counter[str] = Counter()
    for tokens, activity in zip(
        windows["tokens"].to_list(), active_tokens(model.checkpoint, windows), strict=True
    ):
        for name, neuron in model.planted.items():
            expected = [neuron.is_active(tokens, place) for place in range(len(tokens))]
            assert activity[neuron.layer][:, neuron.neuron].tolist() == expected, name
            fired[name] += sum(expected)
        assert activity[ALWAYS[0]][:, ALWAYS[1]].all()
        assert not activity[DEAD[0]][:, DEAD[1]].any()
    assert set(fired) == set(model.planted) and min(fired.values()) == 1
    assert fired["active once"] == fired["dead in the dead study"] == 1


def test_loops_find_the_planted_detectors_and_projections_agree(model: Model) -> None:
    seen = seen_in(model.checkpoint, model.windows.table)
    reading = READINGS["as the paper"]
    for name, planted in model.planted.items():
        place = (planted.layer, planted.neuron)
        columns = census_columns(seen, reading, place)
        found = {size for size, n in LENGTHS.items() if columns[f"{size}_detector"]}
        kind = list(LENGTHS)[len(planted.places) - 1]
        assert (kind in found) is (name not in UNDETECTED), name
        counts = seen.activations.get((place, len(planted.places)), Counter())
        assert set(counts) <= set(product(*planted.places)) or name in UNDETECTED
    many = model.planted["more bigrams than are kept of others"]
    loosely = census_columns(seen, READINGS["looser"], (many.layer, many.neuron))
    assert loosely["bigram_detector"] and loosely["bigram_distinct"] > KEPT_TRIGGERS
    detectors = token_detectors(seen, reading, ANALYSED)
    frame = pl.DataFrame(
        [(*place, sorted(tokens)) for place, tokens in detectors.items()],
        schema={"layer": pl.Int16, "neuron": pl.Int32, "tokens": pl.List(pl.Int32)},
        orient="row",
    )
    vocabulary = model.windows.vocabulary
    table = measure_suppression(
        Checkpoint.open(model.checkpoint), vocabulary, frame, "mean"
    ).detectors
    assert len(table) >= 6
    for row in table.iter_rows(named=True):
        place = (row["layer"], row["neuron"])
        values = projections_of(model.checkpoint, vocabulary, place)
        for column, expected in suppression_columns(values, detectors[place], reading).items():
            assert row[column] == pytest.approx(expected, rel=1e-5), (place, column)
    by_place = {(row["layer"], row["neuron"]): row for row in table.iter_rows(named=True)}
    suppress = {
        name: by_place[planted.layer, planted.neuron]["suppresses"]
        for name, planted in model.planted.items()
        if (planted.layer, planted.neuron) in by_place and len(planted.places) == 1
    }
    assert len(suppress) == 6
    for name, suppresses in suppress.items():
        assert suppresses is ("suppressed" in name or name == "active once"), name
