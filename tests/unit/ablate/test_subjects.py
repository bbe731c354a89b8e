"""Which neurons are ablated, and how near to a detector a neuron is."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.made.tables import Detector, Layer, made_model
from neuron_census.ablate.subjects import ENOUGH, choose_subjects, nearness
from neuron_census.draw.model_tables import ModelTables


def is_detector(tokens: list[tuple[int, int]], total: int, share: Fraction, largest: int) -> bool:
    """Say whether a neuron is a detector at a share, as the paper defines it (section 4.2)."""
    by_count = sorted((activations for activations, _ in tokens), reverse=True)
    covered = [activations for activations, of in tokens if activations >= share * of]
    return sum(by_count[:largest]) >= share * total and sum(covered) >= share * total


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=8),
    st.integers(0, 5),
    st.integers(1, 5),
)
def test_nearness_is_the_highest_share_at_which_it_is_a_detector(
    drawn: list[tuple[int, int]], unlisted: int, largest: int
) -> None:
    tokens = [(activations, activations + silent) for activations, silent in drawn]
    total = sum(activations for activations, _ in tokens) + unlisted
    # Only at such shares can a neuron cease to be one.
    shares = {Fraction(activations, of) for activations, of in tokens}
    for count in range(total + 1):
        shares.add(Fraction(count, total))
    expected = max(share for share in shares if is_detector(tokens, total, share, largest))
    activations, occurrences = (
        np.array(column, dtype=np.int64) for column in zip(*tokens, strict=True)
    )
    assert nearness(activations, occurrences, total, largest) == float(expected)


def model(detectors: int, others: int) -> ModelTables:
    found = [Detector(neuron, [(neuron,)], activations=10) for neuron in range(detectors)]
    near = [
        Detector(detectors + number, [(100 + number,)], chance=[(200,)] * (1 + number))
        for number in range(others)
    ]
    covers = {detectors + number: 1 for number in range(others)}
    return made_model(
        "m", [Layer({"unigram": found}, covers=covers, near={"unigram": near})], ffn_dim=64
    )


def chosen(tables: ModelTables, most: int) -> list[tuple[int, bool]]:
    triggers = tables.frames["triggers"]
    subjects = choose_subjects(tables.census, triggers, most=most, max_cover=5)
    assert [(one.layer, one.neuron) for one in subjects] == sorted(
        (one.layer, one.neuron) for one in subjects
    )
    return [(one.neuron, one.near) for one in subjects]


def test_with_enough_detectors_no_near_one_is_taken() -> None:
    assert chosen(model(ENOUGH, 5), 100) == [(neuron, False) for neuron in range(ENOUGH)]


def test_detectors_are_spread_over_the_model() -> None:
    found = chosen(model(25, 0), 4)
    assert found == [(0, False), (8, False), (16, False), (24, False)]


def test_where_detectors_are_few_the_nearest_are_added() -> None:
    found = chosen(model(18, 6), 100)
    assert len(found) == ENOUGH
    assert [near for _, near in found].count(True) == 2
    # The fewest other tokens trigger them.
    assert [neuron for neuron, near in found if near] == [18, 19]
    assert chosen(model(1, 6), 3) == [(0, False), (1, True), (2, True)]


def test_a_subject_knows_its_triggers() -> None:
    tables = model(1, 1)
    first, second = choose_subjects(
        tables.census, tables.frames["triggers"], most=100, max_cover=5
    )[:2]
    assert (first.triggers, first.near, first.nearness) == (frozenset({0}), False, None)
    assert second.triggers == {100, 200} and second.near and second.suppression is None
