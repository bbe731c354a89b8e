"""The figure of what became of neurons: its numbers by hand, its bars and bands read off the picture."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch, Rectangle

from helpers.repository import STYLE
from neuron_census.draw.draw_comparison import draw_comparison
from neuron_census.draw.figures import neuron_fates
from neuron_census.errors import CensusError
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.comparison import COMPARED, COMPARISON, KINDS

STEPS = {
    ("a", "b"): {
        ("dead", "dead"): 10,
        ("other", "dead"): 30,
        ("other", "positional"): 20,
        ("other", "other"): 900,
    },
    ("b", "c"): {
        ("dead", "dead"): 40,
        ("positional", "other"): 5,
        ("positional", "positional"): 15,
        ("other", "other"): 900,
    },
}


def comparison(counts: dict[tuple[str, str], int]) -> pl.DataFrame:
    """A comparison with so many neurons of each pair of kinds; nothing else in it is meant."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    return pl.DataFrame(
        [
            {
                "layer": 0,
                "neuron": neuron,
                "kind_before": was,
                "kind_after": became,
                "frequency_before": 0.0,
                "frequency_after": 0.0,
                "died": False,
                "woke": False,
            }
            for neuron, (was, became) in enumerate(pairs)
        ],
        schema={name: column.dtype for name, column in COMPARISON.columns.items()},
    )


def write(folder: Path, before: str, after: str) -> Path:
    path = folder / f"{before}-{after}.parquet"
    counts = STEPS.get((before, after), {("dead", "dead"): 1})
    metadata = {COMPARED: json.dumps([before, after])}
    write_table(comparison(counts), COMPARISON, path, metadata=metadata)
    return path


def test_the_numbers_are_those_of_every_pair_of_kinds() -> None:
    tables = [(*models, comparison(counts)) for models, counts in STEPS.items()]
    numbers = neuron_fates.table(tables)
    assert len(numbers) == 2 * len(KINDS) ** 2
    found = {
        (row["before"], row["after"], row["kind_before"], row["kind_after"]): row["neurons"]
        for row in numbers.filter(pl.col("neurons") > 0).iter_rows(named=True)
    }
    assert found == {
        (*models, *kinds): count
        for models, counts in STEPS.items()
        for kinds, count in counts.items()
    }


@pytest.mark.usefixtures("in_style")
def test_bars_and_bands_are_as_high_as_neurons_are_many() -> None:
    tables = [(*models, comparison(counts)) for models, counts in STEPS.items()]
    figure = neuron_fates.draw(neuron_fates.table(tables))
    (axes,) = figure.axes
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    bands = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    # The highest bar stands for 50 neurons; the others are in proportion.
    unit = max(bar.get_height() for bar in bars) / 50
    kind_of = {colour: kind for kind, colour in neuron_fates.COLOURS.items()}
    drawn = [
        (kind_of[to_hex(bar.get_facecolor()).upper()], round(bar.get_height() / unit))
        for bar in bars
    ]
    assert drawn == [
        *[("dead", 10), ("other", 50)],
        *[("dead", 40), ("positional", 20)],
        *[("dead", 40), ("positional", 15), ("other", 5)],
    ]
    heights = {}
    for band in bands:
        across, upwards = band.get_path().vertices.T  # type: ignore[union-attr]
        at_left = upwards[across == across.min()]
        heights[band.get_label(), float(across.min())] = round(
            float(at_left.max() - at_left.min()) / unit
        )
    moving = [
        count
        for counts in STEPS.values()
        for pair, count in counts.items()
        if pair != ("other", "other")
    ]
    assert sorted(heights.values()) == sorted(moving)
    texts = [text.get_text() for text in axes.texts]
    assert {"other 950", "dead 10", "dead 40", "positional 20", "other 905"} <= set(texts)
    assert "stayed so (900, 900)" in texts[-1]
    # No bar reaches into another, and no label over the edge.
    figure.draw_without_rendering()
    for text in axes.texts:
        place = text.get_window_extent()
        assert place.x0 >= 0 and place.x1 <= figure.bbox.width and place.y0 >= 0, text
    for column in {bar.get_x() for bar in bars}:
        stacked = sorted(
            (bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars if bar.get_x() == column
        )
        assert all(first[1] < second[0] for first, second in pairwise(stacked))


@pytest.mark.usefixtures("in_style")
def test_where_nothing_ever_happens_the_figure_says_so() -> None:
    numbers = neuron_fates.table([("a", "b", comparison({("other", "other"): 7}))])
    (axes,) = neuron_fates.draw(numbers).axes
    assert not axes.patches
    assert "stayed so (7)" in axes.texts[-1].get_text()


def test_a_chain_of_comparisons_is_drawn_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    first, second = write(tmp_path, "a", "b"), write(tmp_path, "b", "c")
    draw_comparison(comparisons=[first, second], style=STYLE, output=tmp_path / "fates")
    assert len(pl.read_csv(tmp_path / "fates.csv")) == 50
    assert all((tmp_path / f"fates.{ending}").stat().st_size for ending in ("pdf", "png"))
    with pytest.raises(
        CensusError, match=r"a-b\.parquet: begins with the model 'a', and .* ends with 'c'"
    ):
        draw_comparison(comparisons=[second, first], style=STYLE, output=tmp_path / "broken")
    with pytest.raises(CensusError, match="comparisons: found no table"):
        draw_comparison(comparisons=[], style=STYLE, output=tmp_path / "broken")
    assert not list(tmp_path.glob("broken*"))
