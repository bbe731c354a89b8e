"""What is not finite is refused in every layer, type and kind of window, and padding is left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from helpers.fakes import cuda as fake_cuda
from helpers.made.checkpoints import StateDict, make_checkpoint
from helpers.made.recordings import record_shard
from helpers.made.windows import EVERYTHING, made_windows, mixed_windows
from neuron_census.errors import CensusError
from neuron_census.forward import observation as observed
from neuron_census.forward.finiteness import require_finite
from neuron_census.forward.kernels import all_finite, finite_rows
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.record import shard as recorded_shard

CPU = torch.device("cpu")
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
NOT_FINITE = [torch.nan, torch.inf, -torch.inf]
HALF, WIDE = r"dtype to bfloat16 or float32", r"dtype to float64"


def three_windows() -> MicroBatch:
    """Rows 7, 9 and 8 of the table, padded to five positions: of four, five and two tokens."""
    return MicroBatch(
        windows=np.array([7, 9, 8]),
        documents=np.array([7, 9, 8]),
        ids=np.zeros((3, 5), dtype=np.int64),
        lengths=np.array([4, 5, 2]),
        domain=0,
        dead=True,
        ngrams=True,
        positions=False,
    )


def scaled(name: str, factor: float) -> Callable[[StateDict], None]:
    def plant(weights: StateDict) -> None:
        weights[name] *= factor

    return plant


@pytest.fixture(params=["loops", "tensors"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Compiled loops as on a CPU, or tensor operations as on a GPU."""
    if request.param == "tensors":
        monkeypatch.setattr(observed, "LOOPS_RUN_ON", frozenset())
    return str(request.param)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_value_that_is_not_finite_is_found_wherever_it_is(
    dtype: torch.dtype, value: float
) -> None:
    largest = torch.finfo(dtype).max
    values = torch.full((15, 33), largest, dtype=dtype)
    values[::2] = -largest
    assert all_finite(values) and finite_rows(values).all(), "the largest numbers are numbers"
    for row, column in [(0, 0), (14, 32), (6, 15), (9, 31)]:
        changed = values.clone()
        changed[row, column] = value
        assert not all_finite(changed)
        assert (~finite_rows(changed)).nonzero().flatten().tolist() == [row]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize(("row", "window"), [(0, 7), (3, 7), (5, 9), (9, 9), (10, 8), (11, 8)])
def test_the_layer_and_the_window_of_the_table_are_named(
    dtype: torch.dtype, value: float, row: int, window: int, way: str
) -> None:
    values = torch.zeros(15, 6, dtype=dtype)
    values[row, 3] = value
    message = rf"^layer 4, window {window} \(row {window} of the window table.* {str(dtype)[6:]}, "
    with pytest.raises(CensusError, match=message):
        require_finite(4, Observation(values, three_windows()), Outbox(CPU))


def test_the_first_of_several_windows_is_named(way: str) -> None:
    values = torch.zeros(15, 6)
    values[[6, 10], 0] = torch.nan
    with pytest.raises(CensusError, match="layer 0, window 9 "):
        require_finite(0, Observation(values, three_windows()), Outbox(CPU))


@pytest.mark.parametrize("row", [4, 12, 14])
def test_padding_may_be_anything(row: int, way: str) -> None:
    values = torch.zeros(15, 6)
    values[row] = torch.nan
    require_finite(0, Observation(values, three_windows()), Outbox(CPU))


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize(
    ("dtype", "factor", "remedy"),
    [("float32", 1e38, WIDE), ("bfloat16", 1e38, WIDE), ("float16", 3e4, HALF)],
)
def test_values_that_overflow_in_any_layer_are_refused(
    tmp_path: Path, layer: int, dtype: str, factor: float, remedy: str, way: str
) -> None:
    """In the last layer as well, which returns no residual stream: once, 40 of 40 neurons were dead there."""
    plant = scaled(f"layers.{layer}.self_attn.v_proj.weight", factor)
    folder = make_checkpoint(tmp_path / "m", plant=plant)
    with pytest.raises(CensusError, match=rf"layer {layer}, window 0 .*{dtype}.*{remedy}"):
        record_shard(tmp_path, folder, mixed_windows(), dtype=dtype)
    assert not (tmp_path / "0.zarr").exists()


def test_values_far_below_zero_are_refused_as_well(tmp_path: Path, way: str) -> None:
    """ReLU makes a zero of minus infinity: its output alone would not show it."""

    def plant(weights: StateDict) -> None:
        weights["layers.2.fc1.bias"][:] = -6e4
        weights["layers.2.fc1.weight"][5] = -3e4 * weights["layers.2.final_layer_norm.bias"].sign()
        weights["layers.2.final_layer_norm.weight"][:] = 0

    folder = make_checkpoint(tmp_path / "m", plant=plant)
    with pytest.raises(CensusError, match=r"layer 2, window 0 .* float16.*bfloat16 or float32"):
        record_shard(tmp_path, folder, mixed_windows(), dtype="float16")
    recording = record_shard(tmp_path, folder, mixed_windows(), dtype="bfloat16")
    assert not np.asarray(recording["counts/active"])[2].any()


def test_windows_that_only_the_ngram_study_reads(tmp_path: Path, way: str) -> None:
    table = mixed_windows().filter(~pl.col("dead"))
    folder = make_checkpoint(tmp_path / "m", plant=scaled("layers.1.self_attn.v_proj.weight", 1e38))
    # The first of them is row 6 of the table, and they end in layer 1.
    with pytest.raises(CensusError, match="layer 1, window 6 "):
        record_shard(tmp_path, folder, table, dtype="float32")


def test_layers_that_nobody_observes_may_overflow(tmp_path: Path, way: str) -> None:
    table = mixed_windows().filter(~pl.col("dead"))
    healthy = make_checkpoint(tmp_path / "healthy")
    expected = record_shard(tmp_path / "a", healthy, table, dtype="float32")
    folder = make_checkpoint(tmp_path / "m", plant=scaled("layers.2.fc1.weight", 1e38))
    found = record_shard(tmp_path / "b", folder, table, dtype="float32")
    for layer in ("active/0", "active/1"):
        assert np.array_equal(np.asarray(found[layer]), np.asarray(expected[layer]))


def test_the_window_is_that_of_the_whole_table_in_a_later_shard(tmp_path: Path, way: str) -> None:
    table = made_windows(
        [32] * 5, studies=[EVERYTHING] * 5, domains=list("aabbb"), vocabulary=90
    ).with_columns(shard=pl.Series([0, 0, 1, 1, 1], dtype=pl.Int32))
    # Only the last window holds token 95, whose embedding is too large.
    tokens = table["tokens"].to_list()
    tokens[4][20] = 95
    table = table.with_columns(tokens=pl.Series(tokens, dtype=pl.List(pl.Int32)))

    def plant(weights: StateDict) -> None:
        weights["embed_tokens.weight"][95] = 3e38

    folder = make_checkpoint(tmp_path / "m", plant=plant)
    with pytest.raises(CensusError, match="layer 0, window 4 "):
        record_shard(tmp_path, folder, table, shard=1, shards=2, dtype="float32")
    record_shard(tmp_path, folder, table, shard=0, shards=2, dtype="float32")


def test_the_answer_of_a_gpu_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observed, "LOOPS_RUN_ON", frozenset())
    fake_cuda.install(monkeypatch, "outbox")
    monkeypatch.setattr(recorded_shard, "Outbox", lambda device: Outbox(torch.device("cuda")))
    plant = scaled("layers.2.self_attn.v_proj.weight", 1e38)
    folder = make_checkpoint(tmp_path / "m", plant=plant)
    with pytest.raises(CensusError, match="layer 2, window "):
        record_shard(tmp_path, folder, mixed_windows(), dtype="float32", batch_tokens="70")
    assert not (tmp_path / "0.zarr").exists()
