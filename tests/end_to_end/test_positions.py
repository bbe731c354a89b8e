"""Planted positional neurons, from windows to types, and counts at the edge of what they can hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from helpers.made.checkpoints import make_checkpoint, plant_always_active
from helpers.made.thresholds import position_thresholds
from helpers.made.windows import made_windows
from helpers.oracles.brute_force import active_tokens
from helpers.oracles.positions_by_loop import information_by_hand
from helpers.planted.positions import FIRST_TOKEN, PLANTED, plant_positional, share_active
from helpers.planted.stages import record_and_count
from neuron_census.classify.positions.census import classify_positions
from neuron_census.errors import CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.recording import smallest_unsigned
from neuron_census.formats.windows import write_windows
from neuron_census.forward.kernels import count_by_position, count_positions

T, LAYERS, NEURONS, VOCABULARY, WINDOWS = 96, 2, 40, 96, 160
DOMAINS = ["code", "prose"]
SHAPES = {
    "pre-norm": {},
    "post-norm": {"post_norm": True},
    "post-norm narrow embedding": {"post_norm": True, "word_embed_proj_dim": 8},
}


def random_windows() -> pl.DataFrame:
    """Return full-length windows of even text in two shards and domains, and some that are too short to count."""
    short = 8
    table = made_windows(
        [T] * WINDOWS + [T // 2] * short,
        studies=[{"positions"} if place % 3 else {"positions", "dead"} for place in range(WINDOWS)]
        + [{"dead"}] * short,
        domains=[DOMAINS[place % 2] for place in range(WINDOWS + short)],
        vocabulary=VOCABULARY,
    )
    shard = [int(place >= 90) for place in range(WINDOWS + short)]
    return table.with_columns(pl.Series("shard", shard, dtype=pl.Int32))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_planted_neurons_are_found(tmp_path: Path, shape: dict[str, object]) -> None:
    checkpoint = make_checkpoint(
        tmp_path / "model",
        dtype=torch.float64,
        plant=plant_positional(LAYERS, T, VOCABULARY, narrow="word_embed_proj_dim" in shape),
        num_hidden_layers=LAYERS,
        ffn_dim=NEURONS,
        max_position_embeddings=T,
        **shape,  # type: ignore[arg-type]
    )
    table = random_windows()
    found = classify_positions(counted(tmp_path, checkpoint, table), position_thresholds())
    assert found is not None
    expected = positions_by_hand(checkpoint, table)
    for layer in range(LAYERS):
        rows = found.columns.filter(layer=layer)
        information = information_by_hand(expected[layer], WINDOWS, "e")
        np.testing.assert_allclose(rows["position_mi"], information, rtol=0, atol=1e-12)
        for name, (neuron, kind) in PLANTED.items():
            share = expected[layer][1:, neuron] / WINDOWS
            assert np.abs(share - share_active(name, T)[1:]).max() < 0.15, f"{name} is as planted"
            row = rows.row(neuron, named=True)
            assert row["positional"] == (kind is not None), name
            if kind is not None:
                assert (row["pattern"], row["strength"]) == kind, name
                curve = found.positions.filter(layer=layer, neuron=neuron).row(0, named=True)
                assert curve["windows"] == WINDOWS
                wanted = (expected[layer][:, neuron] / WINDOWS).astype(np.float32)
                assert curve["frequency"] == wanted.tolist()


def counted(folder: Path, checkpoint: Path, table: pl.DataFrame) -> Counts:
    windows = folder / "windows.parquet"
    write_windows(
        table,
        windows,
        window_length=T,
        bos=2,
        vocabulary=VOCABULARY,
        shards=2,
        domains=DOMAINS,
    )
    return Counts.open(record_and_count(folder, windows, checkpoint, shards=2).counts)


def positions_by_hand(checkpoint: Path, table: pl.DataFrame) -> list[np.ndarray]:
    """Count windows in which each neuron is active at each position, `[T, ffn_dim]` per layer, with transformers."""
    full = table.filter("positions")
    total: list[np.ndarray] = []
    for layers in active_tokens(checkpoint, full):
        if not total:
            total = [np.zeros(layer.shape, dtype=np.int64) for layer in layers]
        for added, layer in zip(total, layers, strict=True):
            added += layer
    return total


def test_the_planted_curves_are_far_apart() -> None:
    """What is planted is what its type says: a check of the test itself."""
    assert set(share_active("switch", T)) == {0.0, 1.0}
    assert set(share_active("oscillation", T)) == {0.0, 1.0}
    side = share_active("one side", T)
    assert side.min() == 0 and 0.6 < side.max() < 0.7
    assert (np.diff(share_active("ramp", T)) > 0).all()
    assert share_active("wave", T).min() > 0.15 and share_active("wave", T).max() < 0.85
    assert FIRST_TOKEN == 4, "as the made windows draw them"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_counts_reach_the_largest_value_of_their_type(dtype: type[np.unsignedinteger]) -> None:
    largest = int(np.iinfo(dtype).max)
    assert smallest_unsigned(largest) == dtype
    active = torch.tensor([[1.0, 0.0], [0.5, 0.0]])
    counts = np.full((2, 2), largest - 1, dtype=dtype)
    count_positions(active, counts)
    assert counts.tolist() == [[largest, largest - 1]] * 2, "the last window of a full shard"
    on_device = np.full((2, 2), largest - 1, dtype=dtype)
    on_device += count_by_position(active > 0, 2).numpy().astype(dtype)
    assert np.array_equal(on_device, counts)


def test_one_window_more_takes_a_wider_type() -> None:
    assert smallest_unsigned(2**8) == np.uint16
    assert smallest_unsigned(2**16) == np.uint32
    with pytest.raises(CensusError, match=r"set record\.shard_tokens lower"):
        smallest_unsigned(2**32)


@pytest.mark.parametrize("windows", [255, 256])
def test_as_many_windows_as_a_byte_holds_and_one_more(tmp_path: Path, windows: int) -> None:
    """A neuron that is always active is counted once per window, in two shards of that many windows each."""
    checkpoint = make_checkpoint(
        tmp_path / "model",
        num_hidden_layers=1,
        ffn_dim=NEURONS,
        max_position_embeddings=4,
        plant=plant_always_active(*[(0, neuron) for neuron in range(NEURONS)]),
    )
    table = made_windows(
        [4] * (2 * windows),
        studies=[{"positions"}] * (2 * windows),
        domains=["code"] * (2 * windows),
        vocabulary=VOCABULARY,
    ).with_columns(shard=pl.Series([0] * windows + [1] * windows, dtype=pl.Int32))
    path = tmp_path / "windows.parquet"
    write_windows(
        table, path, window_length=4, bos=2, vocabulary=VOCABULARY, shards=2, domains=["code"]
    )
    store = Counts.open(record_and_count(tmp_path, path, checkpoint, shards=2).counts)
    assert (np.asarray(store.group["positions"]) == 2 * windows).all()
    found = classify_positions(store, position_thresholds())
    assert found is not None and (found.columns["position_mi"] == 0).all()
