"""Figures: the numbers beside them by hand, fonts embedded, the same bytes twice."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import polars as pl
import pytest
from matplotlib.image import imread

from helpers.made.positions import made_model
from helpers.repository import STYLE
from neuron_census.draw.draw import draw, figure_names
from neuron_census.draw.figures import fig01_dead_neurons
from neuron_census.draw.figures.style import styled
from neuron_census.draw.model_tables import ModelTables
from neuron_census.errors import CensusError
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.positions import POSITIONS


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


def with_census(frame: pl.DataFrame) -> ModelTables:
    """The tables of a model, of which the census is already read."""
    return ModelTables("made", {}, {"census": frame})


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
    with pytest.raises(CensusError, match=r"none\.mplstyle: found no such style"):
        draw(
            "fig01_dead_neurons", census=censuses, style=tmp_path / "none.mplstyle", output=tmp_path
        )
    assert "fig01_dead_neurons" in figure_names()
    with pytest.raises(CensusError, match=r"two.*a second census of the model 'one-layer'"):
        again = census(tmp_path / "two" / "one-layer.parquet", [[0.5]])
        draw("fig01_dead_neurons", census=[*censuses, again], style=STYLE, output=tmp_path / "f")
    with pytest.raises(CensusError, match="census: found no table"):
        draw("fig01_dead_neurons", census=[], style=STYLE, output=tmp_path / "f")
    assert not list(tmp_path.glob("f.*"))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"lines.linewith: 3", r"Bad key lines\.linewith .* line 1"),
        (b"font.size: 9\nlines.linewidth: thick", r"line 2 .*Could not convert 'thick'"),
        (b"hello", r"Missing colon .* line 1"),
        (b"\xff\xfe", "cannot be read as a matplotlib style"),
    ],
)
def test_a_line_of_the_style_that_means_nothing_is_an_error(
    tmp_path: Path, censuses: list[Path], content: bytes, match: str
) -> None:
    style = tmp_path / "mine.mplstyle"
    style.write_bytes(content)
    with pytest.raises(CensusError, match=match):
        draw("fig01_dead_neurons", census=censuses, style=style, output=tmp_path / "f")
    assert not list(tmp_path.glob("f.*"))


def test_the_settings_of_the_user_change_nothing(tmp_path: Path, censuses: list[Path]) -> None:
    draw("fig01_dead_neurons", census=censuses, style=STYLE, output=tmp_path / "plain")
    with matplotlib.rc_context({"axes.facecolor": "red"}):
        draw("fig01_dead_neurons", census=censuses, style=STYLE, output=tmp_path / "red")
        assert matplotlib.rcParams["axes.facecolor"] == "red", "and they are there again afterwards"
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "red.png").read_bytes()


@pytest.mark.parametrize("models", [1, 3, 8, 12])
@pytest.mark.parametrize("length", [3, 60])
def test_the_legend_covers_nothing_and_every_model_has_a_look_of_its_own(
    models: int, length: int
) -> None:
    names = [f"{number:02}".ljust(length, "m") for number in range(models)]
    frame = pl.DataFrame({"layer": [0, 1], "frequency": [0.1, 0.2], "dead": [False, False]})
    with styled(STYLE):
        figure = fig01_dead_neurons.draw(
            fig01_dead_neurons.table(dict.fromkeys(names, with_census(frame)))
        )
        figure.draw_without_rendering()
        (legend,) = figure.legends
        place = legend.get_window_extent()
        assert place.x0 >= 0 and place.x1 <= figure.bbox.width and place.y0 >= 0
        for panel in figure.axes:
            around = panel.get_tightbbox()
            assert around is not None and not place.overlaps(around)
            assert panel.get_window_extent().height > 200, "two inches are left for the data"
        looks = {
            (line.get_color(), line.get_marker(), line.get_linestyle())
            for line in figure.axes[0].get_lines()
        }
        plt.close(figure)
    assert len(looks) == models
    # Read row by row, the legend keeps the order of the models.
    lines = [(-text.get_window_extent().y0, text.get_window_extent().x0) for text in legend.texts]
    written = [
        legend.texts[index].get_text() for index in sorted(range(models), key=lines.__getitem__)
    ]
    assert written == names


def test_without_dead_neurons_the_scale_is_one_to_read() -> None:
    frame = pl.DataFrame({"layer": [0, 1], "frequency": [0.1, 0.2], "dead": [False, False]})
    with styled(STYLE):
        figure = fig01_dead_neurons.draw(fig01_dead_neurons.table({"m": with_census(frame)}))
        plt.close(figure)
    assert figure.axes[0].get_ylim()[1] >= 1, "a percent, and no thousandth of it"


def test_published_numbers_are_found_by_the_name_of_the_figure(
    tmp_path: Path, censuses: list[Path]
) -> None:
    published = tmp_path / "published"
    published.mkdir()
    text = "model,layer,dead_percent\none-layer,0,75\n"
    (published / "fig01_dead_neurons.csv").write_text(text)
    (published / "fig02_unigram_cover.csv").write_text(text.replace("75", "76"))
    output = tmp_path / "f"
    draw("fig01_dead_neurons", census=censuses, published=published, style=STYLE, output=output)
    rows = pl.read_csv(f"{output}.csv").select("published_dead_percent", "difference_dead_percent")
    assert rows.rows() == [(None, None)] * 3 + [(75.0, -50.0)]


def test_what_the_config_chooses_is_shown(tmp_path: Path) -> None:
    layers: list[dict[tuple[str, str], int]] = [{("oscillatory", "strong"): 1}, {}]
    made = {"a": made_model("a", layers, seed=1), "b": made_model("b", layers, seed=2)}
    files: dict[str, list[Path]] = {"census": [], "positions": []}
    for name, tables in made.items():
        for table in (CENSUS, POSITIONS):
            path = tmp_path / table.name / f"{name}.parquet"
            path.parent.mkdir(exist_ok=True)
            columns = [*CENSUS.columns, *CENSUS.optional["positions"]]
            frame = tables.frames[table.name]
            write_table(frame.select(columns) if table is CENSUS else frame, table, path)
            files[table.name].append(path)

    def shown(choice: str) -> tuple[object, ...]:
        draw(
            "fig09_oscillatory_ranges",
            census=files["census"],
            positions=files["positions"],
            choice=choice,
            style=STYLE,
            output=tmp_path / "f",
        )
        return pl.read_csv(tmp_path / "f.csv").row(0)[:2]

    assert shown("{}") == ("a", 0)
    assert shown('{"model": "b", "layer": null}') == ("b", 0), "null chooses nothing"
    assert shown('{"model": "b", "layer": 1}') == ("b", 1)
