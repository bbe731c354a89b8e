"""Types of patterns: the paper's examples, made curves of every type, and the parts of the rules by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.made.curves import KINDS, made_curves
from helpers.made.thresholds import pattern_rules
from helpers.repository import REPOSITORY
from neuron_census.classify.positions.curves import (
    longest_run,
    moving_average,
    straightness,
    texture,
    turns,
)
from neuron_census.classify.positions.patterns import PatternRules, classify_patterns, describe
from neuron_census.errors import CensusError
from neuron_census.formats.tables.vocabulary import DESCRIPTORS

RULES = pattern_rules()
PROTOTYPES = REPOSITORY / "resources/paper/pattern_prototypes.parquet"
# What a range of eight values of a normal variable is on average, in standard deviations.
RANGE_OF_EIGHT = 2.85
LEAST_RIGHT = 0.95
# An oscillation of which every eighth position stands out a little.
RAGGED_OSCILLATION = 0.3 + 0.4 * ((np.arange(256) // 32) % 2) + 0.1 * (np.arange(256) % 8 == 4)


def kinds_of(curves: np.ndarray, windows: int, rules: PatternRules = RULES) -> list[object]:
    return list(classify_patterns(describe(curves, windows, rules), rules).iter_rows())


@pytest.mark.parametrize("windows", [100, 200, 500, None])
@pytest.mark.parametrize(
    "prototype", pl.read_parquet(PROTOTYPES).to_dicts(), ids=lambda row: row["panel"]
)
def test_the_examples_of_the_paper(prototype: dict[str, object], windows: int | None) -> None:
    """With positions as ragged as their line is thick, counted in some windows or exactly known."""
    drawn, wanted = np.arange(2000), prototype["position"]
    course = np.interp(drawn, wanted, prototype["frequency"])  # type: ignore[call-overload]
    thickness = np.interp(drawn, wanted, prototype["thickness"])  # type: ignore[call-overload]
    generator = np.random.default_rng(0)
    ragged = generator.normal(0, 1, (20, len(drawn))) * thickness / RANGE_OF_EIGHT
    curves = np.clip(course + ragged, 0, 1)
    if windows is not None:
        curves = generator.binomial(windows, curves) / windows
    found = kinds_of(curves, windows or 1_000_000)
    assert found == [(prototype["pattern"], prototype["strength"])] * 20


@pytest.mark.parametrize("windows", [100, 200, 500, 1000, 4000])
@pytest.mark.parametrize("length", [64, 128, 256, 512, 2048])
def test_made_curves_of_every_type(length: int, windows: int) -> None:
    generator = np.random.default_rng(length * windows)
    for kind in KINDS:
        found = kinds_of(made_curves(kind, 60, length, windows, generator), windows)
        assert found.count(kind) >= LEAST_RIGHT * 60, (kind, found)


def test_what_the_classes_say_by_hand() -> None:
    place = np.arange(256)
    curves = np.array(
        [
            (place // 32) % 2,  # on and off eight times
            place >= 100,  # one switch
            0.6 * (place >= 100),  # one side
            np.full(256, 0.5),  # neither
            place / 255,  # a straight line touches both extremes, and is no switch
            ((place > 100) & (place < 150)),  # twice over the middle is no oscillation
        ],
        dtype=np.float64,
    )
    assert kinds_of(curves, 1000) == [
        ("oscillatory", "strong"),
        ("both extremes", "strong"),
        ("one extreme", "strong"),
        ("other", "strong"),
        ("other", "strong"),
        ("both extremes", "strong"),
    ]


def test_a_ragged_curve_does_not_oscillate() -> None:
    """Untrained positions: every one has a frequency of its own."""
    curves = np.random.default_rng(0).uniform(0, 1, (200, 256))
    assert set(kinds_of(curves, 500)) == {("other", "weak")}


def test_the_first_positions_do_not_matter() -> None:
    curves = np.full((1, 2048), 0.5)
    curves[0, :16] = np.tile([0.0, 1.0], 8)
    assert kinds_of(curves, 500) == [("other", "strong")]


@pytest.mark.parametrize(
    ("change", "curve", "expected"),
    [
        ({"half_cycles": 9}, (np.arange(256) // 32) % 2, ("both extremes", "strong")),
        ({"swing": 0.9}, 0.2 + 0.5 * ((np.arange(256) // 32) % 2), ("other", "strong")),
        ({"near": 0.3}, 0.2 + 0.5 * (np.arange(256) > 99), ("both extremes", "weak")),
        ({"run": 0.5}, np.arange(256) > 100, ("one extreme", "strong")),
        ({"line": 0.7}, np.arange(256) > 127, ("other", "strong")),
        ({"reach": 0.05}, 0.03 + 0.94 * (np.arange(256) > 99), ("both extremes", "strong")),
        ({"extreme_share": 1.1}, (np.arange(256) // 32) % 2, ("oscillatory", "weak")),
        ({"thin": -1.0}, np.full(256, 0.5), ("other", "weak")),
        ({"start": 0.5}, np.arange(256) > 100, ("one extreme", "strong")),
        ({"steady": 1e9}, RAGGED_OSCILLATION, ("other", "strong")),
    ],
)
def test_every_number_is_a_parameter(
    change: dict[str, float], curve: np.ndarray, expected: tuple[str, str]
) -> None:
    curve = curve[None].astype(np.float64)
    (found,) = kinds_of(curve, 1000, pattern_rules(**change))
    assert found == expected
    assert kinds_of(curve, 1000) != [expected]


def test_lengths_scale_with_the_window() -> None:
    assert [RULES.width(length) for length in (64, 256, 512, 1024, 2048)] == [3, 3, 5, 9, 17]
    assert [RULES.skipped(length) for length in (64, 256, 2048)] == [0, 2, 16]
    assert [
        pattern_rules(smoothing=0.0, smoothing_least=least).width(9) for least in (1, 2, 3, 4)
    ] == [
        1,
        3,
        3,
        5,
    ]


def test_rules_that_leave_no_position_are_refused() -> None:
    with pytest.raises(CensusError, match=r"patterns\.start: 0\.99 of a window of 64 .* leaves 1"):
        describe(np.zeros((1, 64)), 100, pattern_rules(start=0.99))


def test_descriptors_by_hand() -> None:
    """A ramp of 129 positions from 0 to 1 after 16 that are left out; near and within reach up to the borders."""
    rules = pattern_rules(
        start=16 / 145, smoothing=0.0, smoothing_least=1, near=8 / 128, reach=2 / 128
    )
    curve = np.concatenate([np.full(16, 0.5), np.arange(129) / 128])
    row = describe(curve[None], 10**9, rules).row(0, named=True)
    assert row["lowest"] == pytest.approx(0.01) and row["highest"] == pytest.approx(0.99)
    assert row["low_run"] == row["high_run"] == pytest.approx(9 / 145), "of the whole window"
    assert row["low_share"] == row["high_share"] == pytest.approx(9 / 129), "of what is left"
    assert row["never_share"] == row["always_share"] == pytest.approx(3 / 129)
    assert row["straightness"] == pytest.approx(1) and row["texture"] == pytest.approx(0, abs=1e-4)
    assert row["half_cycles"] == 1


DECIDED = {
    "half_cycles": 4.0,
    "lowest": 0.0,
    "highest": 1.0,
    "straightness": 0.0,
    "low_run": 0.25,
    "high_run": 0.25,
    "low_share": 0.25,
    "high_share": 0.25,
    "never_share": 0.25,
    "always_share": 0.25,
    "texture": 0.0,
}
"""Descriptors of a decided oscillation, each of which is changed below."""
FLAT = {"half_cycles": 0.0}
LOW_ONLY = FLAT | {"high_run": 0.0, "high_share": 0.0, "always_share": 0.0}
HIGH_ONLY = FLAT | {"low_run": 0.0, "low_share": 0.0, "never_share": 0.0}
NEITHER = LOW_ONLY | HIGH_ONLY
BELOW = 0.001


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("oscillatory", "strong")),
        ({"half_cycles": 3.0}, ("both extremes", "strong")),
        ({"highest": 0.3}, ("oscillatory", "weak")),
        ({"highest": 0.3 - BELOW}, ("both extremes", "strong")),
        ({"texture": 1 / 6}, ("oscillatory", "strong")),
        ({"texture": 1 / 6 + BELOW}, ("both extremes", "weak")),
        ({"low_share": 0.25 - BELOW}, ("oscillatory", "weak")),
        ({"high_share": 0.25 - BELOW}, ("oscillatory", "weak")),
        ({"lowest": 0.01}, ("oscillatory", "strong")),
        ({"lowest": 0.01 + BELOW}, ("oscillatory", "weak")),
        ({"highest": 0.99}, ("oscillatory", "strong")),
        ({"highest": 0.99 - BELOW}, ("oscillatory", "weak")),
        (FLAT | {"straightness": 0.98}, ("other", "strong")),
        (FLAT | {"straightness": 0.98 - BELOW}, ("both extremes", "strong")),
        (FLAT | {"low_run": 1 / 21, "high_run": 1 / 21}, ("both extremes", "strong")),
        (FLAT | {"low_run": 1 / 21 - BELOW}, ("one extreme", "strong")),
        (FLAT | {"high_run": 1 / 21 - BELOW}, ("one extreme", "strong")),
        (FLAT | {"never_share": 0.3 * 0.25}, ("both extremes", "strong")),
        (FLAT | {"never_share": 0.3 * 0.25 - BELOW}, ("both extremes", "weak")),
        (FLAT | {"always_share": 0.3 * 0.25 - BELOW}, ("both extremes", "weak")),
        (LOW_ONLY, ("one extreme", "strong")),
        (HIGH_ONLY, ("one extreme", "strong")),
        # A few positions near the other extreme do not have to reach it: there is no stretch of them.
        (LOW_ONLY | {"high_share": 0.04}, ("one extreme", "strong")),
        (HIGH_ONLY | {"low_share": 0.04}, ("one extreme", "strong")),
        (LOW_ONLY | {"never_share": 0.0}, ("one extreme", "weak")),
        (HIGH_ONLY | {"always_share": 0.0}, ("one extreme", "weak")),
        (NEITHER, ("other", "strong")),
        (NEITHER | {"texture": 0.05}, ("other", "strong")),
        (NEITHER | {"texture": 0.05 + BELOW}, ("other", "weak")),
        (LOW_ONLY | {"texture": 0.05 + BELOW}, ("one extreme", "weak")),
    ],
)
def test_every_border_of_the_rules(change: dict[str, float], expected: tuple[str, str]) -> None:
    descriptors = pl.DataFrame([DECIDED | change])
    assert classify_patterns(descriptors, RULES).row(0) == expected


def test_descriptors_are_complete_also_without_neurons() -> None:
    for count in (0, 3):
        frame = describe(np.full((count, 64), 0.2), 200, RULES)
        assert frame.columns == list(DESCRIPTORS) and len(frame) == count
        assert set(frame.dtypes) == {pl.Float64()}
        assert len(classify_patterns(frame, RULES)) == count


CURVES = arrays(
    np.float64, st.tuples(st.just(1), st.integers(3, 30)), elements=st.floats(0, 1, width=16)
)


@given(CURVES, st.sampled_from([1, 3, 5, 9]))
def test_smoothing_is_the_average_of_the_neighbours_that_there_are(
    curves: np.ndarray, width: int
) -> None:
    curve, half = curves[0].tolist(), width // 2
    for position, found in enumerate(moving_average(curves, width)[0]):
        near = curve[max(0, position - half) : position + half + 1]
        assert found == pytest.approx(sum(near) / len(near), abs=1e-12)


@given(arrays(bool, st.tuples(st.just(1), st.integers(1, 30))))
def test_the_longest_run(met: np.ndarray) -> None:
    runs = "".join("x" if there else " " for there in met[0]).split()
    assert longest_run(met)[0] == max(map(len, runs), default=0)


@given(CURVES)
def test_turns_are_passages_between_two_levels(curves: np.ndarray) -> None:
    side, expected = "", 0
    for value in curves[0]:
        now = "low" if value <= 0.3 else "high" if value >= 0.7 else side
        expected += bool(side) and now != side
        side = now
    assert turns(curves, np.array([0.3]), np.array([0.7]))[0] == expected


def test_a_turn_reaches_both_levels_exactly() -> None:
    low, high = np.array([0.25]), np.array([0.75])
    assert turns(np.array([[0.25, 0.75, 0.25]]), low, high).tolist() == [2]
    assert turns(np.array([[0.26, 0.75, 0.26]]), low, high).tolist() == [0]


def test_straightness_is_the_share_that_a_fitted_line_explains() -> None:
    curves = np.random.default_rng(0).random((5, 40))
    place = np.arange(40)
    for curve, found in zip(curves, straightness(curves), strict=True):
        assert found == pytest.approx(np.corrcoef(curve, place)[0, 1] ** 2, abs=1e-12)
    constant_and_line = np.array([np.full(40, 0.1), 0.3 + 0.01 * place])
    assert straightness(constant_and_line) == pytest.approx([0, 1], abs=1e-12)


@pytest.mark.parametrize("ragged", [0.0, 0.05, 0.1])
@pytest.mark.parametrize("windows", [100, 1000])
def test_texture_is_what_counting_does_not_explain(ragged: float, windows: int) -> None:
    generator = np.random.default_rng(0)
    true = np.linspace(0.25, 0.75, 2048) + generator.normal(0, ragged, (50, 2048))
    true[:, 1000:] -= 0.2  # a step is no texture
    curves = generator.binomial(windows, np.clip(true, 0, 1)) / windows
    found = texture(curves, moving_average(curves, 17), windows).mean()
    assert found == pytest.approx(ragged, abs=0.008)


def test_the_factor_of_the_median_of_three() -> None:
    drawn = np.random.default_rng(0).normal(size=(2_000_000, 3))
    distance = drawn[:, 0] - np.median(drawn, axis=1)
    assert (distance**2).mean() == pytest.approx(0.782, abs=0.004)
