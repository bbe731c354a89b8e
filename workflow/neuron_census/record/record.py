"""Record what every FFN neuron of one model does on one shard of windows."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import psutil
import torch

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.remembered import remembered_digest
from neuron_census.errors import CensusError
from neuron_census.families.adapter.model_config import read_model_config, require_gate
from neuron_census.formats.layers import first_half
from neuron_census.formats.recording import facts_of
from neuron_census.formats.seal import sealed
from neuron_census.formats.windows import Windows
from neuron_census.forward.device import acquire_device
from neuron_census.forward.micro_batch import MicroBatch, micro_batches
from neuron_census.progress import note, speak_of
from neuron_census.record.planning.description import describe, refuse_what_cannot_fit
from neuron_census.record.planning.machine import free_disk, free_memory, set_threads
from neuron_census.record.planning.matmul_rate import matmul_rate
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.plan import DTYPES, Dtype, Plan, Request, make_plan
from neuron_census.record.planning.shard_batches import read_batch_tokens, require_own_windows
from neuron_census.record.planning.work import Work
from neuron_census.record.shard import Decoder, record_batches

# Threads that compress and write, of all that there are: the others compute.
WRITING_SHARE = 0.25


def record(
    *,
    checkpoint: Path,
    windows: Path,
    output: Path,
    shard: int = 0,
    dtype: Dtype = "float32",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    batch_tokens: str = "auto",
    ngram_layers: Literal["first_half", "all"] = "first_half",
    weights: Literal["auto", "resident", "streamed"] = "auto",
    memory: str = "auto",
    device_memory: str = "auto",
    threads: int = 1,
    revision: str = "",
    contexts: int = 8,
    seed: int = 0,
    gate: bool = False,
) -> None:
    """Record what the neurons do on one shard of windows into a Zarr store.

    Parameters
    ----------
    checkpoint
        folder of a checkpoint
    windows
        the window table
    output
        the recording store
    shard
        number of the shard, from 0
    dtype
        precision of the forward pass
    device
        where to compute; auto takes a GPU if there is one
    batch_tokens
        positions that go through a layer at a time, or auto
    ngram_layers
        layers whose activations are kept for every token of the n-gram study
    weights
        keep all layers on the device, stream them one by one, or decide by the free memory
    memory
        the most memory of the host that the process may have, such as 8GB; auto takes what is free
    device_memory
        the most memory of the GPU to take; auto takes what is free
    threads
        number of CPU threads
    revision
        the checkpoint's revision on its hub, noted in the recording
    contexts
        windows of either kind that are kept of each neuron, with the activations around; 0 for none
    seed
        seed of the draw of sampled contexts
    gate
        call a neuron active when its gate is above zero, also where that is no exact gate

    Raises CensusError where checkpoint and windows do not fit each other, memory or disk are too small, and
    where pre-activations are not finite.
    """
    set_threads(threads)
    speak_of(f"{output.parent.name}, shard {shard}")
    with acquire_device(device) as place, _explained_lack_of_memory(output, place):
        source = Checkpoint.open(checkpoint)
        require_gate(read_model_config(checkpoint), str(checkpoint / "config.json"), gate=gate)
        table = Windows.open(windows)
        source.validate(vocabulary=table.vocabulary)
        require_own_windows(table, source.config, source.folder)
        micro_batch = read_batch_tokens(batch_tokens, place.type, table.window_length)
        batches = list(micro_batches(table.shard(shard), table.domains, micro_batch))
        size = ModelSize.of_checkpoint(source)
        plan = make_plan(
            Request(
                model=size,
                work=Work.of(
                    batches,
                    size,
                    domains=len(table.domains),
                    window=table.window_length,
                    ngram_layers=size.layers if ngram_layers == "all" else first_half(size.layers),
                    contexts=contexts,
                ),
                dtype=DTYPES[dtype],
                device=place.type,
                memory=free_memory(place, memory, device_memory),
                free_disk=free_disk(output),
                weights=weights,
            )
        )
        rate = matmul_rate(size.width, size.ffn_dim, DTYPES[dtype], place)
        note(describe(plan, rate=rate, held=psutil.Process().memory_info().rss))
        refuse_what_cannot_fit(plan, output)
        _record(source, table, batches, plan, output, shard, revision, place, threads, seed)


@contextmanager
def _explained_lack_of_memory(output: Path, device: torch.device) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise CensusError(
            f"{output}: the GPU {device} has too little free memory left "
            f"({str(error).partition('.')[0]}). Another process may have taken some since it was planned: "
            "run again when it has ended, or set record.batch_tokens lower."
        ) from error


def _record(
    source: Checkpoint,
    table: Windows,
    batches: list[MicroBatch],
    plan: Plan,
    output: Path,
    shard: int,
    revision: str,
    device: torch.device,
    threads: int,
    seed: int,
) -> None:
    work, model = plan.request.work, plan.request.model
    attributes = {
        "model": output.parent.name,
        "revision": revision,
        "weights": remembered_digest(source, output.parent / ".weights.json", threads=threads),
        "dtype": str(plan.request.dtype).removeprefix("torch."),
        "versions": {name: version(name) for name in ("torch", "transformers", "zarr")},
        "windows": table.digest,
        "domains": table.domains,
        "shard": shard,
        "tokens": work.tokens,
        "window_length": work.window,
        "num_layers": model.layers,
        "ngram_layers": work.ngram_layers,
        "ffn_dim": model.ffn_dim,
        "contexts": work.contexts,
        "contexts_seed": seed,
    }
    decoder = Decoder.load(source, plan, device)
    writing = max(1, int(WRITING_SHARE * threads))
    try:
        with sealed(output, facts_of(attributes)) as folder:
            record_batches(folder, decoder, batches, plan, attributes, writing, seed)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise CensusError(
            f"{output}: the disk is full; nothing was kept of this shard. Free some space, or lower "
            "record.shard_tokens, and run again."
        ) from error
