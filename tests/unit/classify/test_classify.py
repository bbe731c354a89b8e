"""From counts to the census table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
import zarr

from helpers.made.checkpoints import make_checkpoint, plant_always_active, plant_dead, planted
from helpers.made.stores import finish_store
from helpers.made.windows import made_windows
from helpers.oracles.brute_force import count_by_hand
from neuron_census.classify.classify import classify
from neuron_census.count.count import count
from neuron_census.errors import CensusError
from neuron_census.formats.counts import FORMAT, VERSION, Counts, create_positions, create_totals
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.windows import write_windows
from neuron_census.formats.zarr_store import read_checked
from neuron_census.record.record import record


def census_of(counts: Path, thresholds: str) -> Path:
    """Classify counts that have no n-grams, write every table beside them, and return the census."""
    tables: dict[str, Any] = {
        name: counts.with_name(f"{name}.parquet")
        for name in (
            *("census", "triggers", "projections", "spectra", "positions", "looser"),
            *("contexts", "coverage", "seen_ngrams"),
        )
    }
    # Without n-grams nothing is read of the checkpoint and its tokenizer.
    nowhere = counts.with_name("nowhere")
    classify(
        counts=counts,
        checkpoint=nowhere,
        tokenizer=nowhere,
        thresholds=thresholds,
        sensitivity=counts.with_name("sensitivity.csv"),
        **tables,
    )
    return counts.with_name("census.parquet")


def made_counts(path: Path, tokens: list[int], position_windows: int = 0) -> Path:
    """Write counts of two layers of three neurons in two domains; neuron (1, 2) is active on BOS only."""
    group = zarr.open_group(path, mode="w")
    group.attrs.update(
        {
            "format": FORMAT,
            "version": VERSION,
            "domains": ["a", "b"],
            "tokens": tokens,
            "dead_windows": [2, 1],
            "position_windows": [position_windows, 0],
        }
    )
    active = np.array([[[0, 3, 10], [0, 1, 0]], [[5, 0, 0], [5, 0, 0]]])
    at_bos = np.array([[[0, 2, 0], [0, 0, 0]], [[0, 0, 2], [0, 0, 1]]])
    create_totals(group, "active", *active.shape)[:] = active
    create_totals(group, "active_at_bos", *at_bos.shape)[:] = at_bos
    if position_windows:
        create_positions(group, 2, 2, 8, 3)[:] = 0
    finish_store(group, path)
    return path


@pytest.mark.parametrize(
    ("count_bos", "activations", "tokens"),
    [(False, [0, 4, 10, 10, 0, 0], 20), (True, [0, 6, 10, 10, 0, 3], 23)],
)
def test_the_census_has_one_row_per_neuron(
    tmp_path: Path, count_bos: bool, activations: list[int], tokens: int
) -> None:
    counts = made_counts(tmp_path / "counts.zarr", [10, 10])
    census = read_table(census_of(counts, json.dumps({"dead": {"count_bos": count_bos}})), CENSUS)
    by_domain = [[0, 0], [3, 1], [10, 0], [5, 5], [0, 0], [0, 0]]
    if count_bos:
        by_domain = [[0, 0], [5, 1], [10, 0], [5, 5], [0, 0], [2, 1]]
    assert census["activations_by_domain"].to_list() == by_domain
    metadata = pl.read_parquet_metadata(tmp_path / "census.parquet")
    assert json.loads(metadata["domains"]) == {"a": 10 + 2 * count_bos, "b": 10 + count_bos}
    for table in (TRIGGERS, PROJECTIONS, SPECTRA, POSITIONS):
        assert read_table(tmp_path / f"{table.name}.parquet", table).is_empty()
    assert (tmp_path / "sensitivity.csv").read_text().count("\n") == 1
    expected = dict(CENSUS.columns) | dict(CENSUS.optional["domains"])
    assert census.schema == pl.Schema({name: c.dtype for name, c in expected.items()})
    assert census["layer"].to_list() == [0, 0, 0, 1, 1, 1]
    assert census["neuron"].to_list() == [0, 1, 2, 0, 1, 2]
    assert census["activations"].to_list() == activations
    assert census["tokens"].unique().to_list() == [tokens]
    assert census["dead"].to_list() == [count == 0 for count in activations]
    assert census["frequency"].to_list() == [count / tokens for count in activations]


def test_too_few_windows_cost_the_columns_of_positions_and_no_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = census_of(made_counts(tmp_path / "few" / "counts.zarr", [10, 10], 99), "{}")
    said = capsys.readouterr().err
    none = census_of(made_counts(tmp_path / "none" / "counts.zarr", [10, 10]), "{}")
    assert not capsys.readouterr().err
    assert read_table(few, CENSUS).equals(read_table(none, CENSUS))
    assert read_table(few.with_name("positions.parquet"), POSITIONS).is_empty()
    left_out = json.loads(pl.read_parquet_metadata(few)["left_out"])
    assert list(left_out) == ["positions"]
    assert "has 99 full-length windows, and at least 100 are needed" in left_out["positions"]
    assert f"warning: {left_out['positions']}" in said
    assert "left_out" not in pl.read_parquet_metadata(none)
    enough = '{"positions": {"min_windows": 99}}'
    census = read_table(census_of(few.with_name("counts.zarr"), enough), CENSUS)
    assert census["position_mi"].to_list() == [0.0] * 6
    assert "left_out" not in pl.read_parquet_metadata(few)


def test_a_study_without_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"counts\.zarr: the dead study has no tokens"):
        census_of(made_counts(tmp_path / "counts.zarr", [0, 0]), "{}")
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ("{", "classify: broken JSON"),
        ("[]", "classify: found .*, expected a mapping"),
        ('{"deed": {}}', "classify: unknown key 'deed'; did you mean 'dead'"),
        (
            '{"dead": {"count_bos": 1}}',
            r"classify\.dead\.count_bos: found 1, expected true or false",
        ),
        ('{"ngrams": {"coverage": "all"}}', r"classify\.ngrams\.coverage: found 'all'"),
        ('{"ngrams": {"max_cover": {"4gram": 5}}}', r"max_cover: unknown key '4gram'"),
        (
            '{"positions": {"patterns": {"swong": 1}}}',
            r"patterns: unknown key 'swong'; did you mean",
        ),
    ],
)
def test_thresholds_that_cannot_be_are_refused(tmp_path: Path, thresholds: str, said: str) -> None:
    with pytest.raises(CensusError, match=said):
        census_of(made_counts(tmp_path / "counts.zarr", [10, 10]), thresholds)
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.parametrize(
    "shape", [{}, {"post_norm": True}, {"post_norm": True, "word_embed_proj_dim": 8}]
)
@pytest.mark.parametrize("threads", [1, 2])
def test_from_windows_to_census_equals_brute_force(
    tmp_path: Path, shape: dict[str, Any], threads: int
) -> None:
    """Three recorded shards, counted and classified, against loops over one window at a time."""
    model = make_checkpoint(
        tmp_path / "model",
        dtype=torch.float64,
        plant=planted(plant_dead((0, 3), (2, 0)), plant_always_active((1, 5))),
        **shape,
    )
    every = {"dead", "ngrams", "positions"}
    table = made_windows(
        [16, 16, 16, 16, 9, 2, 2, 16, 11, 3],
        studies=[
            every,
            every,
            every,
            {"positions"},
            {"dead"},
            {"dead"},
            {"ngrams"},
            *[{"dead"}] * 3,
        ],
        domains=["a", "a", "b", "b", "a", "a", "b", "b", "b", "a"],
        vocabulary=96,
    ).with_columns(pl.Series("shard", [0, 0, 1, 1, 1, 1, 2, 2, 2, 2], dtype=pl.Int32))
    windows = tmp_path / "windows.parquet"
    write_windows(
        table, windows, window_length=16, bos=2, vocabulary=96, shards=3, domains=["a", "b"]
    )
    recordings = [tmp_path / "made" / f"{shard}.zarr" for shard in (2, 0, 1)]
    for output in recordings:
        record(
            windows=windows,
            checkpoint=model,
            shard=int(output.stem),
            output=output,
            dtype="float64",
            device="cpu",
            batch_tokens="40",
            threads=threads,
        )
    count(recordings=recordings, windows=windows, output=tmp_path / "counts.zarr")
    expected = count_by_hand(model, table, ["a", "b"], 16)
    counts = Counts.open(tmp_path / "counts.zarr")
    for name in ("active", "active_at_bos", "positions"):
        found = read_checked(counts.group, name, ..., tmp_path)
        assert np.array_equal(found, expected[name]), name
    thresholds = '{"positions": {"min_windows": 1}}'
    census = read_table(census_of(tmp_path / "counts.zarr", thresholds), CENSUS)
    activations = np.asarray(expected["active"]).sum(axis=1)
    assert census["activations"].to_list() == activations.ravel().tolist()
    text_tokens = 15 * 3 + 8 + 1 + 15 + 10 + 2
    assert census["tokens"].unique().to_list() == [text_tokens]
    dead = {(row["layer"], row["neuron"]) for row in census.filter("dead").iter_rows(named=True)}
    assert dead == set(
        zip(*(place.tolist() for place in np.nonzero(activations == 0)), strict=True)
    )
    assert {(0, 3), (2, 0)} <= dead
    always = census.filter((pl.col("layer") == 1) & (pl.col("neuron") == 5))
    assert always["frequency"].to_list() == [1.0]
