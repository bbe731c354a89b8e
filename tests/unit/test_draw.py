"""Figures: the numbers beside them by hand, fonts embedded, the same bytes twice."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from matplotlib.image import imread

from neuron_census.draw import draw, figure_names
from neuron_census.errors import CensusError
from neuron_census.tables import CENSUS, write_table

STYLE = Path(__file__).parents[2] / "workflow" / "figure_style.mplstyle"


def census(path: Path, frequencies: list[list[float]]) -> Path:
    """A census with given frequencies, a list a layer."""
    frame = pl.DataFrame(
        [
            (layer, neuron, 100, round(100 * frequency), frequency, frequency == 0)
            for layer, row in enumerate(frequencies)
            for neuron, frequency in enumerate(row)
        ],
        schema={name: column.dtype for name, column in CENSUS.columns.items()},
        orient="row",
    )
    write_table(frame, CENSUS, path)
    return path


@pytest.fixture
def censuses(tmp_path: Path) -> list[Path]:
    return [
        census(tmp_path / "model-1.3b.parquet", [[0.5, 0.0], [0.1, 0.3], [0.0, 0.0]]),
        census(tmp_path / "one-layer.parquet", [[0.2, 0.4, 0.0, 0.6]]),
    ]


def test_the_numbers_drawn_lie_beside_the_figure(tmp_path: Path, censuses: list[Path]) -> None:
    output = tmp_path / "figures" / "fig01_dead_neurons"
    draw("fig01_dead_neurons", census=censuses, style=STYLE, output=output)
    rows = pl.read_csv(f"{output}.csv").rows()
    assert rows == [
        ("model-1.3b", 0, 3, 0.0, 2, 1, 50.0, 0.5),
        ("model-1.3b", 1, 3, 0.5, 2, 0, 0.0, pytest.approx(0.2)),
        ("model-1.3b", 2, 3, 1.0, 2, 2, 100.0, None),
        ("one-layer", 0, 1, 0.0, 4, 1, 25.0, pytest.approx(0.4)),
    ]
    pdf = Path(f"{output}.pdf").read_bytes()
    assert b"/FontFile2" in pdf, "fonts are embedded as TrueType"
    height, width, _ = imread(f"{output}.png").shape
    assert width >= 1400 and height >= 600


def test_the_same_census_gives_the_same_bytes(tmp_path: Path, censuses: list[Path]) -> None:
    for place in ("first", "second"):
        draw("fig01_dead_neurons", census=censuses, style=STYLE, output=tmp_path / place / "f")
    for ending in ("pdf", "png", "csv"):
        first, second = ((tmp_path / p / f"f.{ending}").read_bytes() for p in ("first", "second"))
        assert first == second, ending


def test_a_style_changes_the_picture_and_not_the_numbers(
    tmp_path: Path, censuses: list[Path]
) -> None:
    other = tmp_path / "other.mplstyle"
    other.write_text(STYLE.read_text() + "\nlines.linewidth: 5\n")
    for name, style in (("plain", STYLE), ("thick", other)):
        draw("fig01_dead_neurons", census=censuses, style=style, output=tmp_path / name)
    assert (tmp_path / "plain.png").read_bytes() != (tmp_path / "thick.png").read_bytes()
    assert (tmp_path / "plain.csv").read_bytes() == (tmp_path / "thick.csv").read_bytes()


def test_bad_input_is_named(tmp_path: Path, censuses: list[Path]) -> None:
    with pytest.raises(
        CensusError, match=r"'fig1_dead_neurons'; did you mean 'fig01_dead_neurons'"
    ):
        draw("fig1_dead_neurons", census=censuses, style=STYLE, output=tmp_path / "f")
    with pytest.raises(CensusError, match=r"none\.mplstyle: there is no such style"):
        draw(
            "fig01_dead_neurons", census=censuses, style=tmp_path / "none.mplstyle", output=tmp_path
        )
    assert "fig01_dead_neurons" in figure_names()
