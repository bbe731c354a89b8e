"""Figures 1 to 4 and 11 to 14 as they are drawn: every point, bar, colour and title, by hand."""

from __future__ import annotations

from itertools import accumulate, pairwise
from pathlib import Path

import polars as pl
import pytest
from matplotlib.axes import Axes

from helpers.drawn import (
    DrawnLine,
    bar_colours,
    drawn_bars,
    drawn_lines,
    labels,
    legend_colours,
    legend_looks,
    lines_by_label,
    titles,
)
from helpers.made.tables import Detector, Layer, made_model
from neuron_census.draw.figures import (
    fig01_dead_neurons,
    fig02_unigram_cover,
    fig03_token_detectors,
    fig04_tokens_by_layer,
    fig11_bigram_cover,
    fig12_trigram_cover,
    fig13_bigram_detectors,
    fig13_trigram_detectors,
    fig14_bigrams_by_layer,
    fig14_trigrams_by_layer,
)
from neuron_census.draw.figures.figure import FigureModule
from neuron_census.draw.figures.published import beside
from neuron_census.draw.model_tables import ModelTables

pytestmark = pytest.mark.usefixtures("in_style")

BINS = ("1-5", "6-10", "11-20", "21-50", "51-200", "201-1k", "1k-2k", "2k and more")
NEVER = "never active in the study"
LOOSER = "detected in the layer with coverage 0.8 and presence 0.75"


@pytest.fixture(scope="module")
def models() -> dict[str, ModelTables]:
    """A model of six layers, of which three are analysed, and one of two; n-grams differ by length."""
    layers = [
        Layer(
            {
                "unigram": [Detector(1, [(5,), (6,)]), Detector(4, [(6,), (7,)])],
                "bigram": [Detector(2, [(1, 2), (8, 8)])],
                "trigram": [Detector(5, [(7, 7, 7)])],
            },
            dead=[7],
            covers={0: (6, 21, 51), 3: (11, 201, 1001), 6: (None, 1000, 2000)},
        ),
        Layer(
            {
                "bigram": [Detector(3, [(1, 2), (2, 3)])],
                "trigram": [Detector(0, [(1, 2, 3)]), Detector(5, [(1, 2, 3), (4, 5, 6)])],
            },
            # A detector of bigrams, and a neuron that detects nothing: both cover tokens.
            near={"unigram": [Detector(3, [(60,)]), Detector(6, [(61,)])]},
        ),
        Layer(
            {
                "unigram": [Detector(0, [(7,), (8,)])],
                "bigram": [Detector(7, [(8, 8), (9, 9)])],
                "trigram": [Detector(6, [(4, 5, 6), (7, 7, 7), (8, 8, 8)])],
            }
        ),
    ]
    return {
        "first": made_model("first", layers, num_layers=6, ffn_dim=8),
        "second": made_model(
            "second", [Layer({"unigram": [Detector(0, [(1,)])]})], num_layers=2, ffn_dim=8
        ),
    }


def points(line: DrawnLine) -> tuple[list[float | None], list[float | None]]:
    return line.x, line.y


def published_lines(axes: Axes) -> list[DrawnLine]:
    """Return the dotted lines; the dash-dotted ones show looser thresholds (test_drawn_looser.py)."""
    return [line for line in drawn_lines(axes) if line.is_quiet and line.style != "-."]


def published(path: Path, text: str) -> Path:
    file = path / "figure.csv"
    file.write_text(text)
    return file


def test_figure_1(tmp_path: Path) -> None:
    """Layers of four neurons; the last layer of the first model has none alive."""
    frequencies = {
        "first": [[0.0, 0.2, 0.4, 0.0], [0.0, 0.1, 0.3, 0.5], [0.0] * 4],
        "second": [[0.5, 0.5, 0.7, 0.7]],
    }
    made = {
        name: ModelTables(
            name,
            {},
            {
                "census": pl.DataFrame(
                    [(layer, value, value == 0) for layer, row in enumerate(rows) for value in row],
                    schema=["layer", "frequency", "dead"],
                    orient="row",
                )
            },
        )
        for name, rows in frequencies.items()
    }
    text = "model,layer,dead_percent,mean_frequency_alive\nfirst,0,71,0.91\nfirst,1,72,0.92\n"
    numbers = beside(fig01_dead_neurons.table(made), published(tmp_path, text))
    figure = fig01_dead_neurons.draw(numbers)
    left, right = figure.axes
    assert titles(figure) == ["(a) dead neurons", "(b) activation frequency of alive neurons"]
    assert [labels(axes)[1] for axes in figure.axes] == [
        "share of the layer's neurons (%)",
        "mean share of tokens",
    ]
    dead, frequency = lines_by_label(left), lines_by_label(right)
    assert points(dead["first"]) == ([0.0, 0.5, 1.0], [50.0, 25.0, 100.0])
    assert points(dead["second"]) == ([0.0], [0.0])
    assert points(frequency["first"]) == ([0.0, 0.5, 1.0], [pytest.approx(0.3)] * 2 + [None])
    assert points(frequency["second"]) == ([0.0], [0.6])
    legend = legend_colours(figure)
    for axes, lines, theirs in (
        (left, dead, [71.0, 72.0, None]),
        (right, frequency, [0.91, 0.92, None]),
    ):
        for name in made:
            assert lines[name].colour == legend[name]
        quiet = [line for line in drawn_lines(axes) if line.is_quiet and any(line.y)]
        assert [(points(line), line.colour) for line in quiet] == [
            (([0.0, 0.5, 1.0], theirs), legend["first"])
        ]
        assert axes.get_ylim()[1] > max(value for value in theirs if value), "it is in the panel"
    assert list(legend) == ["first", "second", "the paper's figure"]
    assert legend["first"] != legend["second"]


Counts = dict[str, int]
COVERS: list[tuple[FigureModule, str, list[Counts]]] = [
    (
        fig02_unigram_cover,
        "tokens",
        [
            {"1-5": 2, "6-10": 1, "11-20": 1, "2k and more": 2, NEVER: 1},
            {"2k and more": 8},
            {"1-5": 1, "2k and more": 7},
        ],
    ),
    (
        fig11_bigram_cover,
        "bigrams",
        [
            {"1-5": 1, "21-50": 1, "201-1k": 2, "2k and more": 3},
            {"1-5": 1, "2k and more": 7},
            {"1-5": 1, "2k and more": 7},
        ],
    ),
    (
        fig12_trigram_cover,
        "trigrams",
        [
            {"1-5": 1, "51-200": 1, "1k-2k": 2, "2k and more": 3},
            {"1-5": 2, "2k and more": 6},
            {"1-5": 1, "2k and more": 7},
        ],
    ),
]


@pytest.mark.parametrize(("module", "ngrams", "expected"), COVERS)
def test_figures_2_11_and_12(
    models: dict[str, ModelTables], module: FigureModule, ngrams: str, expected: list[Counts]
) -> None:
    figure = module.draw(module.table(models))
    assert titles(figure) == ["first", "second"]
    bins = (*BINS, NEVER) if any(NEVER in layer for layer in expected) else BINS
    bars = drawn_bars(figure.axes[0])
    assert tuple(bars) == bins
    for layer, counts in enumerate(expected):
        ends = list(accumulate([counts.get(name, 0) for name in bins], initial=0))
        stack = [bars[name][layer] for name in bins]
        assert stack == list(pairwise(ends)), f"layer {layer}"
    assert all(len(places) == len(expected) for places in bars.values())
    legend = legend_colours(figure)
    assert set(legend) == set(bins) and len(set(legend.values())) == len(bins)
    for axes in figure.axes:
        assert bar_colours(axes) == {name: {legend[name]} for name in bins}
    assert (legend["1-5"], legend["2k and more"]) == ("#440154", "#fde725"), "few tokens are dark"
    assert legend.get(NEVER, "#d9d9d9") == "#d9d9d9"
    name = f"{ngrams} that cover a neuron's activations"
    assert figure.legends[0].get_title().get_text() == name
    assert labels(figure.axes[0]) == ("layer (from 0)", "alive neurons")


# Of the first model, layer by layer: detectors; n-grams detected in the layer, and in it or below; new
# ones, and those new to the layer below.
UNIGRAMS = [2, 0, 1], [3, 0, 2], [3, 3, 4], [3, 0, 1], [3, 0, 2]
BIGRAMS = [1, 1, 1], [2, 2, 2], [2, 3, 4], [2, 1, 1], [2, 1, 2]
TRIGRAMS = [1, 2, 1], [1, 2, 3], [1, 3, 4], [1, 2, 1], [1, 2, 2]


@pytest.mark.parametrize(
    ("module", "expected", "ngrams"),
    [
        (fig03_token_detectors, UNIGRAMS, "tokens"),
        (fig13_bigram_detectors, BIGRAMS, "bigrams"),
        (fig13_trigram_detectors, TRIGRAMS, "trigrams"),
    ],
)
def test_figures_3_and_13(
    models: dict[str, ModelTables],
    module: FigureModule,
    expected: tuple[list[int], ...],
    ngrams: str,
    tmp_path: Path,
) -> None:
    depth = [0.0, 0.25, 0.5]
    text = "model,layer,detectors,detected,cumulative\nfirst,0,21,31,41\nfirst,2,22,32,42\n"
    numbers = beside(module.table(models), published(tmp_path, text))
    figure = module.draw(numbers)
    left, right = figure.axes
    detectors, detected, cumulative, *_ = expected
    legend = legend_looks(figure)
    colour, second = legend["first"][0], legend["second"][0]
    assert colour != second
    ours = [line for line in drawn_lines(left) if not line.is_quiet]
    assert points(ours[0]) == (depth, detectors) and ours[0].colour == colour
    assert points(ours[1]) == ([0.0], [1.0 if ngrams == "tokens" else 0.0])
    assert (ours[0].label, ours[1].label, ours[1].colour) == ("first", "second", second)
    both = [line for line in drawn_lines(right) if not line.is_quiet and line.colour == colour]
    assert {line.style: points(line) for line in both} == {
        "-": (depth, detected),
        "--": (depth, cumulative),
    }
    assert legend["(b) in the layer"][1] == "-" and legend["(b) in the layer or below"][1] == "--"
    for axes, theirs in ((left, [[21.0, None, 22.0]]), (right, [[31, None, 32], [41, None, 42]])):
        quiet = [line for line in published_lines(axes) if any(line.y)]
        assert [points(line) for line in quiet] == [(depth, values) for values in theirs]
        assert {line.colour for line in quiet} == {colour}
        assert axes.get_ylim()[1] > max(theirs[-1][0] or 0, theirs[-1][2] or 0)
        assert labels(axes)[0] == "relative depth  (0: first layer, 0.5: middle)"
    assert titles(figure) == [f"(a) {ngrams[:-1]} detectors", f"(b) detected {ngrams}"]
    assert [labels(axes)[1] for axes in figure.axes] == [
        "neurons in the layer",
        f"different {ngrams}",
    ]


@pytest.mark.parametrize(
    ("module", "expected", "ngrams"),
    [
        (fig04_tokens_by_layer, UNIGRAMS, "tokens"),
        (fig14_bigrams_by_layer, BIGRAMS, "bigrams"),
        (fig14_trigrams_by_layer, TRIGRAMS, "trigrams"),
    ],
)
def test_figures_4_and_14(
    models: dict[str, ModelTables],
    module: FigureModule,
    expected: tuple[list[int], ...],
    ngrams: str,
    tmp_path: Path,
) -> None:
    text = "model,layer,covered,new_overall,new_to_previous\nfirst,1,31,32,33\n"
    figure = module.draw(beside(module.table(models), published(tmp_path, text)))
    assert titles(figure) == ["first", "second"]
    _, detected, _, new_overall, new_to_previous = expected
    named = {
        "detected in the layer": (detected, 31),
        "of these, not in the layer right below": (new_to_previous, 33),
        "of these, in no lower layer": (new_overall, 32),
    }
    legend = legend_colours(figure)
    assert set(legend) == {*named, LOOSER, "the paper's figure"}
    assert len({legend[name] for name in named}) == 3
    first, second = figure.axes
    ours = lines_by_label(first)
    quiet = {line.colour: points(line) for line in published_lines(first)}
    for name, (values, theirs) in named.items():
        assert points(ours[name]) == ([0, 1, 2], values), "layers count from 0"
        assert ours[name].colour == legend[name]
        assert quiet[legend[name]] == ([0, 1, 2], [None, theirs, None])
        alone = lines_by_label(second)[name]
        assert points(alone) == ([0.0], [1.0 if ngrams == "tokens" else 0.0])
        assert alone.colour == legend[name]
    assert first.get_ylim()[1] > 33
    assert labels(first) == ("layer (from 0)", f"different {ngrams}")
