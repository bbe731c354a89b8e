"""Figures 5 and 6 as they are drawn: curve, diamonds and every cell of text, by hand."""

from __future__ import annotations

import polars as pl
import pytest

from helpers.drawn import drawn_cells, drawn_lines, labels, rows_of_text
from helpers.made.tables import Detector, Layer, made_model
from neuron_census.draw.figures import fig05_suppression, fig06_detector_examples
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS

pytestmark = pytest.mark.usefixtures("in_style")

ORANGE, BLUE, BLACK = "#d55e00", "#0072b2", "#000000"
MINUS = "\N{MINUS SIGN}"
NEURON = {"layer": 1, "neuron": 4}
# Rank, token, its text, its projection.
EXTREMES = [
    (1, 101, " up", 0.9),
    (2, 102, "over", 0.8),
    (-1, 7, " low", -0.7),
    (-2, 103, "under", -0.6),
]
# Token, its text, activations, projection, rank among all tokens.
DETECTED = [(9, "nine", 20, -0.2, 0.3), (7, " low", 41, -0.7, 0.01)]
QUANTILES = [-0.75, -0.25, 0.0, 0.25, 1.0]


@pytest.fixture(scope="module")
def models() -> dict[str, ModelTables]:
    """A model whose detector is known to the last number, and one with four others, less active."""
    tokens = [(token,) for token, *_ in DETECTED]
    values = [value for *_, value, _ in DETECTED]
    first = made_model(
        "first", [Layer(), Layer({"unigram": [Detector(4, tokens, 61, values)]})], ffn_dim=8
    )
    first.frames["covered"] = pl.DataFrame(
        [
            (1, 4, 1, [token], text, count, count + 1, True, value, rank)
            for token, text, count, value, rank in DETECTED
        ],
        schema={name: column.dtype for name, column in TRIGGERS.columns.items()},
        orient="row",
    )
    first.frames["projections"] = pl.DataFrame(
        [
            NEURON | dict(zip(("rank", "token", "text", "value"), row, strict=True))
            for row in EXTREMES
        ],
        schema={name: column.dtype for name, column in PROJECTIONS.columns.items()},
    )
    first.frames["spectra"] = pl.DataFrame(
        [NEURON | {"quantiles": QUANTILES}],
        schema={name: column.dtype for name, column in SPECTRA.columns.items()},
    )
    others = [
        Detector(0, [(1,), (2,)], 10, (-0.1, -0.1)),
        Detector(1, [(1,), (2,), (3,)], 10, (-0.5, 0.1, 0.1)),
        Detector(2, [(1,), (2,), (3,)], 10, (0.5, -0.1, -0.1)),
        Detector(3, [(1,)], 10, (0.1,)),
    ]
    return {"first": first, "second": made_model("second", [Layer({"unigram": others})], ffn_dim=8)}


def test_figure_5(models: dict[str, ModelTables]) -> None:
    figure = fig05_suppression.draw(fig05_suppression.table(models))
    curve, extremes, rest = figure.axes
    (title,) = figure.texts
    name = "first, layer 1, neuron 4"
    assert title.get_text() == f"{name}: suppresses what it detects, {MINUS}0.450 on average"
    line, nought, diamonds = drawn_lines(curve)
    assert (line.x, line.y) == (QUANTILES, [0, 0.25, 0.5, 0.75, 1])
    assert nought.x == [0, 0]
    assert diamonds.x == pytest.approx([-0.7, -0.2]) and diamonds.y == pytest.approx([0.01, 0.3])
    assert (line.colour, diamonds.colour, diamonds.marker) == (BLUE, ORANGE, "D")
    assert labels(curve) == (
        "projection on a token's embedding",
        "rank among all tokens  (1: most promoted)",
    )
    assert rows_of_text(extremes) == [
        ["promotes most"],
        ["␣up", "+0.900"],
        ["over", "+0.800"],
        ["suppresses most"],
        ["under", f"{MINUS}0.600"],
        ["␣low", f"{MINUS}0.700"],
    ]
    assert rows_of_text(rest) == [
        ["◆ detects", "rank"],
        ["␣low", f"{MINUS}0.700", "0.010"],
        ["nine", f"{MINUS}0.200", "0.300"],
        ["token detectors that suppress their tokens"],
        ["of", *("mean", "all", "majority")],
        ["first", "1", "100%", "100%", "100%"],
        ["second", "4", "50%", "25%", "50%"],
    ]
    orange = {cell.text for cell in drawn_cells(extremes) if cell.colour == ORANGE}
    assert orange == {"␣low", f"{MINUS}0.700"}, "what it detects, wherever it stands"
    orange = {cell.text for cell in drawn_cells(rest) if cell.colour == ORANGE}
    assert {"␣low", "nine", "0.010"} <= orange and "first" not in orange


def test_figure_6(models: dict[str, ModelTables]) -> None:
    figure = fig06_detector_examples.draw(fig06_detector_examples.table({"a": models["first"]}))
    (sheet,) = figure.axes
    assert rows_of_text(sheet) == [
        [
            "a, layer 1, neuron 4",
            f"suppresses its 2 tokens: {MINUS}0.45 on average; 61 activations",
        ],
        ["detects", "promotes most", "suppresses most"],
        ["␣low", f"{MINUS}0.70", "␣up", "+0.90", "␣low", f"{MINUS}0.70"],
        ["nine", f"{MINUS}0.20", "over", "+0.80", "under", f"{MINUS}0.60"],
    ]
    coloured = [(cell.text, cell.colour) for cell in drawn_cells(sheet) if cell.line > 3]
    assert coloured == [
        *[(text, ORANGE) for text in ("nine", f"{MINUS}0.20")],
        *[(text, BLACK) for text in ("over", "+0.80", "under", f"{MINUS}0.60")],
    ]


def test_a_promoting_detector_is_said_to_promote() -> None:
    made = made_model("m", [Layer({"unigram": [Detector(2, [(5,)], 10, (0.25,))]})], ffn_dim=4)
    figure = fig05_suppression.draw(fig05_suppression.table({"m": made}))
    said = "promotes what it detects, +0.250 on average"
    assert figure.texts[0].get_text() == f"m, layer 0, neuron 2: {said}"
    figure = fig06_detector_examples.draw(fig06_detector_examples.table({"m": made}))
    assert rows_of_text(figure.axes[0])[0] == [
        "m, layer 0, neuron 2",
        "promotes its token: +0.25 on average; 10 activations",
    ]
