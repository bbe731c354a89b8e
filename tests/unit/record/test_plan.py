"""The plan: known from the configuration, true to what is then taken, and refused with what would fit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import OPTConfig, OPTModel

from helpers.fakes.own_process import run_python
from helpers.made.checkpoints import make_checkpoint
from helpers.made.windows import made_windows
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError
from neuron_census.formats.windows import write_windows
from neuron_census.forward.micro_batch import full_windows, micro_batches
from neuron_census.record.planning.description import describe, refuse_what_cannot_fit, size
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.needs import Needs
from neuron_census.record.planning.plan import SHARE, Memory, Request, make_plan
from neuron_census.record.planning.work import Work

EVERYTHING = frozenset({"dead", "ngrams", "positions"})
GIGABYTE = 10**9


def config_of(width: int, layers: int, **changes: Any) -> OPTConfig:
    settings: dict[str, Any] = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "ffn_dim": 4 * width,
        "num_attention_heads": width // 64,
        "word_embed_proj_dim": width,
        "vocab_size": 50272,
        "max_position_embeddings": 2048,
    }
    return OPTConfig(**(settings | changes))


def request(
    *,
    device: str = "cpu",
    free: float = 1000,
    host: float | None = None,
    dtype: torch.dtype = torch.float16,
    tokens: int = 1_000_000,
    micro: int = 1 << 14,
    window: int = 2048,
    disk: float = 10_000,
    width: int = 4096,
    layers: int = 32,
    weights: str = "auto",
) -> Request:
    """Ask for a shard of the 6.7b shape; memory and disk in GB."""
    model = ModelSize.of(config_of(width, layers), torch.float16)
    batches = full_windows(tokens, window, micro, EVERYTHING)
    return Request(
        model=model,
        work=Work.of(batches, model, domains=1, window=window, ngram_layers=(layers + 1) // 2),
        dtype=dtype,
        device=device,
        memory=Memory(int(free * GIGABYTE), int((free if host is None else host) * GIGABYTE)),
        free_disk=int(disk * GIGABYTE),
        weights=weights,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "changes",
    [{}, {"word_embed_proj_dim": 128, "do_layer_norm_before": False}, {"enable_bias": False}],
)
def test_parameters_are_those_of_transformers(changes: dict[str, object]) -> None:
    config = config_of(256, 5, **changes)
    with torch.device("meta"):
        decoder = OPTModel(config).decoder
    expected = sum(parameter.numel() for parameter in decoder.parameters())
    assert ModelSize.of(config, torch.float16).parameters == expected


def test_the_work_of_a_shard_by_hand() -> None:
    studies = [{"dead"}, {"dead"}, {"ngrams"}, {"ngrams"}, {"positions"}]
    table = made_windows([32, 20, 7, 5, 32], studies=studies, domains=list("aaabb"), vocabulary=90)
    model = ModelSize.of(config_of(64, 6), torch.float32)
    batches = list(micro_batches(table, ["a", "b"], 64))
    work = Work.of(batches, model, domains=2, window=32, ngram_layers=3)
    # Batches: 2 x 32 padded, then 1 x 7, 1 x 5 and 1 x 32, for the domains and studies differ.
    assert (work.tokens, work.positions, work.largest_batch) == (96, 64 + 7 + 5 + 32, 64)
    assert (work.layers, work.ngram_tokens, work.position_windows) == (6, 12, 1)
    layer = 12 * 64 * 64 + 13 * 64
    assert model.layer_parameters == layer
    full = (64 + 32) * 6 * (2 * layer + 2 * 32 * 64)
    half = 7 * 3 * (2 * layer + 2 * 7 * 64) + 5 * 3 * (2 * layer + 2 * 5 * 64)
    assert work.operations == full + half
    assert work.bits_bytes(model) == 3 * 256 * 2
    assert work.counts_bytes(model) == 2 * 6 * 2 * 256 * 8 + 2 * 6 * 32 * 256


def test_layers_stay_streams_or_both_as_memory_allows() -> None:
    all_stay = make_plan(request(free=60))
    assert (all_stay.resident, all_stay.streamed) == (32, 0)
    assert all_stay.read_bytes == all_stay.request.model.parameters * 2, "read once"
    some_stay = make_plan(request(free=20))
    assert 0 < some_stay.resident < 32
    none_stays = make_plan(request(free=8))
    assert none_stays.resident == 0
    reads = [plan.read_bytes for plan in (all_stay, some_stay, none_stays)]
    assert reads == sorted(reads) and len(set(reads)) == 3
    for plan in (all_stay, some_stay, none_stays):
        assert plan.fits_memory
        assert plan.device_bytes <= SHARE["cpu"] * plan.request.memory.device + 1


def test_a_single_pass_keeps_nothing() -> None:
    # Every layer is read once either way, and reading then hides behind computing.
    plan = make_plan(request(free=1000, tokens=100_000))
    assert (plan.resident, plan.super_batches) == (0, 1)
    assert plan.read_bytes == plan.request.model.parameters * 2


def test_hidden_states_go_to_the_host_where_the_gpu_is_too_small() -> None:
    shape = {"width": 9216, "layers": 64, "device": "cuda", "micro": 2048}
    large = make_plan(request(free=140, host=100, **shape))  # type: ignore[arg-type]
    assert large.hidden_states == "device" and large.super_batch == 1 << 17
    small = make_plan(request(free=8, host=100, **shape))  # type: ignore[arg-type]
    assert small.hidden_states == "host" and small.super_batch == 1 << 17 and small.fits_memory
    neither = make_plan(request(free=8, host=8, **shape))  # type: ignore[arg-type]
    assert neither.hidden_states == "device" and neither.super_batch < 1 << 17


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"free": 5, "micro": 1 << 15, "dtype": torch.float32}, "record.batch_tokens"),
        ({"free": 5, "micro": 2048, "dtype": torch.float64}, "dtype: bfloat16"),
        ({"free": 4, "weights": "resident", "micro": 2048, "tokens": 10_000}, "--weights auto"),
        ({"free": 2.25, "micro": 2048, "tokens": 4096}, "window: "),
    ],
)
def test_a_refusal_names_settings_that_fit(asked: dict[str, object], named: str) -> None:
    plan = make_plan(request(**asked))  # type: ignore[arg-type]
    with pytest.raises(CensusError) as caught:
        refuse_what_cannot_fit(plan, Path("0.zarr"))
    message = str(caught.value)
    assert f"needs {size(plan.host_bytes)} of memory, and" in message
    assert named in message
    if found := re.search(r"[:;] record\.batch_tokens: (\d+)", message):
        changed = asked | {"micro": int(found.group(1))}
        assert make_plan(request(**changed)).fits_memory  # type: ignore[arg-type]
    if found := re.search(r"window: (\d+) with record.batch_tokens: (\d+)", message):
        changed = asked | {"window": int(found.group(1)), "micro": int(found.group(2))}
        assert make_plan(request(**changed)).fits_memory  # type: ignore[arg-type]


def test_what_no_setting_can_fit() -> None:
    plan = make_plan(request(free=0.5))
    with pytest.raises(CensusError, match="use a larger machine"):
        refuse_what_cannot_fit(plan, Path("0.zarr"))


def test_a_disk_that_is_too_small_asks_for_smaller_shards() -> None:
    plan = make_plan(request(disk=6))
    with pytest.raises(CensusError) as caught:
        refuse_what_cannot_fit(plan, Path("0.zarr"))
    found = re.search(r"set record\.shard_tokens to (\d+) or less", str(caught.value))
    assert found is not None
    fitting = make_plan(request(disk=6, tokens=int(found.group(1))))
    refuse_what_cannot_fit(fitting, Path("0.zarr"))
    with pytest.raises(CensusError, match=r"Counts alone take .* set `window` lower"):
        refuse_what_cannot_fit(make_plan(request(disk=1)), Path("0.zarr"))


def test_the_text_has_everything() -> None:
    plan = make_plan(request(device="cuda", free=12, host=64))
    text = describe(plan, rate=5e12, held=500_000_000)
    seconds = plan.request.work.operations / 5e12
    for expected in (
        "999,424 tokens through 32 layers on cuda in float16",
        f"{plan.request.model.parameters:,} parameters, 13.3 GB",
        f"{plan.resident} layers resident, {plan.streamed} streamed",
        f"{size(plan.read_bytes)} of weights in 8 passes",
        "hidden states of 131,072 positions at a time kept on the GPU",
        f"{plan.request.work.operations:.2e} floating-point operations: {seconds / 60:.0f} min",
        "5,000 GFLOP/s",
        f"{size(plan.device_bytes)} at the peak on the GPU",
        f"{size(plan.host_bytes + 500_000_000)} at the peak on the host",
        f"{size(plan.recording_bytes)} expected (16 layers with bits)",
    ):
        assert expected in text, (expected, text)


PEAK = """
import json, sys
from pathlib import Path
from neuron_census.record import record as stage
plans = []
refuse = stage.refuse_what_cannot_fit
stage.refuse_what_cannot_fit = lambda plan, output: (plans.append(plan), refuse(plan, output))
from neuron_census.checkpoint.checkpoint import Checkpoint
Checkpoint.open(Path(sys.argv[1]))  # imports the model's modules, before which nothing is planned
import psutil
before = psutil.Process().memory_info().rss
stage.record(checkpoint=Path(sys.argv[1]), windows=Path(sys.argv[2]), output=Path(sys.argv[3]),
    dtype=sys.argv[4], weights=sys.argv[5], device="cpu", batch_tokens="256", contexts=int(sys.argv[6]))
# Not ru_maxrss, which begins with the memory of the process that started this one.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
peak = int(status["VmHWM"].split()[0]) * 1024
print(json.dumps({"taken": peak - before, "planned": plans[0].device_bytes,
    "resident": plans[0].resident}))
"""


@pytest.mark.parametrize(
    ("weights", "contexts"), [("resident", 8), ("streamed", 8), ("streamed", 0)]
)
def test_the_peak_is_what_the_plan_says(tmp_path: Path, weights: str, contexts: int) -> None:
    # Sixteen layers of 12.6 MB in float32, stored in half of it.
    folder = make_checkpoint(
        tmp_path / "m",
        dtype=torch.float16,
        vocab_size=500,
        hidden_size=512,
        ffn_dim=2048,
        num_hidden_layers=16,
        max_position_embeddings=256,
        num_attention_heads=8,
    )
    table = made_windows(
        [256] * 4, studies=[set(EVERYTHING)] * 4, domains=["a"] * 4, vocabulary=500
    )
    windows = tmp_path / "windows.parquet"
    write_windows(table, windows, window_length=256, bos=2, vocabulary=500, shards=1, domains=["a"])
    status, said, errors = run_python(
        PEAK, folder, windows, tmp_path / "0.zarr", "float32", weights, contexts
    )
    assert status == 0, errors
    measured = json.loads(said)
    assert measured["taken"] < measured["planned"]
    if weights == "resident":
        layer = sum(tensor.nbytes for tensor in Checkpoint.open(folder).layer(0).values())
        assert measured["taken"] > 16 * 2 * layer
    elif contexts == 0:
        # Two layers in memory, and not sixteen; contexts of all sixteen would stay.
        assert measured["planned"] < 0.25e9


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@settings(deadline=None, max_examples=25)
@given(tenths=st.integers(80, 600))
def test_as_many_layers_stay_as_have_room(device: str, tenths: int) -> None:
    asked = request(device=device, free=tenths / 10, host=100)
    plan = make_plan(asked)
    room = SHARE[device] * asked.memory.device
    assert plan.device_bytes <= room
    needs = Needs(asked.model, asked.work, asked.dtype.itemsize, device)
    if plan.resident < asked.work.layers:
        one_more = needs.device(plan.resident + 1, plan.super_batch, plan.hidden_states)
        assert one_more > room or plan.resident + 1 == asked.work.layers
        assert needs.device(asked.work.layers, plan.super_batch, plan.hidden_states) > room


def test_a_plan_does_not_depend_on_the_disk() -> None:
    """Too small a disk is refused; it does not change how the shard is recorded."""
    asked = request(free=20)
    small = replace(asked, free_disk=1)
    assert make_plan(small) == replace(make_plan(asked), request=small)
    assert make_plan(replace(asked, memory=Memory(1, 1))).resident < make_plan(asked).resident
