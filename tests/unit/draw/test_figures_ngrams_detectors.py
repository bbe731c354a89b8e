"""Figures 5 and 6: the detectors shown are those that the rule names, and their tokens can be read."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.made.tables import Detector, Layer, grown_model, made_model
from helpers.repository import STYLE
from neuron_census.draw.figures import fig05_suppression, fig06_detector_examples
from neuron_census.draw.figures.figure import FigureModule, write_figure
from neuron_census.draw.model_tables import ModelTables

HOSTILE = {
    0: " title",
    1: "\n",
    2: "$x$",
    3: "\\frac{1}{2}",
    4: "العربية",
    5: "\u0301",
    6: "\u202ereversed",
    7: " a token of a length that no column of a page has ever had room for",
    8: "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    9: "",
    10: '","',
    11: "12",
}


pytestmark = pytest.mark.usefixtures("in_style")


def unigrams(*detectors: Detector) -> Layer:
    return Layer({"unigram": detectors})


def detector(neuron: int, activations: int, *projections: float) -> Detector:
    """A detector of tokens ten times its number and those after it."""
    tokens = [(10 * neuron + place,) for place in range(len(projections))]
    return Detector(neuron, tokens, activations, projections)


def hostile() -> ModelTables:
    tokens = [(token,) for token in HOSTILE]
    values = np.linspace(-0.9, -0.3, len(tokens)).tolist()
    return made_model(
        "hostile", [unigrams(Detector(3, tokens, 9_999_999, values))], texts=HOSTILE, ffn_dim=8
    )


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_most_active_detector_that_suppresses_is_shown() -> None:
    models = {
        "a": made_model("a", [unigrams(detector(1, 50, -0.2), detector(2, 90, 0.3))]),
        "b": made_model("b", [unigrams(), unigrams(detector(5, 80, -0.2), detector(3, 80, -0.1))]),
        "c": made_model("c", [unigrams(detector(0, 80, -0.4))]),
    }

    def shown(models: dict[str, ModelTables]) -> list[tuple[object, ...]]:
        numbers = fig05_suppression.table(models)
        place = ["model", "layer", "neuron"]
        return numbers.filter(pl.col("list") != "model").select(place).unique().rows()

    assert shown(models) == [("b", 1, 3)], "of equally active ones the first"
    assert shown({"a": models["a"]}) == [("a", 0, 1)], "one that promotes is not, if active"
    promoting = made_model("d", [unigrams(detector(1, 50, 0.2), detector(2, 90, 0.3))])
    assert shown({"d": promoting}) == [("d", 0, 2)], "unless there is no other"
    assert shown({"e": made_model("e", [Layer()])}) == []


def test_shares_of_suppressing_detectors_by_hand() -> None:
    model = made_model(
        "a",
        [
            unigrams(
                detector(0, 10, -0.1, -0.1),
                detector(1, 10, -0.5, 0.1, 0.1),
                detector(2, 10, 0.5, -0.1, -0.1),
                detector(3, 10, 0.1),
            )
        ],
    )
    numbers = fig05_suppression.table({"a": model, "b": made_model("b", [Layer()])})
    rows = numbers.filter(pl.col("list") == "model")
    shares = ["detectors", "suppressing_mean", "suppressing_all", "suppressing_majority"]
    assert rows.select(shares).rows() == [(4, 0.5, 0.25, 0.5), (0, None, None, None)]
    written = texts(fig05_suppression.draw(numbers).axes[2])
    assert written.count("50%") == 2 and written.count("25%") == 1
    assert written.count("none") == 3


def test_the_curve_and_the_diamonds_are_the_neurons() -> None:
    model = made_model("a", [unigrams(detector(1, 100, -0.4, 0.02, -0.05))])
    numbers = fig05_suppression.table({"a": model})
    figure = fig05_suppression.draw(numbers)
    curve, _, own = figure.axes[0].get_lines()
    (quantiles,) = model.spectra["quantiles"].to_list()
    assert np.asarray(curve.get_xdata()).tolist() == quantiles
    assert np.asarray(curve.get_ydata()).tolist() == [place / 256 for place in range(257)]
    drawn = zip(np.asarray(own.get_xdata()), np.asarray(own.get_ydata()), strict=True)
    values = model.covered.select("projection", "percentile").rows()
    assert list(drawn) == values
    # A diamond lies on the curve: its place is that of its value.
    for value, place in values:
        assert np.interp(value, quantiles, np.linspace(0, 1, 257)) == pytest.approx(place, abs=0.01)
    middle = texts(figure.axes[1])
    by_rank = dict(model.projections.select("rank", "text").rows())
    visible = [by_rank[rank].replace(" ", "␣") for rank in (1, 10, -10, -1)]
    places = [middle.index(text) for text in visible]
    assert places == sorted(places), "promoted at the top, the most suppressed at the bottom"
    low = [text for text in figure.axes[1].texts if text.get_text() == visible[-1]]
    assert low[0].get_position()[1] == max(text.get_position()[1] for text in figure.axes[1].texts)


def test_examples_are_the_most_active_of_layers() -> None:
    layers = [
        unigrams(detector(1, 10 + layer % 3, -0.2), detector(2, 20 + layer % 3, -0.3))
        for layer in range(9)
    ]
    models = {"a": made_model("a", layers)}
    numbers = fig06_detector_examples.table(models)
    shown = numbers.select("layer", "neuron", "neuron_activations").unique(maintain_order=True)
    # Two in three layers have more activations than the third.
    assert shown.rows() == [(layer, 2, 20 + layer % 3) for layer in (1, 2, 4, 5, 7, 8)]
    three = fig06_detector_examples.table(dict.fromkeys("abc", models["a"]))
    assert three.select("model", "layer").unique(maintain_order=True).rows() == [
        (name, layer) for name in "abc" for layer in (2, 5)
    ]
    eight = fig06_detector_examples.table(dict.fromkeys("abcdefgh", models["a"]))
    assert eight.select("model", "layer").unique(maintain_order=True).rows() == [
        (name, 2) for name in "abcdefgh"
    ]


def test_lists_have_the_tokens_with_their_values() -> None:
    model = made_model(
        "a",
        [
            unigrams(
                Detector(4, [(7,), (9,)], 61, (-0.6, 0.02), chance=[(8,)]), detector(5, 60, -0.1)
            )
        ],
    )
    numbers = fig06_detector_examples.table({"a": model})
    assert numbers.filter(pl.col("list") == "detected").select(
        "rank", "token", "text", "value", "activations", "occurrences", "is_detected"
    ).rows() == [
        (1, 7, "␣token7", pytest.approx(-0.6), 30, 30, True),
        (2, 9, "␣token9", pytest.approx(0.02), 30, 30, True),
    ]
    for name, sign in (("promoted", 1), ("suppressed", -1)):
        rows = numbers.filter(pl.col("list") == name)
        expected = model.projections.filter(
            (pl.col("rank") * sign > 0) & (pl.col("neuron") == 4)
        ).sort(pl.col("rank").abs())
        assert rows["token"].to_list() == expected["token"].to_list()
        assert rows["rank"].to_list() == list(range(1, 11))
        assert rows["value"].to_list() == expected["value"].cast(pl.Float64).to_list()
    # The most suppressed token is one that it detects.
    first = numbers.filter((pl.col("list") == "suppressed") & (pl.col("rank") == 1))
    assert first.select("token", "is_detected").rows() == [(7, True)]
    assert numbers["suppression"].unique().to_list() == pytest.approx([-0.29])


def test_more_tokens_than_lines_are_counted() -> None:
    figure = fig06_detector_examples.draw(fig06_detector_examples.table({"a": hostile()}))
    written = texts(figure.axes[0])
    assert "and 8 more" in written and "suppresses its 12 tokens" in " ".join(written)
    few = made_model("a", [unigrams(detector(1, 5, *[-0.1] * 5))])
    written = texts(fig06_detector_examples.draw(fig06_detector_examples.table({"a": few})).axes[0])
    assert not any(text.endswith("more") for text in written)
    assert {f"␣token{token}" for token in range(10, 15)} <= set(written)


@pytest.mark.parametrize("module", [fig05_suppression, fig06_detector_examples])
@pytest.mark.parametrize("models", [0, 1, 3, 8])
def test_texts_are_apart_and_inside(module: FigureModule, models: int) -> None:
    made = {
        f"a-model-of-a-name-that-is-long-{number}": grown_model("a", 4 + number, seed=number)
        for number in range(models)
    } or {"hostile": hostile()}
    figure = module.draw(module.table(made))
    figure.draw_without_rendering()
    written = [*figure.texts]
    for axes in figure.axes:
        written += [*axes.texts, *([axes.xaxis.label, axes.yaxis.label] if axes.axison else [])]
    extents = [(text, text.get_window_extent()) for text in written if text.get_text()]
    assert len(extents) > 20
    for text, extent in extents:
        assert extent.x0 >= 0 and extent.x1 <= figure.bbox.width, text
        assert extent.y0 >= 0 and extent.y1 <= figure.bbox.height, text
    for (one, first), (other, second) in itertools.combinations(extents, 2):
        narrower = first.padded(-0.5, -2.0)
        assert not narrower.overlaps(second.padded(-0.5, -2.0)), f"{one} {other}"


@pytest.mark.parametrize("module", [fig05_suppression, fig06_detector_examples])
@pytest.mark.filterwarnings("error")
def test_any_tokens_are_drawn_and_redrawn_from_csv(tmp_path: Path, module: FigureModule) -> None:
    assert (module.STUDY, module.MODELS) == ("ngrams", "models")
    for name, models in (
        ("hostile", {"hostile": hostile(), "b": grown_model("b", 4)}),
        ("empty", {"nothing": made_model("nothing", [Layer()])}),
    ):
        write_figure(module, models, STYLE, tmp_path / name)
        numbers = module.table(models)
        again = pl.read_csv(tmp_path / f"{name}.csv")
        assert again["text"].to_list() == numbers["text"].to_list()
        figure = module.draw(again)
        # The layout of the second file starts from that of the first.
        figure.savefig(tmp_path / "again.pdf")
        figure.savefig(tmp_path / "again.png")
        assert (tmp_path / "again.png").read_bytes() == (tmp_path / f"{name}.png").read_bytes()


def test_nothing_to_show_is_said() -> None:
    models = {"nothing": made_model("nothing", [Layer()])}
    for module in (fig05_suppression, fig06_detector_examples):
        figure: Figure = module.draw(module.table(models))
        assert "no" in " ".join(texts(figure.axes[0])).lower()
        assert "token detector" in " ".join(texts(figure.axes[0]))
