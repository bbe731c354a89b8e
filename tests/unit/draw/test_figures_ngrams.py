"""Figures 2 to 4 and 11 to 14: the numbers by hand, and pictures that show these numbers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from matplotlib.figure import Figure

from helpers.made.tables import Layer, grown_model, made_model
from helpers.repository import REPOSITORY, STYLE
from neuron_census.config.selection import PAPER
from neuron_census.draw.draw import figure_names
from neuron_census.draw.figures import (
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
from neuron_census.draw.figures.figure import FigureModule, write_figure
from neuron_census.draw.model_tables import ModelTables

MODULES: tuple[FigureModule, ...] = (
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
DEPTHS = (4, 6, 8, 12, 24, 32, 40, 64)


pytestmark = pytest.mark.usefixtures("in_style")


@pytest.fixture(scope="module")
def several() -> dict[str, ModelTables]:
    """Eight models of names and depths that a page has to hold."""
    return {
        f"model-{number}-with-a-name": grown_model(f"{number}", depth, ffn_dim=24, seed=number)
        for number, depth in enumerate(DEPTHS)
    }


def test_bins_of_covers() -> None:
    sizes = [1, 5, 6, 10, 11, 20, 21, 50, 51, 200, 201, 1000, 1001, 2000, 2001, 90_000, None]
    layer = Layer(covers=dict(enumerate(sizes)), dead=[17, 18])
    models = {"a": made_model("a", [layer, Layer()], num_layers=4, ffn_dim=19)}
    numbers = fig02_unigram_cover.table(models)
    assert numbers.filter(pl.col("layer") == 0).drop("model", "layer").rows() == [
        ("1-5", 1, 5, 2),
        ("6-10", 6, 10, 2),
        ("11-20", 11, 20, 2),
        ("21-50", 21, 50, 2),
        ("51-200", 51, 200, 2),
        ("201-1k", 201, 1000, 2),
        ("1k-2k", 1001, 2000, 2),
        ("2k and more", 2001, None, 2),
        ("never active in the study", None, None, 1),
    ]
    assert numbers.group_by("layer").agg(pl.col("neurons").sum()).sort("layer").rows() == [
        (0, 17),
        (1, 19),
    ], "dead neurons are left out, and layers that are not analysed"


def test_bars_are_as_high_as_the_numbers(several: dict[str, ModelTables]) -> None:
    numbers = fig02_unigram_cover.table(several)
    figure = fig02_unigram_cover.draw(numbers)
    for model, axes in zip(several, figure.axes, strict=True):
        rows = numbers.filter(pl.col("model") == model)
        heights = [bar.get_height() for bars in axes.containers for bar in bars]
        layers = rows["layer"].n_unique()
        assert len(heights) == 8 * layers, "no bar for neurons that there are not"
        assert sum(heights) == rows["neurons"].sum()
        tops = [bar.get_y() + bar.get_height() for bar in axes.containers[-1]]
        alive = rows.group_by("layer").agg(pl.col("neurons").sum()).sort("layer")["neurons"]
        assert tops == alive.to_list()
        assert axes.get_ylim()[1] >= max(tops)
        # Layer 0 is the first one.
        assert axes.containers[0][0].get_center()[0] == pytest.approx(0)
    assert len(figure.legends[0].texts) == 8


def test_depth_is_the_papers() -> None:
    models = {"a": grown_model("a", 12), "odd": grown_model("odd", 5), "one": grown_model("one", 1)}
    numbers = fig03_token_detectors.table(models)
    depth = dict(numbers.group_by("model", maintain_order=True).agg("relative_depth").iter_rows())
    assert depth["a"] == pytest.approx([0.5 * layer / (12 / 2 - 1) for layer in range(6)])
    assert depth["odd"] == [0, 0.25, 0.5]
    assert depth["one"] == [0]
    every = made_model("every", [Layer()] * 5, num_layers=5)
    assert fig03_token_detectors.table({"every": every})["relative_depth"].to_list() == [
        0,
        0.25,
        0.5,
        0.75,
        1,
    ]
    figure = fig03_token_detectors.draw(fig03_token_detectors.table({"every": every}))
    assert figure.axes[0].get_xlim()[1] > 1


def test_the_papers_curves_are_beside_ours(tmp_path: Path) -> None:
    models = {"opt-13b": grown_model("opt-13b", 40)}
    for module, name, columns in (
        (fig03_token_detectors, "fig03_token_detectors", ("detectors", "detected", "cumulative")),
        (fig04_tokens_by_layer, "fig04_tokens_by_layer", ("covered", "new_overall")),
    ):
        write_figure(module, models, STYLE, tmp_path / name, published=PAPER / f"{name}.csv")
        written = pl.read_csv(tmp_path / f"{name}.csv")
        theirs = pl.read_csv(PAPER / f"{name}.csv").filter(pl.col("model") == "opt-13b")
        for column in columns:
            known = written[f"published_{column}"].drop_nulls().to_list()
            assert known == theirs.sort("layer")[column].drop_nulls().to_list() != []
        figure = module.draw(written)
        highest = written[f"published_{columns[0]}"].drop_nulls().to_numpy().max()
        assert figure.axes[0].get_ylim()[1] > highest, "they are inside the panel"
        assert "the paper's figure" in [text.get_text() for text in figure.legends[0].texts]


# The others are drawn by the same code, with words that are as long.
@pytest.mark.parametrize("module", MODULES[:3])
@pytest.mark.parametrize("models", [1, 3, 8])
def test_nothing_covers_anything(
    several: dict[str, ModelTables], module: FigureModule, models: int
) -> None:
    shown = dict(itertools.islice(several.items(), models))
    figure = module.draw(module.table(shown))
    figure.draw_without_rendering()
    _assert_apart(figure)
    for axes in figure.axes:
        if axes.axison:
            assert axes.get_window_extent().height > 100, "an inch is left for the data"
            named = [tick.get_window_extent() for tick in axes.get_xticklabels()]
            for one, other in itertools.pairwise(named):
                assert one.x1 < other.x0


@pytest.mark.parametrize("module", MODULES)
def test_without_detectors_an_empty_figure_is_drawn_and_csv_redraws_it(
    tmp_path: Path, module: FigureModule
) -> None:
    assert (module.STUDY, module.MODELS) == ("ngrams", "models")
    for name, models in (
        ("empty", {"nothing": made_model("nothing", [Layer(), Layer()])}),
        (
            "full",
            {
                "a": grown_model("a", 8),
                "b": grown_model("b", 2, seed=1),
                "dead": made_model("dead", [Layer(dead=range(4))], ffn_dim=4),
            },
        ),
    ):
        _write_twice(tmp_path / name, module, models)


def test_every_figure_has_a_caption_that_names_the_paper_or_says_that_it_is_ours() -> None:
    captions = REPOSITORY / "workflow" / "report"
    for name in figure_names():
        text = (captions / f"{name}.rst").read_text()
        if name.startswith("figure_"):
            assert text.startswith("**Our own figure") and "What to look at:" in text, name
            continue
        assert text.startswith("**The paper's Figure "), name
        assert "What to look at:" in text and "Deviations from the paper:" in text, name


def _assert_apart(figure: Figure) -> None:
    """The legend and the panels are inside the figure and do not meet."""
    (legend,) = figure.legends
    extents = [legend.get_window_extent()]
    for axes in figure.axes:
        around = axes.get_tightbbox()
        if axes.axison and around is not None:
            extents.append(around)
    for extent in extents:
        assert extent.x0 >= 0 and extent.x1 <= figure.bbox.width + 0.5
        assert extent.y0 >= 0 and extent.y1 <= figure.bbox.height + 0.5
    for one, other in itertools.combinations(extents, 2):
        assert not one.overlaps(other)


def _write_twice(output: Path, module: FigureModule, models: Mapping[str, ModelTables]) -> None:
    write_figure(module, models, STYLE, output)
    figure = module.draw(pl.read_csv(f"{output}.csv"))
    # The layout of the second file starts from that of the first.
    figure.savefig(f"{output}-again.pdf")
    figure.savefig(f"{output}-again.png")
    first, second = (Path(f"{output}{part}.png").read_bytes() for part in ("", "-again"))
    assert first == second
