"""Record what every FFN neuron of one model does on one shard of windows."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numba
import psutil
import torch
from transformers import OPTConfig

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.config import read_config
from neuron_census.checkpoint.files import has_weights
from neuron_census.checkpoint.remembered import remembered_digest
from neuron_census.errors import CensusError
from neuron_census.formats.recording import facts_of
from neuron_census.formats.seal import sealed
from neuron_census.formats.windows import STUDIES, Windows
from neuron_census.layers import first_half
from neuron_census.progress import note
from neuron_census.record.forward.device import acquire_device
from neuron_census.record.forward.micro_batch import MicroBatch, full_windows, micro_batches
from neuron_census.record.planning.description import describe, refuse_what_cannot_fit
from neuron_census.record.planning.host_memory import free_host_memory, read_size
from neuron_census.record.planning.matmul_rate import matmul_rate
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.plan import MICRO_BATCH, Memory, Plan, Request, make_plan
from neuron_census.record.planning.work import Work
from neuron_census.record.shard import Decoder, record_batches

Dtype = Literal["float64", "float32", "bfloat16", "float16"]
DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
# Threads that compress and write, of all that there are: the others compute.
WRITING_SHARE = 0.25


def record(
    *,
    checkpoint: Path,
    windows: Path | None = None,
    shard: int = 0,
    output: Path | None = None,
    dtype: Dtype = "float32",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    batch_tokens: str = "auto",
    ngram_layers: Literal["first_half", "all"] = "first_half",
    weights: Literal["auto", "resident", "streamed"] = "auto",
    memory: str = "auto",
    device_memory: str = "auto",
    threads: int = 1,
    revision: str = "",
    plan: bool = False,
    plan_tokens: int = 1_000_000,
) -> None:
    """Record activity counts, packed bits and position counts of one shard into a Zarr store.

    Parameters
    ----------
    checkpoint
        folder of an OPT checkpoint; for a plan a folder with config.json alone will do
    windows
        the window table; a plan can be made without
    shard
        number of the shard, from 0
    output
        the recording store
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
        most memory of the host that the process shall have, such as 8GB; auto takes what is free
    device_memory
        most memory of the GPU to take; auto takes what is free
    threads
        CPU threads
    revision
        the checkpoint's revision on its hub, noted in the recording
    plan
        print the plan and stop
    plan_tokens
        tokens to plan for where no windows are given: full-length windows that all studies read
    """
    if not plan and (windows is None or output is None):
        raise CensusError("record: only a plan can do without --windows and --output; give both.")
    torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, vars(numba.config)["NUMBA_NUM_THREADS"]))
    with acquire_device(device) as place:
        free = Memory(
            device=_free(place, read_size(device_memory, "--device-memory"), memory),
            host=free_host_memory(read_size(memory, "--memory")),
        )
        source = _source(checkpoint, plan)
        length = source.config.max_position_embeddings
        table = Windows.open(windows) if windows else None
        if table is not None:
            _check_fit(source, table)
            length = table.window_length
        micro_batch = _batch_tokens(batch_tokens, place, length)
        if table is not None:
            batches = list(micro_batches(table.shard(shard), table.domains, micro_batch))
        else:
            batches = list(full_windows(plan_tokens, length, micro_batch, frozenset(STUDIES)))
        layers = source.config.num_hidden_layers
        work = Work.of(
            batches,
            source.size,
            domains=len(table.domains) if table else 1,
            window=length,
            ngram_layers=layers if ngram_layers == "all" else first_half(layers),
        )
        planned = make_plan(
            Request(
                model=source.size,
                work=work,
                dtype=DTYPES[dtype],
                device=place.type,
                memory=free,
                free_disk=_free_disk(output or Path()),
                weights=weights,
            )
        )
        rate = matmul_rate(source.size.width, source.size.ffn_dim, DTYPES[dtype], place)
        note(describe(planned, rate=rate, held=psutil.Process().memory_info().rss))
        refuse_what_cannot_fit(planned, output or checkpoint)
        if table and output and source.weights and not plan:
            _record(
                source.weights, table, batches, planned, output, shard, revision, place, threads
            )


@dataclass(frozen=True)
class _Source:
    """A checkpoint, or its configuration alone where it was not downloaded."""

    folder: Path
    config: OPTConfig
    size: ModelSize
    weights: Checkpoint | None


def _source(folder: Path, plan: bool) -> _Source:
    if plan and folder.is_dir() and not has_weights(folder):
        config = read_config(folder)
        stored = config.dtype if isinstance(config.dtype, torch.dtype) else torch.float16
        return _Source(folder, config, ModelSize.of(config, stored), None)
    opened = Checkpoint.open(folder)
    return _Source(folder, opened.config, ModelSize.of_checkpoint(opened), opened)


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
    }
    decoder = Decoder.load(source, plan, device)
    writing = max(1, int(WRITING_SHARE * threads))
    try:
        with sealed(output, facts_of(attributes)) as folder:
            record_batches(folder, decoder, batches, plan, attributes, writing)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise CensusError(
            f"{output}: the disk is full; nothing was kept of this shard. Free some space, or lower "
            "record.shard_tokens, and run again."
        ) from error


def _check_fit(source: _Source, table: Windows) -> None:
    if source.weights is not None:
        source.weights.validate(vocabulary=table.vocabulary)
    longest = source.config.max_position_embeddings
    if table.window_length > longest:
        raise CensusError(
            f"{table.path}: the windows hold {table.window_length} tokens and {source.folder} takes at "
            f"most {longest} (max_position_embeddings). Set `window: {longest}` in the config, or give "
            "the checkpoint a tokenizer entry of its own."
        )
    if table.bos != source.config.bos_token_id:
        raise CensusError(
            f"{table.path}: the windows begin with token {table.bos}, and the BOS of {source.folder} is "
            f"{source.config.bos_token_id} (bos_token_id in config.json). Give the checkpoint the "
            "tokenizer that it was trained with."
        )


def _batch_tokens(given: str, device: torch.device, window: int) -> int:
    if given == "auto":
        return max(window, MICRO_BATCH[device.type])
    if not given.isdigit() or int(given) < 1:
        raise CensusError(
            f"record.batch_tokens: found '{given}', expected a positive number of tokens or 'auto'."
        )
    return int(given)


def _free(device: torch.device, allowed: int | None, host: str) -> int:
    """Bytes that can still be taken on the device, which on a CPU is the host."""
    if device.type == "cpu":
        return free_host_memory(read_size(host, "--memory"))
    free = int(torch.cuda.mem_get_info(device)[0])
    return free if allowed is None else min(free, allowed)


def _free_disk(path: Path) -> int:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
