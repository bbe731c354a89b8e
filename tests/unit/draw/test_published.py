"""The paper's own numbers beside ours."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from neuron_census.config.selection import PAPER
from neuron_census.draw.figures.published import beside
from neuron_census.errors import CensusError

OURS = pl.DataFrame(
    {
        "model": ["opt-125m", "opt-125m", "mine"],
        "layer": [0, 1, 0],
        "dead_percent": [1.0, 9.0, 5.0],
        "neurons": [10, 10, 10],
    }
)


def published(path: Path, text: str) -> Path:
    file = path / "fig.csv"
    file.write_text(text)
    return file


def test_the_difference_is_ours_less_theirs(tmp_path: Path) -> None:
    file = published(
        tmp_path,
        "model,layer,dead_percent,dead_percent_error\nopt-125m,0,0.5,0.25\nopt-66b,1,7,1\n",
    )
    found = beside(OURS, file)
    assert found.columns == [*OURS.columns, "published_dead_percent", "difference_dead_percent"]
    assert found["published_dead_percent"].to_list() == [0.5, None, None]
    assert found["difference_dead_percent"].to_list() == [0.5, None, None]
    assert found["model"].to_list() == OURS["model"].to_list(), "rows stay where they are"


def test_where_the_paper_shows_none_of_the_models_nothing_is_added(tmp_path: Path) -> None:
    file = published(tmp_path, "model,layer,dead_percent\nopt-66b,0,7\n")
    assert beside(OURS, file).equals(OURS)
    assert beside(OURS, tmp_path / "none.csv").equals(OURS)


def test_several_published_rows_of_a_layer_multiply_nothing(tmp_path: Path) -> None:
    text = "model,layer,dead_percent\nopt-125m,0,1\nopt-125m,0,2\n"
    assert beside(OURS, published(tmp_path, text)).equals(OURS)


def test_a_file_that_is_not_a_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"fig\.csv: cannot be read as CSV"):
        beside(OURS, published(tmp_path, "a,b\n1\n2,3,4,5\n"))


def test_what_was_read_off_figure_1_is_what_the_paper_says_of_it() -> None:
    """Section 3: some layers of the largest model have more than 70% dead neurons."""
    table = pl.read_csv(PAPER / "fig01_dead_neurons.csv")
    assert table.filter(model="opt-66b")["dead_percent"].max() == pytest.approx(73.4, abs=0.3)
    layers = dict(table.group_by("model").len().iter_rows())
    assert layers == {
        f"opt-{size}": layers
        for size, layers in zip(
            ("125m", "1.3b", "2.7b", "6.7b", "13b", "30b", "66b"),
            (12, 24, 32, 32, 40, 48, 64),
            strict=True,
        )
    }
