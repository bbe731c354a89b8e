"""Figures 8, 10, 15 and 16: as many circles as neurons, in order, and legible at any number."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.colors import to_hex

from helpers.made.positions import KINDS, Kind, made_model
from helpers.repository import STYLE
from neuron_census.draw.figures import (
    fig08_positional_neurons,
    fig10_no_positions,
    fig15_postnorm_positional,
    fig16_training_checkpoints,
    positional_neurons,
)
from neuron_census.draw.figures.circle_layout import PAGE_HEIGHT, choose_layout
from neuron_census.draw.figures.figure import FigureModule, write_figure
from neuron_census.draw.figures.pattern_colours import fill
from neuron_census.draw.model_tables import ModelTables

OSCILLATORY, BOTH_WEAK, OTHER = KINDS[0], KINDS[3], KINDS[6]


pytestmark = pytest.mark.usefixtures("in_style")


def crowded(name: str, layers: int, neurons: int) -> ModelTables:
    """A model each of whose layers has so many positional neurons, of all kinds."""
    share = {kind: neurons // 8 + (place < neurons % 8) for place, kind in enumerate(KINDS)}
    return made_model(name, [share] * layers, ffn_dim=neurons + 8, length=32)


def circles(axes: Axes) -> list[tuple[float, float, str]]:
    """Place and colour of every circle of a panel."""
    (drawn,) = (part for part in axes.collections if isinstance(part, EllipseCollection))
    places = np.asarray(drawn.get_offsets()).reshape(-1, 2)
    colours = [to_hex(colour) for colour in np.asarray(drawn.get_facecolor())]
    return [(float(x), float(y), colour) for (x, y), colour in zip(places, colours, strict=True)]


def rows(axes: Axes) -> list[list[str]]:
    """Colours of the circles of each line, from the bottom, and in it from the left."""
    ordered = sorted(circles(axes), key=lambda circle: (circle[1], circle[0]))
    return [
        [colour for _, _, colour in line]
        for _, line in itertools.groupby(ordered, key=lambda circle: circle[1])
    ]


def test_numbers_are_those_of_the_census_with_noughts() -> None:
    layers: list[Mapping[Kind, int]] = [{OSCILLATORY: 2, OTHER: 1}, {}, {BOTH_WEAK: 3}]
    numbers = positional_neurons.table({"a": made_model("a", layers), "b": made_model("b", [{}])})
    assert len(numbers) == 4 * 8, "four layers, and every kind in each"
    assert numbers["ffn_dim"].unique().to_list() == [64]
    assert numbers.filter(pl.col("neurons") > 0).select(
        "model", "layer", "pattern", "strength", "neurons"
    ).rows() == [
        ("a", 0, "oscillatory", "strong", 2),
        ("a", 0, "other", "strong", 1),
        ("a", 2, "both extremes", "weak", 3),
    ]


def test_a_row_is_a_layer_and_starts_with_the_oscillatory_neurons() -> None:
    layers: list[Mapping[Kind, int]] = [{OTHER: 1, OSCILLATORY: 2}, {}, {BOTH_WEAK: 3}]
    figure = positional_neurons.draw(positional_neurons.table({"a": made_model("a", layers)}))
    (axes,) = figure.axes
    blue, black, pale = (to_hex(fill(*kind)) for kind in (OSCILLATORY, OTHER, BOTH_WEAK))
    assert rows(axes) == [[blue, blue, black], [pale, pale, pale]]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["0", "1", "2"], "layers count from 0, the lowest at the bottom"
    lowest, _, highest = axes.get_yticks()
    assert {y for _, y, _ in circles(axes)} == {lowest, highest}, "the second layer is empty"
    assert "from 0" in axes.get_ylabel()


@pytest.mark.parametrize(
    ("models", "neurons"), [(1, 0), (1, 1), (1, 400), (3, 30), (8, 7), (8, 400), (12, 60)]
)
def test_every_neuron_is_a_circle_of_its_own(models: int, neurons: int) -> None:
    made = {f"opt-mini-{number}": crowded("made", 6, neurons) for number in range(models)}
    figure = positional_neurons.draw(positional_neurons.table(made))
    figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.axison]
    assert len(panels) == models
    sizes = set()
    for axes in panels:
        found = circles(axes)
        assert len(found) == 6 * neurons
        assert len({(x, y) for x, y, _ in found}) == len(found), "none lies on another"
        if neurons:
            (drawn,) = (part for part in axes.collections if isinstance(part, EllipseCollection))
            pixels = axes.transData.transform([(0, 0), (1, 1)])
            across, up = (pixels[1] - pixels[0]) * 72 / figure.dpi
            diameter = float(np.max(drawn.get_widths())) * across + float(
                np.max(drawn.get_linewidth())
            )
            sizes.add(round(diameter, 3))
            assert diameter <= 1.01 * min(across, up), "circles do not touch"
            assert diameter >= 2, "points"
            x = np.array([x for x, _, _ in found])
            assert x.min() > 0 and x.max() < axes.get_xlim()[1]
            bottom, top = axes.get_ylim()
            assert all(bottom < y < top for _, y, _ in found)
    assert len(sizes) <= 1, "circles are equal in all panels"
    assert figure.get_figheight() * 72 < max(PAGE_HEIGHT, 1.5 * 60 * models) + 90


@pytest.mark.parametrize("models", [1, 3, 8])
def test_legend_and_titles_cover_nothing(models: int) -> None:
    made = {
        f"a-model-with-a-name-{number}": crowded("made", 2 + 3 * (number % 3), 20)
        for number in range(models)
    }
    figure = positional_neurons.draw(positional_neurons.table(made))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    place = legend.get_window_extent()
    assert place.x0 >= 0 and place.x1 <= figure.bbox.width and place.y0 >= 0
    panels = [axes for axes in figure.axes if axes.axison]
    extents = [(axes, axes.get_tightbbox()) for axes in panels]
    for axes, around in extents:
        assert around is not None and not place.overlaps(around)
        assert around.x1 <= figure.bbox.width and around.y1 <= figure.bbox.height
        (title,) = axes.texts
        highest = max(y for _, y, _ in circles(axes))
        top = axes.transData.transform((0, highest))[1]
        assert title.get_window_extent().y0 > top
    for (_, one), (_, other) in itertools.combinations(extents, 2):
        assert one is not None and other is not None and not one.overlaps(other)


def test_the_legend_counts_all_panels_together() -> None:
    made = {
        "a": made_model("a", [{OSCILLATORY: 2}, {OSCILLATORY: 1}]),
        "b": made_model("b", [{BOTH_WEAK: 1_500, OSCILLATORY: 1}], ffn_dim=2048, length=16),
    }
    figure = positional_neurons.draw(positional_neurons.table(made))
    (legend,) = figure.legends
    counts = Counter(text.get_text() for text in legend.texts)
    assert len(counts) == 8
    assert counts["oscillatory, strong: 4"] == 1
    assert counts["both extremes, weak: 1,500"] == 1
    assert counts["other, weak: 0"] == 1
    (title,) = figure.axes[1].texts
    assert title.get_text() == "b\n1,501 of 2,048 neurons"


def test_what_the_paper_counts_stands_in_the_title() -> None:
    made = {"a": made_model("a", [{OSCILLATORY: 2}]), "b": made_model("b", [{}])}
    numbers = positional_neurons.table(made).with_columns(
        pl.when(pl.col("model") == "a").then(3.0).alias("published_neurons")
    )
    first, second = positional_neurons.draw(numbers).axes
    assert first.texts[0].get_text() == "a\n2 of 64 neurons (paper: 24)"
    assert second.texts[0].get_text() == "b\n0 of 64 neurons"


def test_the_baseline_is_named_as_such() -> None:
    made = {name: made_model(name, [{OSCILLATORY: 1}]) for name in ("base", "nopos")}
    figure = fig10_no_positions.draw(fig10_no_positions.table(made))
    titles = [axes.texts[0].get_text().splitlines()[0] for axes in figure.axes]
    assert titles == ["baseline: base", "without positions: nopos"]


def test_a_layout_has_larger_circles_where_there_is_room() -> None:
    def pitch(layers: Sequence[int], neurons: int) -> float:
        return choose_layout(layers, neurons, 90.0).pitch

    assert pitch([8], 1) == pytest.approx(pitch([8], 60), rel=0.1), "no larger than legible"
    assert choose_layout([8], 60, 90.0).lines == 1, (
        "one line where that is legible, as in the paper"
    )
    assert pitch([8], 400) > 484 / 400, "several lines make circles larger than one could"
    assert choose_layout([64] * 8, 400, 90.0).height <= 1.5 * 8 * 64 * 10
    assert choose_layout([8] * 4, 3, 400.0).abreast == 1, "titles are not cut"


@pytest.mark.parametrize(
    ("module", "models"),
    [
        (fig08_positional_neurons, "models"),
        (fig10_no_positions, "no_positions"),
        (fig15_postnorm_positional, "post_norm"),
        (fig16_training_checkpoints, "checkpoints"),
    ],
)
def test_figures_are_redrawn_from_their_csv(
    tmp_path: Path, module: FigureModule, models: str
) -> None:
    assert ("positions", models) == (module.STUDY, module.MODELS)
    made = {"a": crowded("a", 3, 5), "b": made_model("b", [{}] * 2)}
    write_figure(module, made, STYLE, tmp_path / "figure")
    figure = module.draw(pl.read_csv(tmp_path / "figure.csv"))
    # The layout of the second file starts from that of the first.
    figure.savefig(tmp_path / "again.pdf")
    figure.savefig(tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "figure.png").read_bytes()
