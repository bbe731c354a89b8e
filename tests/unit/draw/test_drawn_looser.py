"""Figures 3, 4, 13 and 14: what looser thresholds find is drawn quietly beside the detectors, and is named."""

from __future__ import annotations

import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.drawn import DrawnLine, drawn_lines, legend_colours, legend_looks
from helpers.made.tables import Detector, Layer, made_model
from neuron_census.draw.figures import (
    fig03_token_detectors,
    fig04_tokens_by_layer,
    fig13_bigram_detectors,
    fig13_trigram_detectors,
    fig14_bigrams_by_layer,
    fig14_trigrams_by_layer,
)
from neuron_census.draw.figures.figure import FigureModule
from neuron_census.draw.figures.looser import OWN_SCALE
from neuron_census.draw.model_tables import ModelTables
from neuron_census.errors import CensusError

pytestmark = pytest.mark.usefixtures("in_style")

NAME = "with coverage 0.8 and presence 0.75"
# Of the first model, layer by layer: detectors under looser thresholds, and the n-grams that they detect.
UNIGRAMS, BIGRAMS, TRIGRAMS = ([7, 0], [13, 0]), ([0, 3], [0, 5]), ([1, 40], [1, 60])


@pytest.fixture(scope="module")
def models() -> dict[str, ModelTables]:
    """A model with few detectors, more of which are found under looser thresholds, and one with none."""
    layers = [
        Layer(
            {"unigram": [Detector(1, [(5,), (6,)])], "trigram": [Detector(3, [(1, 2, 3)])]},
            looser={"unigram": (7, 13)},
        ),
        Layer(looser={"bigram": (3, 5), "trigram": (40, 60)}),
    ]
    return {
        "first": made_model("first", layers, ffn_dim=64),
        "second": made_model("second", [Layer()], ffn_dim=64),
    }


def panels(figure: Figure) -> list[tuple[Axes, Axes]]:
    """Return each panel with the axes of its looser numbers: its own, or those with a scale at the right."""
    own = {
        axes.get_position().bounds: axes for axes in figure.axes if axes.get_label() == OWN_SCALE
    }
    return [
        (axes, own.get(axes.get_position().bounds, axes))
        for axes in figure.axes
        if axes not in own.values()
    ]


def looser_lines(axes: Axes) -> list[DrawnLine]:
    return [line for line in drawn_lines(axes) if line.style == "-."]


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (fig03_token_detectors, UNIGRAMS),
        (fig13_bigram_detectors, BIGRAMS),
        (fig13_trigram_detectors, TRIGRAMS),
    ],
)
def test_figures_3_and_13(
    models: dict[str, ModelTables], module: FigureModule, expected: tuple[list[int], list[int]]
) -> None:
    figure = module.draw(module.table(models))
    looks = legend_looks(figure)
    for (panel, axes), values in zip(panels(figure), expected, strict=True):
        assert (panel is axes) == (max(values) < 20), "flattened lines have a scale of their own"
        assert panel.get_ylim()[1] < 16
        first, second = looser_lines(axes)
        assert (first.x, first.y) == ([0.0, 0.5], values)
        assert (second.x, second.y) == ([0.0], [0.0])
        assert (first.colour, second.colour) == (looks["first"][0], looks["second"][0])
        assert first.is_quiet and second.is_quiet and not first.marker + second.marker
        assert axes.get_ylim()[1] > max(values)
    name = NAME + ", right scale" * (max(expected[0]) >= 20)
    assert looks[name][1] == "-.", "the style is in the legend, with its thresholds"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (fig04_tokens_by_layer, UNIGRAMS),
        (fig14_bigrams_by_layer, BIGRAMS),
        (fig14_trigrams_by_layer, TRIGRAMS),
    ],
)
def test_figures_4_and_14(
    models: dict[str, ModelTables], module: FigureModule, expected: tuple[list[int], list[int]]
) -> None:
    figure = module.draw(module.table(models))
    legend = legend_colours(figure)
    name = f"detected in the layer {NAME}" + ", right scale" * (max(expected[1]) >= 20)
    for (panel, axes), layers, values in zip(
        panels(figure), ([0.0, 1.0], [0.0]), (expected[1], [0]), strict=True
    ):
        assert (panel is axes) == (max(values) < 20) and panel.get_ylim()[1] < 16
        (line,) = looser_lines(axes)
        assert (line.x, line.y) == (layers, values), "layers count from 0"
        assert line.is_quiet and not line.marker
        assert line.colour == legend[name]
        assert axes.get_ylim()[1] > max(values)


def test_the_numbers_are_in_the_table_with_their_thresholds(models: dict[str, ModelTables]) -> None:
    for module in (fig03_token_detectors, fig04_tokens_by_layer):
        rows = module.table(models).filter(model="first").select(pl.col("^looser_.*$"))
        assert rows.columns == [
            *("looser_coverage", "looser_presence"),
            *("looser_detectors", "looser_detected"),
        ]
        assert rows.rows() == [(0.8, 0.75, 7, 13), (0.8, 0.75, 0, 0)]


def test_a_model_without_the_table_is_named(models: dict[str, ModelTables]) -> None:
    made = models["first"]
    frames = {name: frame for name, frame in made.frames.items() if name != "looser"}
    with pytest.raises(CensusError, match=r"looser: no table of the model 'first'"):
        fig03_token_detectors.table({"first": ModelTables("first", {}, frames)})
