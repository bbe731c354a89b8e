"""A figure of a study that a census has no columns about is refused, and the reason is passed on."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from helpers.repository import STYLE
from neuron_census.draw.draw import draw
from neuron_census.errors import CensusError
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.census import CENSUS


@pytest.mark.parametrize(
    ("figure", "metadata", "said"),
    [
        (
            "fig08_positional_neurons",
            {"left_out": json.dumps({"positions": "the positions study has 25 windows."})},
            r"m\.parquet: .* no columns about the positions study, .* has 25 windows\.",
        ),
        ("fig08_positional_neurons", {}, r"Give the study text in `studies\.positions`"),
        ("fig02_unigram_cover", {}, r"Give the study text in `studies\.ngrams`"),
    ],
)
def test_the_reason_is_said(
    tmp_path: Path, figure: str, metadata: dict[str, str], said: str
) -> None:
    rows = {name: [0] for name in CENSUS.columns} | {"dead": [False]}
    census = tmp_path / "m.parquet"
    write_table(pl.DataFrame(rows, schema=CENSUS.schema), CENSUS, census, metadata=metadata)
    with pytest.raises(CensusError, match=said):
        draw(figure, census=[census], style=STYLE, output=tmp_path / "figure")
    assert not list(tmp_path.glob("figure*"))


def test_a_figure_of_the_dead_study_needs_no_other(tmp_path: Path) -> None:
    rows = {name: [0] for name in CENSUS.columns} | {"dead": [False]}
    write_table(pl.DataFrame(rows, schema=CENSUS.schema), CENSUS, tmp_path / "m.parquet")
    output = tmp_path / "fig01_dead_neurons"
    draw("fig01_dead_neurons", census=[tmp_path / "m.parquet"], style=STYLE, output=output)
    assert Path(f"{output}.csv").exists()
