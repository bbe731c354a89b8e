"""Counting gives the counts of one pass, however windows are split into shards and in whatever order they come."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.made.recordings import made_recording
from helpers.made.stores import finish_store
from helpers.made.windows import made_windows
from neuron_census.count.count import count
from neuron_census.errors import CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.windows import Windows, write_windows
from neuron_census.formats.zarr_store import read_checked

LAYERS, NEURONS, T = 2, 3, 8
DOMAINS = ["b", "a"]  # in the order of the config, which is not that of the alphabet


def windows_in_shards(folder: Path, shard_of: list[int]) -> Path:
    count = len(shard_of)
    table = made_windows(
        [T - place % 3 for place in range(count)],
        studies=[{"dead", "positions"} if place % 3 == 0 else {"dead"} for place in range(count)],
        domains=[DOMAINS[place % 2] for place in range(count)],
        vocabulary=90,
    ).with_columns(pl.Series("shard", shard_of, dtype=pl.Int32))
    path = folder / "windows.parquet"
    write_windows(
        table,
        path,
        window_length=T,
        bos=2,
        vocabulary=90,
        shards=max(shard_of) + 1,
        domains=DOMAINS,
    )
    return path


def activity(seed: int) -> np.ndarray:
    """Return the activity of one window: [layer, position, neuron]."""
    return np.random.default_rng(seed).random((LAYERS, T, NEURONS)) < 0.4


def recordings(folder: Path, windows: Path, order: list[int]) -> list[Path]:
    table = Windows.open(windows)
    paths = []
    for shard in order:
        active = np.zeros((LAYERS, 2, NEURONS), dtype=np.int64)
        at_bos = np.zeros_like(active)
        positions = np.zeros((2, LAYERS, T, NEURONS), dtype=np.uint8)
        rows = table.shard(shard)
        for row in rows.iter_rows(named=True):
            seen, domain = activity(row["window"]), DOMAINS.index(row["domain"])
            active[:, domain] += seen[:, 1 : row["length"]].sum(axis=1)
            at_bos[:, domain] += seen[:, 0]
            if row["positions"]:
                positions[domain] += seen
        paths.append(
            made_recording(
                folder / f"{shard}.zarr",
                shard=shard,
                windows=table.digest,
                domains=DOMAINS,
                active=active,
                active_at_bos=at_bos,
                positions=positions if rows["positions"].any() else None,
                dead_windows=len(rows),
            )
        )
    return paths


@settings(deadline=None, max_examples=12)
@given(st.lists(st.integers(0, 2), min_size=4, max_size=9), st.permutations([0, 1, 2]))
def test_any_split_in_any_order_equals_a_loop_over_all_windows(
    shard_of: list[int], order: list[int]
) -> None:
    shard_of = sorted([*shard_of, 0, 1, 2])
    with TemporaryDirectory() as place:
        folder = Path(place)
        windows = windows_in_shards(folder, shard_of)
        count(
            recordings=recordings(folder, windows, order),
            windows=windows,
            output=folder / "counts.zarr",
        )
        found = Counts.open(folder / "counts.zarr")
        active = np.zeros((LAYERS, 2, NEURONS), dtype=np.int64)
        at_bos = np.zeros_like(active)
        positions = np.zeros((2, LAYERS, T, NEURONS), dtype=np.int64)
        tokens, number, full = [0, 0], [0, 0], [0, 0]
        for row in Windows.open(windows).table.iter_rows(named=True):
            seen, domain = activity(row["window"]), DOMAINS.index(row["domain"])
            tokens[domain] += row["length"] - 1
            number[domain] += 1
            full[domain] += row["positions"]
            for layer in range(LAYERS):
                for neuron in range(NEURONS):
                    at_bos[layer, domain, neuron] += seen[layer, 0, neuron]
                    for position in range(1, row["length"]):
                        active[layer, domain, neuron] += seen[layer, position, neuron]
            if row["positions"]:
                positions[domain] += seen
        assert np.array_equal(found.active(), active)
        assert np.array_equal(found.active_at_bos(), at_bos)
        assert np.array_equal(read_checked(found.group, "positions", ..., folder), positions)
        assert found.tokens.tolist() == tokens and found.windows.tolist() == number
        assert found.group.attrs["position_windows"] == full
        assert found.recorded["windows"] == Windows.open(windows).digest


@pytest.fixture
def two_shards(tmp_path: Path) -> tuple[Path, list[Path]]:
    windows = windows_in_shards(tmp_path, [0, 0, 0, 1, 1])
    return windows, recordings(tmp_path, windows, [0, 1])


def refused(windows: Path, paths: list[Path], match: str) -> None:
    output = windows.with_name("counts.zarr")
    with pytest.raises(CensusError, match=match):
        count(recordings=paths, windows=windows, output=output)
    assert not output.exists() and not list(windows.parent.glob("*.partial"))


def test_a_missing_or_repeated_shard_is_refused(two_shards: tuple[Path, list[Path]]) -> None:
    windows, paths = two_shards
    refused(
        windows, paths[:1], r"found recordings of the shards \[0\], expected each of 0 to 1 once"
    )
    again = shutil.copytree(paths[0], paths[0].with_name("again.zarr"))
    refused(windows, [*paths, again], r"shards \[0, 0, 1\]")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"weights": "xyz"}, r"1\.zarr: was recorded with weights 'xyz', and .*0\.zarr with 'abc'"),
        ({"dtype": "bfloat16"}, "with dtype 'bfloat16'"),
        ({"complete": False}, r"1\.zarr: .* was never finished"),
        ({"version": 99}, "has version 99"),
        ({"format": "other"}, "found format 'other'"),
    ],
)
def test_a_recording_that_does_not_belong_is_refused(
    two_shards: tuple[Path, list[Path]], change: dict[str, Any], match: str
) -> None:
    windows, paths = two_shards
    active = np.zeros((LAYERS, 2, NEURONS), dtype=np.int64)
    made_recording(
        paths[1],
        **{
            "shard": 1,
            "windows": Windows.open(windows).digest,
            "domains": DOMAINS,
            "active": active,
            "active_at_bos": active,
            **change,
        },
    )
    refused(windows, paths, match)


def test_recordings_of_other_windows_are_refused(two_shards: tuple[Path, list[Path]]) -> None:
    windows, paths = two_shards
    other = windows_in_shards(windows.parent, [0, 0, 1, 1, 1])
    refused(other, paths, "from other windows")


def test_a_flipped_bit_is_an_error_that_names_the_array(
    two_shards: tuple[Path, list[Path]],
) -> None:
    windows, paths = two_shards
    chunk = sorted((paths[1] / "counts" / "active" / "c").rglob("*"))[-1]
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 4
    chunk.write_bytes(content)
    refused(windows, paths, r"1\.zarr/counts/active/c/.*: damaged; its bytes do not match its seal")


def test_a_lost_chunk_is_an_error_and_no_zero(two_shards: tuple[Path, list[Path]]) -> None:
    windows, paths = two_shards
    chunk = next(
        file for file in (paths[0] / "counts" / "active" / "c").rglob("*") if file.is_file()
    )
    chunk.unlink()
    refused(windows, paths, r"0\.zarr: lacks counts/active/c/.*, against its seal")


@pytest.mark.parametrize("name", ["active", "active_at_bos", "positions"])
def test_a_lost_array_is_an_error_and_no_zero(
    two_shards: tuple[Path, list[Path]], name: str
) -> None:
    windows, paths = two_shards
    shutil.rmtree(paths[1] / "counts" / name)
    refused(windows, paths, r"1\.zarr: lacks counts/.*, against its seal")
    finish_store(zarr.open_group(paths[1]), paths[1])
    refused(windows, paths, rf"1\.zarr: expected the array 'counts/{name}' .* found none")


def test_positions_are_only_asked_of_shards_that_have_such_windows(tmp_path: Path) -> None:
    windows = windows_in_shards(tmp_path, [0, 1, 1])
    paths = recordings(tmp_path, windows, [0, 1])
    assert not (paths[1] / "counts" / "positions").exists()
    count(recordings=paths, windows=windows, output=tmp_path / "counts.zarr")
    assert Counts.open(tmp_path / "counts.zarr").group.attrs["position_windows"] == [1, 0]


def test_an_array_of_another_shape_is_not_broadcast(two_shards: tuple[Path, list[Path]]) -> None:
    windows, paths = two_shards
    narrow = np.ones((LAYERS, 1, NEURONS), dtype=np.int64)
    made_recording(
        paths[1],
        shard=1,
        windows=Windows.open(windows).digest,
        domains=DOMAINS,
        active=narrow,
        active_at_bos=narrow,
    )
    refused(windows, paths, r"'counts/active' of the shape \(2, 2, 3\), found \(2, 1, 3\)")


def test_a_recording_without_an_attribute_is_refused(two_shards: tuple[Path, list[Path]]) -> None:
    windows, paths = two_shards
    store = zarr.open_group(paths[1])
    del store.attrs["dtype"]
    finish_store(store, paths[1])
    refused(windows, paths, r"1\.zarr: lacks the attributes dtype")


def test_no_recordings_are_refused(two_shards: tuple[Path, list[Path]]) -> None:
    windows, _ = two_shards
    refused(windows, [], "found none, expected one of each shard")


def test_a_file_holds_all_layers_and_for_positions_one(
    two_shards: tuple[Path, list[Path]],
) -> None:
    windows, paths = two_shards
    output = windows.with_name("counts.zarr")
    count(recordings=paths, windows=windows, output=output)
    files = {
        name: sum(file.is_file() for file in (output / name / "c").rglob("*"))
        for name in ("active", "active_at_bos", "positions")
    }
    assert files == {"active": 1, "active_at_bos": 1, "positions": len(DOMAINS) * LAYERS}


def test_a_store_of_which_only_rubbish_is_left_is_named(
    two_shards: tuple[Path, list[Path]],
) -> None:
    windows, paths = two_shards
    (paths[0] / "zarr.json").write_text("{rubbish")
    refused(windows, paths, r"0\.zarr/zarr\.json: has 8 bytes, and")
