"""Figures 7 to 10, 15 and 16 as they are drawn: curves, circles, ranges and their colours, by hand."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from helpers.drawn import (
    drawn_cells,
    drawn_circles,
    drawn_lines,
    drawn_ranges,
    labels,
    legend_colours,
    titles,
)
from helpers.made.positions import KINDS, Kind, made_model, model_of
from neuron_census.draw.figures import (
    fig07_pattern_types,
    fig08_positional_neurons,
    fig09_oscillatory_ranges,
    fig10_no_positions,
    fig15_postnorm_positional,
    fig16_training_checkpoints,
)
from neuron_census.draw.figures.figure import FigureModule

pytestmark = pytest.mark.usefixtures("in_style")

COLOURS = {
    "oscillatory": "#0072b2",
    "both extremes": "#d55e00",
    "one extreme": "#009e73",
    "other": "#4d4d4d",
}
# What fills the circles of weak neurons: a quarter of the colour on white.
PALE = {
    "oscillatory": "#bfdcec",
    "both extremes": "#f4d7bf",
    "one extreme": "#bfe7dc",
    "other": "#d2d2d2",
}


def fill(kind: Kind) -> str:
    pattern, strength = kind
    return COLOURS[pattern] if strength == "strong" else PALE[pattern]


def test_figure_7() -> None:
    """A neuron of every kind but the last, each with a curve of its own."""
    kinds = KINDS[:-1]
    curves = {
        kind: [(10 * number + place) / 128 for place in range(4)]
        for number, kind in enumerate(kinds)
    }
    model = model_of(
        "m",
        [(number // 2, number, 0.1, True, *kind) for number, kind in enumerate(kinds)],
        [(number // 2, number, 128, curve, 0.1) for number, curve in enumerate(curves.values())],
    )
    figure = fig07_pattern_types.draw(fig07_pattern_types.table({"m": model}))
    assert titles(figure)[:-1] == [
        f"m, layer {number // 2}, neuron {number}" for number in range(len(kinds))
    ]
    for axes, kind in zip(figure.axes, KINDS, strict=True):
        said = {cell.text: cell.colour for cell in drawn_cells(axes)}
        assert said[", ".join(kind)] == COLOURS[kind[0]]
        assert ("none in this run" in said) == (kind not in curves)
        low, high = axes.get_ylim()
        assert (low, high) == (-0.04, 1.04), "all panels have the same scale"
        if kind in curves:
            (line,) = drawn_lines(axes)
            assert (line.x, line.y) == ([0, 1, 2, 3], curves[kind])
            assert line.colour == COLOURS[kind[0]]
    left, right = figure.axes[-2:]
    assert labels(left)[0] == labels(right)[0] == "position in the window (BOS at 0)"


LAYERS: dict[str, list[Mapping[Kind, int]]] = {
    "a": [{KINDS[6]: 1, KINDS[0]: 2}, {}, {KINDS[3]: 3}],
    "b": [{KINDS[5]: 1, KINDS[4]: 1, KINDS[1]: 1, KINDS[7]: 1}, {KINDS[2]: 2}],
}


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (fig08_positional_neurons, ("a", "b")),
        (fig10_no_positions, ("baseline: a", "without positions: b")),
        (fig15_postnorm_positional, ("a", "b")),
        (fig16_training_checkpoints, ("a", "b")),
    ],
)
def test_figures_8_10_15_and_16(module: FigureModule, named: tuple[str, str]) -> None:
    made = {name: made_model(name, layers, ffn_dim=16) for name, layers in LAYERS.items()}
    figure = module.draw(module.table(made))
    heads = [axes.texts[0].get_text() for axes in figure.axes if axes.axison]
    assert heads == [f"{named[0]}\n6 of 48 neurons", f"{named[1]}\n6 of 32 neurons"]
    for axes, layers in zip(figure.axes, LAYERS.values(), strict=True):
        expected = []
        places = axes.get_yticks().tolist()
        assert places == sorted(places), "the lowest layer is at the bottom"
        assert [label.get_text() for label in axes.get_yticklabels()] == [
            str(layer) for layer in range(len(layers))
        ]
        for place, counts in zip(places, layers, strict=True):
            kinds = [kind for kind in KINDS for _ in range(counts.get(kind, 0))]
            expected += [
                (column + 0.5, place, fill(kind), COLOURS[kind[0]])
                for column, kind in enumerate(kinds)
            ]
        assert drawn_circles(axes) == expected
    counts = {
        kind: sum(layer.get(kind, 0) for layers in LAYERS.values() for layer in layers)
        for kind in KINDS
    }
    assert legend_colours(figure) == {
        f"{pattern}, {strength}: {count}": fill((pattern, strength))
        for (pattern, strength), count in counts.items()
    }
    assert figure.axes[0].get_ylabel() == "layer (from 0)"
    assert {axes.get_xlabel() for axes in figure.axes} == {"positional neurons"}


def test_figure_9() -> None:
    """Three neurons of the third layer, in the order of their shift and not of their number."""
    numbers = pl.DataFrame(
        [
            ("m", 2, 100, 7, 5.0, 0, 10),
            ("m", 2, 100, 7, 5.0, 50, 59),
            ("m", 2, 100, 3, 25.0, 20, 30),
            ("m", 2, 100, 5, 100.0, None, None),
        ],
        schema=["model", "layer", "window", "neuron", "shift", "start", "end"],
        orient="row",
    )
    figure = fig09_oscillatory_ranges.draw(numbers)
    (axes,) = figure.axes
    assert titles(figure) == [
        "m, layer 2: 3 strong oscillatory neurons; active ranges cover 32% of positions"
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["7", "3", "5"]
    assert axes.get_yticks().tolist() == [0, 1, 2]
    assert drawn_ranges(axes) == {0: [(-0.5, 10.5), (49.5, 59.5)], 1: [(19.5, 30.5)]}
    bottom, top = axes.get_ylim()
    assert bottom > 2 and top < 0, "the smallest shift is at the top"
    low, high = axes.get_xlim()
    assert low <= -0.5 and high >= 99.5
    assert labels(axes) == ("position in the window (BOS at 0)", "neuron")
