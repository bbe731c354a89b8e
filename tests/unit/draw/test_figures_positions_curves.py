"""Figures 7 and 9: the neuron shown is the clearest, and ranges are where it is active."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PolyCollection

from helpers.made.positions import KINDS, made_model, model_of
from helpers.repository import STYLE
from neuron_census.draw.figures import fig07_pattern_types, fig09_oscillatory_ranges
from neuron_census.draw.figures.figure import FigureModule, write_figure
from neuron_census.draw.model_tables import ModelTables
from neuron_census.errors import CensusError

STRONG = ("oscillatory", "strong")
# Where the neurons of the published figure are active up to position 800, from its top to its bottom.
PUBLISHED = {
    1114: [(0, 29), (283, 357), (720, 789)],
    422: [(0, 0), (28, 53), (331, 397)],
    850: [(41, 71), (371, 431)],
    1693: [(76, 108), (414, 482)],
    167: [(0, 0), (67, 127), (439, 509)],
    213: [(110, 164), (482, 558)],
    968: [(138, 198), (527, 604)],
    1948: [(189, 237), (592, 649)],
    1900: [(3, 3), (207, 278), (621, 694)],
    2669: [(261, 318), (691, 746)],
}


pytestmark = pytest.mark.usefixtures("in_style")


def with_strong(name: str, curves: dict[tuple[int, int], list[float]], layers: int) -> ModelTables:
    """A model whose strong oscillatory neurons have given curves, at (layer, neuron)."""
    return model_of(
        name,
        [
            (layer, neuron, 0.4, (layer, neuron) in curves)
            + (STRONG if (layer, neuron) in curves else (None, None))
            for layer in range(layers)
            for neuron in range(3000)
        ],
        [(*place, 500, curve, 0.4) for place, curve in curves.items()],
    )


def switched(ranges: list[tuple[int, int]], window: int) -> list[float]:
    curve = [0.0] * window
    for start, end in ranges:
        curve[start : end + 1] = [1.0] * (end + 1 - start)
    return curve


def test_neurons_stand_in_the_order_of_the_published_figure() -> None:
    curves = {(1, neuron): switched(ranges, 2048) for neuron, ranges in PUBLISHED.items()}
    numbers = fig09_oscillatory_ranges.table({"opt-125m": with_strong("opt-125m", curves, 2)})
    assert numbers["neuron"].unique(maintain_order=True).to_list() == list(PUBLISHED)
    for neuron, ranges in PUBLISHED.items():
        found = numbers.filter(pl.col("neuron") == neuron).select("start", "end").rows()
        assert found == ranges
    figure = fig09_oscillatory_ranges.draw(numbers)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [str(n) for n in PUBLISHED]
    assert "opt-125m, layer 1: 10 strong" in axes.get_title("left")
    low, high = axes.get_ylim()
    assert low > high, "the smallest shift is at the top"
    bars = [part for part in axes.collections if isinstance(part, PolyCollection)]
    assert len(bars) == len(PUBLISHED)
    corners = bars[-1].get_paths()[0].vertices
    start, end = numbers.filter(pl.col("neuron") == 2669).select("start", "end").row(0)
    assert np.min(corners, axis=0).tolist() == pytest.approx([start - 0.5, 9 - 0.36])
    assert np.max(corners, axis=0).tolist() == pytest.approx([end + 0.5, 9 + 0.36])


def test_bos_by_itself_is_not_a_shift() -> None:
    curves = {(0, 5): switched([(0, 0), (100, 120)], 256), (0, 9): switched([(40, 60)], 256)}
    numbers = fig09_oscillatory_ranges.table({"a": with_strong("a", curves, 1)})
    assert numbers.select("neuron", "shift", "start", "end").rows() == [
        (9, 50.0, 40, 60),
        (5, 110.0, 0, 0),
        (5, 110.0, 100, 120),
    ]
    title = fig09_oscillatory_ranges.draw(numbers).axes[0].get_title("left")
    assert title.endswith(f"cover {100 * 43 / 256:.0f}% of positions")


def test_the_fullest_layer_is_shown_unless_another_is_asked_for() -> None:
    curve = switched([(10, 20)], 64)
    models = {
        "a": with_strong("a", {(0, 1): curve, (2, 1): curve}, 3),
        "b": with_strong("b", {(1, 1): curve, (1, 2): curve}, 2),
        "c": with_strong("c", {(0, 8): curve, (0, 9): curve}, 1),
    }

    def shown(model: str | None = None, layer: int | None = None) -> tuple[object, ...]:
        numbers = fig09_oscillatory_ranges.table(models, model=model, layer=layer)
        return (*numbers.row(0)[:2], numbers["neuron"].to_list())

    assert shown() == ("b", 1, [1, 2]), "of equal ones the first"
    assert shown(model="a") == ("a", 0, [1])
    assert shown(layer=0) == ("c", 0, [8, 9])
    assert shown(model="a", layer=1) == ("a", 1, [None]), "it has none, and says so"
    none = fig09_oscillatory_ranges.table({"a": with_strong("a", {}, 3)})
    assert none.rows() == [(None,) * 7], "no layer is shown that nobody asked for"
    for numbers, said in (
        (none, "all models: no strong oscillatory neuron"),
        (
            fig09_oscillatory_ranges.table(models, model="a", layer=1),
            "a, layer 1: no strong oscillatory neuron",
        ),
    ):
        assert fig09_oscillatory_ranges.draw(numbers).axes[0].get_title("left") == said
    with pytest.raises(CensusError, match=r"oscillatory_ranges\.model: 'd' is not shown.*a, b, c"):
        shown(model="d")
    with pytest.raises(CensusError, match=r"oscillatory_ranges\.layer: found 3.*a 3, b 2, c 1"):
        shown(layer=3)
    with pytest.raises(CensusError, match=r"layer: found 2.*there are: b 2"):
        shown(model="b", layer=2)


def test_the_clearest_neuron_of_all_models_is_shown() -> None:
    kind = ("one extreme", "weak")

    def model(name: str, informations: list[float]) -> ModelTables:
        return model_of(
            name,
            [(0, neuron, value, True, *kind) for neuron, value in enumerate(informations)]
            + [(0, 99, 0.01, False, None, None)],
            [
                (0, neuron, 200, [value, neuron / 100, 0.0], value)
                for neuron, value in enumerate(informations)
            ],
        )

    models = {
        "a": model("a", [0.1, 0.3]),
        "b": model("b", [0.2, 0.1, 0.5, 0.5]),
        "c": model("c", [0.5]),
    }
    numbers = fig07_pattern_types.table(models)
    assert numbers.drop("frequency").rows() == [
        (*kind, "b", 0, 2, 0.5, 200, 7, position) for position in range(3)
    ]
    assert numbers["frequency"].to_list() == pytest.approx([0.5, 0.02, 0.0])
    figure = fig07_pattern_types.draw(numbers)
    titles = {axes.get_title("left") for axes in figure.axes}
    assert titles == {" ", "b, layer 0, neuron 2"}
    empty = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert empty.count("none in this run") == 7


def test_all_kinds_are_shown_each_with_its_curve() -> None:
    made = {
        name: made_model(name, [dict.fromkeys(KINDS, 3), {}], length=64, seed=seed)
        for seed, name in enumerate(
            ("a", "a-model-of-a-name-as-long-as-one-hardly-ever-sees-it-is")
        )
    }
    numbers = fig07_pattern_types.table(made)
    kinds = numbers.select("pattern", "strength").unique(maintain_order=True).rows()
    assert kinds == list(KINDS)
    assert numbers["candidates"].unique().to_list() == [6]
    figure = fig07_pattern_types.draw(numbers)
    figure.draw_without_rendering()
    for axes, kind in zip(figure.axes, KINDS, strict=True):
        assert axes.texts[0].get_text() == ", ".join(kind)
        (line,) = axes.get_lines()
        drawn = numbers.filter((pl.col("pattern") == kind[0]) & (pl.col("strength") == kind[1]))
        tables = made[drawn["model"][0]].positions
        curve = tables.filter(
            (pl.col("layer") == drawn["layer"][0]) & (pl.col("neuron") == drawn["neuron"][0])
        )["frequency"][0]
        assert np.asarray(line.get_ydata()).tolist() == curve.to_list()
        around = axes.get_tightbbox()
        assert around is not None and around.x1 <= figure.bbox.width
    left, right = (axes.get_tightbbox() for axes in figure.axes[:2])
    assert left is not None and right is not None and left.x1 < right.x0, "titles do not meet"


@pytest.mark.parametrize("module", [fig07_pattern_types, fig09_oscillatory_ranges])
@pytest.mark.parametrize("neurons", [0, 1, 120])
def test_any_number_of_neurons_is_drawn_and_redrawn_from_csv(
    tmp_path: Path, module: FigureModule, neurons: int
) -> None:
    made = {"a": made_model("a", [{STRONG: neurons}, {}], ffn_dim=128)}
    write_figure(module, made, STYLE, tmp_path / "figure")
    figure = module.draw(pl.read_csv(tmp_path / "figure.csv"))
    # The layout of the second file starts from that of the first.
    figure.savefig(tmp_path / "again.pdf")
    figure.savefig(tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "figure.png").read_bytes()
    assert figure.get_figheight() < 20
