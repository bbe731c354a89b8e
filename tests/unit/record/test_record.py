"""Recordings against a brute-force reading: plain transformers in float64, loops over every token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
import zarr

from helpers.fakes import cuda as fake_cuda
from helpers.made.checkpoints import make_checkpoint, plant_always_active, plant_dead, planted
from helpers.made.recordings import record_shard
from helpers.made.windows import mixed_windows, save_windows
from helpers.oracles.brute_force import count_by_hand
from neuron_census.errors import CensusError
from neuron_census.formats.recording import open_recording
from neuron_census.formats.zarr_store import read_checked
from neuron_census.forward import observation
from neuron_census.forward.outbox import Outbox
from neuron_census.record import record as stage
from neuron_census.record import shard as shard_recorder
from neuron_census.record.planning.plan import Plan, Request, make_plan
from neuron_census.record.record import record
from neuron_census.record.recorders import active_counts, bit_buffer

WINDOW = 32
DOMAINS = ["code", "prose"]
SHAPES = {
    "pre-norm": {},
    "post-norm": {"post_norm": True},
    "post-norm narrow embedding": {"post_norm": True, "word_embed_proj_dim": 8},
}


def stored(group: zarr.Group, name: str) -> np.ndarray:
    return read_checked(group, name, ..., Path())


def unpacked(group: zarr.Group, layer: int, tokens: int) -> np.ndarray:
    packed = stored(group, f"active/{layer}")
    return np.unpackbits(packed, axis=1, bitorder="little")[:, :tokens].T


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("threads", [1, 2])
def test_a_recording_equals_brute_force(
    tmp_path: Path, shape: dict[str, object], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A small Zarr shard, so that the bits of 158 tokens are handed over in several pieces.
    monkeypatch.setattr(bit_buffer, "TOKENS_PER_FILE", 64)
    monkeypatch.setattr("neuron_census.formats.recording.TOKENS_PER_FILE", 64)
    folder = make_checkpoint(
        tmp_path / "model",
        dtype=torch.float64,
        plant=planted(plant_dead((0, 3), (2, 0)), plant_always_active((1, 5))),
        **shape,  # type: ignore[arg-type]
    )
    table = mixed_windows()
    output = tmp_path / "model" / "0.zarr"
    record(
        windows=save_windows(tmp_path, table),
        checkpoint=folder,
        shard=0,
        output=output,
        dtype="float64",
        device="cpu",
        batch_tokens="70",
        threads=threads,
    )
    group = open_recording(output)
    expected = count_by_hand(folder, table, DOMAINS, WINDOW)
    for name in ("active", "active_at_bos", "positions"):
        found = stored(group, f"counts/{name}")
        assert np.array_equal(found, expected[name]), name
    assert found.dtype == np.uint8, "three windows of positions need a byte each"
    for layer in range(2):
        bits = expected["bits"][layer]
        assert np.array_equal(unpacked(group, layer, len(bits)), bits)
    assert "active/2" not in group, "of three layers the first half is 0 and 1"
    active = stored(group, "counts/active")
    assert not active[0, :, 3].any() and not active[2, :, 0].any(), "planted dead neurons"
    text_tokens = int((table.filter("dead")["length"] - 1).sum())
    assert active[1, :, 5].sum() == text_tokens, "the planted neuron is active on every token"


def test_shards_add_up_to_one_pass(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float64)
    table = mixed_windows()
    whole = tmp_path / "whole"
    whole.mkdir()
    record_shard(whole, folder, table)
    parts = table.with_columns(shard=pl.Series([0] * 5 + [1] * 4 + [2] * 3, dtype=pl.Int32))
    for shard in range(3):
        record_shard(tmp_path, folder, parts, shards=3, shard=shard)
    one = open_recording(whole / "0.zarr")
    for name in ("active", "active_at_bos"):
        added = [
            stored(open_recording(tmp_path / f"{shard}.zarr"), f"counts/{name}")
            for shard in range(3)
        ]
        assert np.array_equal(np.sum(added, axis=0), stored(one, f"counts/{name}"))
    has_positions = [
        "counts/positions" in open_recording(tmp_path / f"{shard}.zarr") for shard in range(3)
    ]
    assert has_positions == [True, False, False]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_recordings_are_the_same_bytes_whatever_the_plan(
    tmp_path: Path, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float16)
    plans = {
        "first": (3, 64),
        "again": (3, 64),
        "streamed": (0, 64),
        "in part": (2, 10**6),
        "least": (1, 1),
    }
    stores = []
    for name, (resident, super_batch) in plans.items():

        def chosen(request: Request, r: int = resident, s: int = super_batch) -> Plan:
            return replace(make_plan(request), resident=r, super_batch=s)

        monkeypatch.setattr(stage, "make_plan", chosen)
        place = tmp_path / name / "model"
        place.mkdir(parents=True)
        record_shard(place, folder, mixed_windows(), dtype=dtype)
        stores.append(place / "0.zarr")
    for store in stores[1:]:
        assert_same_files(stores[0], store)


def assert_same_files(one: Path, other: Path) -> None:
    files = [sorted(p.relative_to(s) for p in s.rglob("*") if p.is_file()) for s in (one, other)]
    assert files[0] == files[1] and len(files[0]) > 5
    for file in files[0]:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_what_a_gpu_is_told_gives_the_same_bytes(
    tmp_path: Path, shape: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tensor operations instead of compiled loops, and results by the outbox: here on the CPU."""
    monkeypatch.setattr(bit_buffer, "TOKENS_PER_FILE", 64)
    monkeypatch.setattr("neuron_census.formats.recording.TOKENS_PER_FILE", 64)
    folder = make_checkpoint(tmp_path / "model", **shape)  # type: ignore[arg-type]
    for name in ("loops", "tensors", "outbox"):
        if name == "tensors":
            monkeypatch.setattr(observation, "LOOPS_RUN_ON", frozenset())
        if name == "outbox":
            fake_cuda.install(monkeypatch, "outbox")
            monkeypatch.setattr(
                shard_recorder, "Outbox", lambda device: Outbox(torch.device("cuda"))
            )
        place = tmp_path / name / "model"
        place.mkdir(parents=True)
        record_shard(place, folder, mixed_windows(), batch_tokens="70")
        assert_same_files(tmp_path / "loops" / "model" / "0.zarr", place / "0.zarr")


def test_the_plan_is_printed_before(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record_shard(tmp_path, make_checkpoint(tmp_path / "m"), mixed_windows())
    assert capfd.readouterr().err.startswith("plan: 226 tokens through 3 layers on cpu in float64")


def test_a_gpu_that_runs_out_of_memory_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The measurement before the plan, the weights and the forward pass: each may be the last straw."""
    folder = make_checkpoint(tmp_path / "m")

    def none_left(*_arguments: object, **_options: object) -> None:
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.5 GiB."
        )

    for place in ("matmul_rate", "record_batches", "Decoder.load"):
        with monkeypatch.context() as changed:
            changed.setattr(f"neuron_census.record.record.{place}", none_left)
            with pytest.raises(CensusError) as caught:
                record_shard(tmp_path, folder, mixed_windows())
        message = str(caught.value)
        assert "0.zarr: the GPU cpu has too little free memory left (CUDA out of memory)" in message
        assert "record.batch_tokens lower" in message and "\n" not in message
        assert not (tmp_path / "0.zarr").exists()


def test_a_disk_that_is_too_small_is_refused_before_the_first_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuron_census.record.record.free_disk", lambda path: 1000)
    with pytest.raises(
        CensusError, match=r"0\.zarr: the recording is expected to take .* 1 kB are free"
    ):
        record_shard(tmp_path, make_checkpoint(tmp_path / "m"), mixed_windows())
    assert not list(tmp_path.glob("*.zarr"))


def test_a_disk_that_fills_up_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(active_counts.ActiveCounts, "write", full)
    with pytest.raises(CensusError, match="the disk is full"):
        record_shard(tmp_path, make_checkpoint(tmp_path / "m"), mixed_windows())
    assert not list(tmp_path.glob("*.zarr*")) and not list(tmp_path.glob(".0*"))


@pytest.mark.parametrize("module", ["position_scratch.PositionScratch.write", "writers._write"])
def test_a_disk_that_fills_up_in_the_middle_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"neuron_census.record.recorders.{module}", full)
    with pytest.raises(CensusError, match="the disk is full"):
        record_shard(tmp_path, make_checkpoint(tmp_path / "m"), mixed_windows())
    assert not list(tmp_path.glob("*.zarr*")) and not list(tmp_path.glob(".0*"))


def test_windows_that_do_not_fit_the_checkpoint_are_refused(tmp_path: Path) -> None:
    table = mixed_windows()
    short = make_checkpoint(tmp_path / "short", max_position_embeddings=16)
    with pytest.raises(CensusError, match=r"32 tokens .* at most 16 \(max_position_embeddings\)"):
        record_shard(tmp_path, short, table)
    other = make_checkpoint(tmp_path / "other", bos_token_id=0)
    with pytest.raises(CensusError, match=r"begin with token 2, and the BOS of .* is 0"):
        record_shard(tmp_path, other, table)
    small = make_checkpoint(tmp_path / "small", vocab_size=90)
    with pytest.raises(CensusError, match="embedding has 90 rows"):
        record_shard(tmp_path, small, table)
