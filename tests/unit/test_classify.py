"""From counts to the census table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zarr

from neuron_census.classify import classify
from neuron_census.counts import FORMAT, VERSION
from neuron_census.errors import CensusError
from neuron_census.recording import create_counts
from neuron_census.tables import CENSUS, read_table


def made_counts(path: Path, tokens: list[int]) -> Path:
    """Two layers of three neurons in two domains; neuron (1, 2) is active on BOS only."""
    group = zarr.open_group(path, mode="w")
    group.attrs.update(
        {
            "format": FORMAT,
            "version": VERSION,
            "domains": ["a", "b"],
            "tokens": tokens,
            "windows": [2, 1],
        }
    )
    active = np.array([[[0, 3, 10], [0, 1, 0]], [[5, 0, 0], [5, 0, 0]]])
    at_bos = np.array([[[0, 2, 0], [0, 0, 0]], [[0, 0, 2], [0, 0, 1]]])
    create_counts(group, "active", active.shape, active.dtype)[:] = active
    create_counts(group, "active_at_bos", at_bos.shape, at_bos.dtype)[:] = at_bos
    group.attrs["complete"] = True
    return path


@pytest.mark.parametrize(
    ("count_bos", "activations", "tokens"),
    [(False, [0, 4, 10, 10, 0, 0], 20), (True, [0, 6, 10, 10, 0, 3], 23)],
)
def test_the_census_has_a_row_a_neuron(
    tmp_path: Path, count_bos: bool, activations: list[int], tokens: int
) -> None:
    output = tmp_path / "made.parquet"
    classify(
        counts=made_counts(tmp_path / "counts.zarr", [10, 10]),
        thresholds=json.dumps({"dead": {"count_bos": count_bos}}),
        output=output,
    )
    census = read_table(output, CENSUS)
    assert census.schema == pl.Schema({name: c.dtype for name, c in CENSUS.columns.items()})
    assert census["layer"].to_list() == [0, 0, 0, 1, 1, 1]
    assert census["neuron"].to_list() == [0, 1, 2, 0, 1, 2]
    assert census["activations"].to_list() == activations
    assert census["tokens"].unique().to_list() == [tokens]
    assert census["dead"].to_list() == [count == 0 for count in activations]
    assert census["frequency"].to_list() == [count / tokens for count in activations]


def test_a_study_without_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"counts\.zarr: the dead study has no tokens"):
        classify(
            counts=made_counts(tmp_path / "counts.zarr", [0, 0]),
            thresholds='{"dead": {"count_bos": false}}',
            output=tmp_path / "made.parquet",
        )
    assert not (tmp_path / "made.parquet").exists()
