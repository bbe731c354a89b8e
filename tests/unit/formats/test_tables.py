"""The schema module: what it writes it reads, and nothing else."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from neuron_census.errors import CensusError
from neuron_census.formats.seal import seal
from neuron_census.formats.table_files import read_table, write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.vocabulary import DESCRIPTORS


def census(**changes: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "layer": [0],
            "neuron": [7],
            "tokens": [10],
            "activations": [5],
            "frequency": [0.5],
            "dead": [False],
        },
        schema_overrides={name: column.dtype for name, column in CENSUS.columns.items()},
    )
    return frame.with_columns(**changes)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_table(census(), CENSUS, tmp_path / "census.parquet", metadata={"thresholds": "{}"})
    assert read_table(tmp_path / "census.parquet", CENSUS).equals(census())


def test_a_whole_group_of_optional_columns_may_be_there_but_not_half(tmp_path: Path) -> None:
    positions = {
        "position_mi": pl.Series([0.1]),
        "positional": pl.Series([True]),
        "pattern": pl.Series(["other"], dtype=pl.Categorical),
        "strength": pl.Series(["weak"], dtype=pl.Categorical),
        "early_frequency": pl.Series([0.5], dtype=pl.Float32),
        "late_frequency": pl.Series([0.25], dtype=pl.Float32),
    }
    write_table(census(**positions), CENSUS, tmp_path / "whole.parquet")
    read_table(tmp_path / "whole.parquet", CENSUS)
    del positions["late_frequency"]
    with pytest.raises(ValueError, match="late_frequency"):
        write_table(census(**positions), CENSUS, tmp_path / "half.parquet")


def test_a_wrong_type_or_name_is_an_error_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="column 'layer' is Int64; expected Int16"):
        write_table(census(layer=pl.Series([0])), CENSUS, tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"found the columns .*surplus"):
        write_table(census(surplus=pl.Series([0])), CENSUS, tmp_path / "t.parquet")
    assert not list(tmp_path.iterdir())


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        CensusError, match=r"none\.parquet: expected a census table and found no file"
    ):
        read_table(tmp_path / "none.parquet", CENSUS)
    (tmp_path / "text.parquet").write_text("this is no Parquet file, though it is long enough")
    with pytest.raises(CensusError, match=r"text\.parquet: has no seal"):
        read_table(tmp_path / "text.parquet", CENSUS)
    seal(tmp_path / "text.parquet")
    with pytest.raises(CensusError, match=r"text\.parquet: cannot be read as Parquet"):
        read_table(tmp_path / "text.parquet", CENSUS)
    write_table(census(), CENSUS, tmp_path / "census.parquet")
    with pytest.raises(CensusError, match=r"census\.parquet: is no positions table"):
        read_table(tmp_path / "census.parquet", POSITIONS)


def test_brackets_in_the_name_of_a_folder_are_not_patterns(tmp_path: Path) -> None:
    path = tmp_path / "run [1]" / "census.parquet"
    write_table(census(), CENSUS, path)
    assert read_table(path, CENSUS).equals(census())


def test_positions_hold_the_information_of_every_domain(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "layer": [0],
            "neuron": [7],
            "windows": [200],
            "frequency": [[0.25, 0.5]],
            "position_mi": [[{"domain": "code", "position_mi": 0.5}]],
            "active_ranges": [[{"start": 1, "end": 1}]],
            "shift": [1.0],
            **{name: [0.5] for name in DESCRIPTORS},
        },
        schema={name: column.dtype for name, column in POSITIONS.columns.items()},
    )
    write_table(frame, POSITIONS, tmp_path / "positions.parquet")
    assert read_table(tmp_path / "positions.parquet", POSITIONS).rows() == frame.rows()
