"""Plan what recording a model takes of memory, disk and time, here or on a GPU that is described.

    python -m neuron_census plan_recording --checkpoint opt-66b --gpu-memory 24GB --gpu-tflops 125

The model is a folder with a config.json, or a name of the catalogue; neither weights nor windows are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import psutil

from neuron_census.formats.layers import first_half
from neuron_census.formats.windows import STUDIES, Windows
from neuron_census.forward.device import acquire_device
from neuron_census.forward.micro_batch import full_windows, micro_batches
from neuron_census.progress import note
from neuron_census.record.planning.catalogue import planned_model, read_configs
from neuron_census.record.planning.costs import SUSTAINED, described_gpu
from neuron_census.record.planning.description import describe, refuse_what_cannot_fit
from neuron_census.record.planning.host_memory import read_size
from neuron_census.record.planning.machine import free_disk, free_memory, set_threads
from neuron_census.record.planning.matmul_rate import matmul_rate
from neuron_census.record.planning.plan import (
    DTYPES,
    NO_LIMIT,
    Dtype,
    Memory,
    Plan,
    Request,
    make_plan,
)
from neuron_census.record.planning.shard_batches import read_batch_tokens, require_own_windows
from neuron_census.record.planning.work import Work

CONFIG = Path("config/config.yaml")


def plan_recording(
    *,
    checkpoint: str,
    windows: Path | None = None,
    shard: int = 0,
    tokens: int = 1_000_000,
    dtype: Dtype | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    gpu_memory: str = "",
    gpu_tflops: float = 0.0,
    batch_tokens: str = "auto",
    ngram_layers: Literal["first_half", "all"] = "first_half",
    contexts: int = 8,
    memory: str = "auto",
    threads: int = 1,
    config_files: Sequence[Path] = (CONFIG,),
) -> None:
    """Print what recording one shard takes, and refuse what cannot fit.

    Parameters
    ----------
    checkpoint
        folder of a checkpoint, or with its config.json alone; or a name of the catalogue, such as opt-66b
    windows
        a window table, of which a shard is planned; full-length windows that all studies read if not given
    shard
        number of the shard, from 0
    tokens
        tokens to plan for where no windows are given
    dtype
        precision of the forward pass; that of the catalogue if not given
    device
        where to compute, unless a GPU is described; auto takes a GPU if there is one
    gpu_memory
        free memory of a GPU that this machine need not have, such as 24GB
    gpu_tflops
        TFLOP/s of that GPU by its data sheet, in the precision of the forward pass
    batch_tokens
        positions that go through a layer at a time, or auto
    ngram_layers
        layers whose activations are kept for every token of the n-gram study
    contexts
        windows of either kind that are kept of each neuron, with the activations around; 0 for none
    memory
        the most memory of the host, such as 8GB; auto takes what is free here, or, for a described GPU, any amount
    threads
        number of CPU threads
    config_files
        the config with the catalogue; each file is laid over those before it

    Raises CensusError for a model of unknown shape, and where memory or disk are too small.
    """
    set_threads(threads)
    # A folder needs no config.
    config = {} if Path(checkpoint).is_dir() else read_configs(config_files)
    model = planned_model(checkpoint, config)
    table = Windows.open(windows) if windows else None
    if table is not None:
        require_own_windows(table, model.config, checkpoint)
    precision = dtype or model.dtype

    def plan_for(device_type: str, memory: Memory, disk: int) -> Plan:
        window = table.window_length if table else model.size.positions
        micro_batch = read_batch_tokens(batch_tokens, device_type, window)
        if table is not None:
            batches = list(micro_batches(table.shard(shard), table.domains, micro_batch))
        else:
            batches = list(full_windows(tokens, window, micro_batch, frozenset(STUDIES)))
        layers = model.size.layers
        work = Work.of(
            batches,
            model.size,
            domains=len(table.domains) if table else 1,
            window=window,
            ngram_layers=layers if ngram_layers == "all" else first_half(layers),
            contexts=contexts,
        )
        return make_plan(Request(model.size, work, DTYPES[precision], device_type, memory, disk))

    if gpu_memory or gpu_tflops:
        gpu = described_gpu(gpu_memory, gpu_tflops)
        allowed = read_size(memory, "--memory")
        there = Memory(gpu.memory, NO_LIMIT if allowed is None else allowed)
        plan = plan_for("cuda", there, NO_LIMIT)
        note(
            describe(
                plan,
                rate=gpu.rate,
                held=0,
                how=f"given {gpu_tflops:g} TFLOP/s, of which {SUSTAINED:.0%} are",
            )
        )
    else:
        with acquire_device(device) as place:
            plan = plan_for(place.type, free_memory(place, memory, "auto"), free_disk(Path()))
            rate = matmul_rate(model.size.width, model.size.ffn_dim, DTYPES[precision], place)
        note(describe(plan, rate=rate, held=psutil.Process().memory_info().rss))
    refuse_what_cannot_fit(plan, Path(checkpoint))
