"""The figure of ablations, its shares, and claims of our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scipy.stats import binomtest

from helpers.drawn import drawn_lines, lines_by_label, titles
from neuron_census.config.selection import OUR_CLAIMS
from neuron_census.draw.causal_suppression import MEASURES, suppressing_shares, wilson_interval
from neuron_census.draw.claims.claim import CANNOT, DOES_NOT, HOLDS, judge, read_claims
from neuron_census.draw.claims.measured import Measured
from neuron_census.draw.figures import figure_causal_suppression as figure
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.ablations import ABLATIONS

Row = tuple[bool, float | None, float, float, float | None]


def model(name: str, rows: Sequence[Row]) -> ModelTables:
    """Return a model of which are given: near, projection, direct, total and total_difference of each neuron."""
    said: list[dict[str, Any]] = []
    for number, (near, projection, direct, total, difference) in enumerate(rows):
        row: dict[str, Any] = dict.fromkeys(ABLATIONS.columns)
        row |= {"layer": 1, "neuron": number, "near": near, "firings": 64, "documents": 60}
        if projection is not None:
            row |= {"projection": projection, "direct": direct, "total": total}
            for effect, value in (("direct", direct), ("total", total)):
                row |= {f"{effect}_low": value - 0.1, f"{effect}_high": value + 0.1}
            row["total_difference"] = difference
        said.append(row)
    frame = pl.DataFrame(said, schema=ABLATIONS.schema)
    return ModelTables(name, {ABLATIONS.name: Path("never read")}, {ABLATIONS.name: frame})


FEW = model(
    "few",
    [
        (False, -1.0, -0.5, -0.2, 0.1),
        (False, 1.0, 0.5, -0.2, None),
        (True, -1.0, -0.5, -0.2, -0.3),
        (True, None, 0.0, 0.0, None),
    ],
)
NONE = model("none", [(True, None, 0.0, 0.0, None)])


@pytest.mark.parametrize(("successes", "trials"), [(0, 3), (3, 3), (7, 20), (1, 1), (50, 200)])
def test_an_interval_of_a_share_is_that_of_scipy(successes: int, trials: int) -> None:
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson_interval(successes, trials) == pytest.approx((expected.low, expected.high))


def test_an_interval_of_nothing_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_shares_count_detectors_and_near_neurons_apart() -> None:
    shares = suppressing_shares(FEW.ablations)
    found = {
        (row["near"], row["measure"]): (row["suppressing"], row["neurons"])
        for row in shares.iter_rows(named=True)
    }
    assert found == {
        (False, "projection"): (1, 2),
        (False, "direct"): (1, 2),
        (False, "total"): (2, 2),
        (False, "total_difference"): (0, 1),
        **{(True, measure): (1, 1) for measure in MEASURES},
    }


def test_the_figure_lists_neurons_with_enough_firings_and_draws_them() -> None:
    numbers = figure.table({"few": FEW, "none": NONE})
    assert numbers.columns == list(figure.SCHEMA)
    neurons = numbers.filter(pl.col("list") == "neuron")
    assert neurons.select("model", "neuron", "near").rows() == [
        ("few", 0, False),
        ("few", 1, False),
        ("few", 2, True),
    ]
    drawn = figure.draw(numbers)
    assert titles(drawn) == ["(a) weights", "(b) what comes of it", "(c) suppressors"]
    weights, effects, shares = drawn.axes
    points = lines_by_label(weights)
    assert (points["few"].x, points["few"].y) == ([-1.0, 1.0], [-0.5, 0.5])
    near = points["few, near a detector"]
    assert (near.x, near.y, near.colour) == ([-1.0], [-0.5], points["few"].colour)
    hollow = [line for line in weights.get_lines() if line.get_markerfacecolor() == "none"]
    assert [line.get_label() for line in hollow] == ["few, near a detector"]
    assert (drawn_lines(effects)[0].x, drawn_lines(effects)[0].y) == ([-0.5, 0.5], [-0.2, -0.2])
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == ["few", "few, near a detector"]
    assert {line.x[0] for line in drawn_lines(shares) if len(line.x) == 1} == {50.0, 100.0, 0.0}


def test_where_nothing_was_ablated_the_figure_says_so() -> None:
    drawn = figure.draw(figure.table({"none": NONE}))
    assert all(axes.texts[0].get_text() == figure.NOTHING for axes in drawn.axes)


@pytest.mark.parametrize(
    ("rows", "verdicts"),
    [
        ([(False, -1.0, -0.5, -0.2, -0.3)] * 10, (HOLDS, HOLDS, HOLDS)),
        ([(False, -1.0, 0.5, 0.6, 0.3)] * 10, (DOES_NOT, DOES_NOT, DOES_NOT)),
        ([(False, -1.0, -0.5, -0.2, None)] * 10, (HOLDS, CANNOT, HOLDS)),
        ([(False, -1.0, -0.5, -0.2, -0.3)] * 2, (CANNOT, CANNOT, CANNOT)),
        # Near neurons are told of, and not counted.
        ([(True, -1.0, -0.5, -0.2, -0.3)] * 10, (CANNOT, CANNOT, CANNOT)),
    ],
)
def test_our_claims_are_judged_by_detectors_alone(
    rows: list[Row], verdicts: tuple[str, ...]
) -> None:
    run = {"m": Measured("m", model("m", rows))}
    found = [judge(claim, run, {}, ["m"]) for claim in read_claims(OUR_CLAIMS)]
    assert tuple(verdict.verdict for verdict in found) == verdicts
    assert all(verdict.models == ("m",) and not verdict.is_analogue for verdict in found)
    assert "detectors suppress directly; of near ones" in found[0].found


def test_without_ablations_our_claims_cannot_be_said() -> None:
    run = {"m": Measured("m", ModelTables("m", {}))}
    for claim in read_claims(OUR_CLAIMS):
        assert claim.source == "ours" and not claim.models and claim.exact_test
        verdict = judge(claim, run, {}, ["m"])
        assert (verdict.verdict, verdict.found) == (CANNOT, "the run has no study of ablations.")
