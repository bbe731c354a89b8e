"""What became of each neuron from one census to another, counted by hand, and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from neuron_census.draw.compare import compare
from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.table_files import read_table, write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.comparison import COMPARED, COMPARISON
from neuron_census.formats.tables.vocabulary import NGRAMS

THRESHOLDS = {"dead": {"count_bos": False}, "positions": {"mi_threshold": 0.05}}
Layers = list[list[tuple[bool, bool | None, bool]]]
# Dead, detector of bigrams, positional; the second layer is not analysed.
FIRST: Layers = [
    [(True, False, False), (False, True, False), (False, False, True), (False, False, False)],
    [(True, None, False), (False, None, True), (False, None, False), (False, None, False)],
]
SECOND: Layers = [
    [(False, False, False), (True, False, False), (False, True, True), (False, True, False)],
    [(True, None, False), (False, None, False), (True, None, False), (False, None, True)],
]


def census(
    path: Path,
    layers: Layers,
    *,
    studies: tuple[str, ...] = ("ngrams", "positions"),
    thresholds: Any = THRESHOLDS,
    windows: str = "the windows",
) -> Path:
    """Write a census of these neurons; every column that is not about them is null."""
    columns = dict(CENSUS.columns)
    for study in studies:
        columns |= CENSUS.optional[study]
    rows = [
        {
            "layer": layer,
            "neuron": neuron,
            "tokens": 100,
            "activations": 0 if dead else 10 + neuron,
            "frequency": 0.0 if dead else (10 + neuron) / 100,
            "dead": dead,
            **{f"{ngram}_detector": None if detector is None else False for ngram in NGRAMS},
            "bigram_detector": detector,
            "positional": positional,
            "position_mi": 0.5 if positional else 0.01,
            "pattern": "oscillatory" if positional else None,
        }
        for layer, neurons in enumerate(layers)
        for neuron, (dead, detector, positional) in enumerate(neurons)
    ]
    frame = pl.DataFrame(
        [{name: row.get(name) for name in columns} for row in rows],
        schema={name: column.dtype for name, column in columns.items()},
    )
    metadata = {"thresholds": json.dumps(thresholds)}
    write_table(frame, CENSUS, path, metadata=metadata, facts={"windows": windows, "model": "x"})
    return path


def compared(tmp_path: Path, **second: Any) -> pl.DataFrame:
    before = census(tmp_path / "early.parquet", FIRST)
    after = census(tmp_path / "late.parquet", **({"layers": SECOND} | second))
    compare(before=before, after=after, output=tmp_path / "comparison.parquet")
    return read_table(tmp_path / "comparison.parquet", COMPARISON)


def test_what_became_of_each_neuron(tmp_path: Path) -> None:
    frame = compared(tmp_path)
    assert frame.select("layer", "neuron", "kind_before", "kind_after").rows() == [
        (0, 0, "dead", "other"),
        (0, 1, "detector", "dead"),
        (0, 2, "positional", "detector and positional"),
        (0, 3, "other", "detector"),
        (1, 0, "dead", "dead"),
        (1, 1, "positional", "other"),
        (1, 2, "other", "dead"),
        (1, 3, "other", "positional"),
    ]
    changes = {
        "woke": [(0, 0)],
        "died": [(0, 1), (1, 2)],
        "became_detector": [(0, 2), (0, 3)],
        "ceased_detector": [(0, 1)],
        "became_positional": [(1, 3)],
        "ceased_positional": [(1, 1)],
    }
    for name, neurons in changes.items():
        assert frame.filter(name).select("layer", "neuron").rows() == neurons, name
    assert frame.row(1, named=True) | {
        "frequency_before": 0.11,
        "frequency_after": 0.0,
        "bigram_detector_before": True,
        "bigram_detector_after": False,
        "pattern_before": None,
    } == frame.row(1, named=True)
    assert frame.row(7, named=True)["pattern_after"] == "oscillatory"
    assert frame.row(7, named=True)["bigram_detector_after"] is None, "not analysed"
    assert read_metadata(tmp_path / "comparison.parquet", COMPARED) == ["early", "late"]


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    expected = compared(tmp_path)
    late = tmp_path / "late.parquet"
    rows = pl.read_parquet(late).reverse()
    metadata = {"thresholds": json.dumps(THRESHOLDS)}
    write_table(rows, CENSUS, late, metadata=metadata, facts={"windows": "the windows"})
    compare(before=tmp_path / "early.parquet", after=late, output=tmp_path / "again.parquet")
    assert read_table(tmp_path / "again.parquet", COMPARISON).equals(expected)


def test_without_a_study_its_columns_are_missing(tmp_path: Path) -> None:
    before = census(tmp_path / "early.parquet", FIRST, studies=())
    after = census(tmp_path / "late.parquet", SECOND, studies=())
    compare(before=before, after=after, output=tmp_path / "comparison.parquet")
    frame = read_table(tmp_path / "comparison.parquet", COMPARISON)
    assert frame.columns == list(COMPARISON.columns)
    assert set(frame["kind_before"]) == {"dead", "other"}


@pytest.mark.parametrize(
    ("second", "match"),
    [
        (
            {"layers": SECOND[:1]},
            r"late\.parquet: has 1 layer and 4 neurons, and .*early.* has 2 layers and 8",
        ),
        ({"layers": [row[:2] for row in SECOND] * 2}, "has 4 layers and 8 neurons"),
        (
            {"thresholds": {"dead": {"count_bos": True}, "positions": {"mi_threshold": 0.1}}},
            r"classify\.dead\.count_bos is true there and false here; classify\.positions\.mi_threshold is 0\.1",
        ),
        ({"windows": "others"}, "recorded from other windows of text"),
        (
            {"studies": ("ngrams",)},
            r"late\.parquet: has no columns about the positions study, and .*early",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(
    tmp_path: Path, second: dict[str, Any], match: str
) -> None:
    with pytest.raises(CensusError, match=match):
        compared(tmp_path, **second)
    assert not (tmp_path / "comparison.parquet").exists()
