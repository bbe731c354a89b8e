"""What a recording job books on a cluster covers what the plan reckons (docs/cluster.md)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import yaml
from transformers import OPTConfig

from helpers.repository import REPOSITORY
from neuron_census.formats.windows import STUDIES
from neuron_census.record.forward.micro_batch import full_windows
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.plan import MICRO_BATCH, Memory, Request, make_plan
from neuron_census.record.planning.work import Work

CONFIG = REPOSITORY / "config"
CHECKPOINTS: dict[str, Any] = yaml.safe_load((CONFIG / "config.yaml").read_text())["checkpoints"]
PAPER: dict[str, Any] = yaml.safe_load((CONFIG / "opt.yaml").read_text())
WIDTHS = {
    "opt-125m": 768,
    "opt-350m": 1024,
    "opt-1.3b": 2048,
    "opt-2.7b": 2560,
    "opt-6.7b": 4096,
    "opt-13b": 5120,
    "opt-30b": 7168,
    "opt-66b": 9216,
}
# What docs/cluster.md supposes.
GPU, TORCH_AND_CUDA = 24 * 10**9, 5 * 10**9
OPERATIONS_A_SECOND, BYTES_A_SECOND = 40e12, 0.5e9
AS_LONG_AGAIN = 3


@pytest.mark.parametrize("name", PAPER["models"])
def test_a_job_of_the_paper_books_what_the_plan_reckons(name: str) -> None:
    entry, width = CHECKPOINTS[name], WIDTHS[name]
    config = OPTConfig(
        hidden_size=width,
        num_hidden_layers=entry["layers"],
        ffn_dim=4 * width,
        num_attention_heads=width // 64,
        word_embed_proj_dim=width,
    )
    model = ModelSize.of(config, torch.float16)
    batches = full_windows(
        PAPER["record"]["shard_tokens"], 2048, MICRO_BATCH["cuda"], frozenset(STUDIES)
    )
    domains = {entry["domain"] for study in PAPER["studies"].values() for entry in study}
    work = Work.of(
        batches,
        model,
        domains=len(domains),
        window=2048,
        ngram_layers=(entry["layers"] + 1) // 2,
    )
    plan = make_plan(
        Request(model, work, torch.float16, "cuda", Memory(GPU, 10**12), free_disk=10**15)
    )
    assert plan.fits_memory
    assert entry["mem_mb"] * 10**6 >= plan.host_bytes + TORCH_AND_CUDA
    seconds = work.operations / OPERATIONS_A_SECOND + plan.read_bytes / BYTES_A_SECOND
    assert entry["runtime"] >= max(30, AS_LONG_AGAIN * seconds / 60)
