"""What a recording job books on a cluster covers what the plan reckons (docs/cluster.md)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import yaml

from helpers.repository import REPOSITORY
from neuron_census.checkpoint.published import published_config
from neuron_census.formats.windows import STUDIES
from neuron_census.forward.micro_batch import full_windows
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.plan import MICRO_BATCH, Memory, Request, make_plan
from neuron_census.record.planning.work import Work

CONFIG = REPOSITORY / "config"
CHECKPOINTS: dict[str, Any] = yaml.safe_load((CONFIG / "config.yaml").read_text())["checkpoints"]
PAPER: dict[str, Any] = yaml.safe_load((CONFIG / "opt.yaml").read_text())
# What docs/cluster.md supposes.
GPU, TORCH_AND_CUDA = 24 * 10**9, 5 * 10**9
OPERATIONS_A_SECOND, BYTES_A_SECOND = 40e12, 0.5e9
AS_LONG_AGAIN = 3


@pytest.mark.parametrize("name", PAPER["models"])
def test_a_job_of_the_paper_books_what_the_plan_reckons(name: str) -> None:
    entry = CHECKPOINTS[name]
    config = published_config(entry["hub"])
    assert config.num_hidden_layers == entry["layers"]
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
