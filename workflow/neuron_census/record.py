"""Record what every FFN neuron of one model does on one shard of windows."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numba
import torch
import zarr

from neuron_census.atomic import written_whole
from neuron_census.checkpoint import Checkpoint
from neuron_census.errors import CensusError
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.micro_batch import MicroBatch, micro_batches
from neuron_census.forward.plan import MICRO_BATCH, Plan, make_plan
from neuron_census.forward.stream import Recorder, stream
from neuron_census.forward.weights import ResidentWeights, StreamedWeights, Weights
from neuron_census.progress import note, progress
from neuron_census.recorders import ActiveBits, ActiveCounts, PositionCounts, Writers
from neuron_census.recording import FORMAT, VERSION
from neuron_census.windows import Windows

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def record(
    *,
    windows: Path,
    checkpoint: Path,
    shard: int,
    output: Path,
    dtype: Literal["float64", "float32", "bfloat16", "float16"] = "float32",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    batch_tokens: str = "auto",
    ngram_layers: Literal["first_half", "all"] = "first_half",
    weights: Literal["auto", "resident", "streamed"] = "auto",
    threads: int = 1,
    revision: str = "",
    plan: bool = False,
) -> None:
    """Record activity counts, packed bits and position counts of one shard into a Zarr store.

    Parameters
    ----------
    windows
        the window table
    checkpoint
        folder of an OPT checkpoint
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
    threads
        CPU threads
    revision
        the checkpoint's revision on its hub, noted in the recording
    plan
        print the plan and stop
    """
    torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, vars(numba.config)["NUMBA_NUM_THREADS"]))
    source = Checkpoint.open(checkpoint)
    table = Windows.open(windows)
    _check_fit(source, table, checkpoint, windows)
    place = _device(device)
    layers = source.config.num_hidden_layers
    with_bits = layers if ngram_layers == "all" else (layers + 1) // 2
    micro_batch_tokens = _batch_tokens(batch_tokens, place, table.window_length)
    batches = list(micro_batches(table.shard(shard), table.domains, micro_batch_tokens))
    planned = make_plan(
        source.config,
        batches,
        domains=len(table.domains),
        window=table.window_length,
        ngram_layers=with_bits,
        dtype=DTYPES[dtype],
        device=place,
        micro_batch_tokens=micro_batch_tokens,
        weights=weights,
        output=output,
    )
    note(planned.describe())
    if plan:
        return
    planned.refuse_what_cannot_fit(output)
    attributes = {
        "model": output.parent.name,
        "revision": revision,
        "weights": source.digest(threads=threads),
        "dtype": dtype,
        "versions": {name: version(name) for name in ("torch", "transformers", "zarr")},
        "windows": table.digest,
        "domains": table.domains,
        "shard": shard,
        "tokens": planned.tokens,
        "window_length": table.window_length,
        "num_layers": layers,
        "ngram_layers": with_bits,
        "ffn_dim": source.config.ffn_dim,
    }
    decoder = Decoder.load(source, planned, place)
    try:
        with written_whole(output) as folder:
            record_batches(folder, decoder, batches, planned, attributes)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise CensusError(
            f"{output}: the disk is full; nothing was kept of this shard. Free some space, or lower "
            "record.shard_tokens, and run again."
        ) from error


@dataclass(frozen=True)
class Decoder:
    """The model on its device: what comes before the layers, and the owner of the layers."""

    embedding: Embedding
    weights: Weights

    @classmethod
    def load(cls, source: Checkpoint, plan: Plan, device: torch.device) -> Decoder:
        """Read what the plan keeps on the device."""
        weights: Weights = (
            ResidentWeights(source, plan.layers, plan.dtype, device)
            if plan.resident
            else StreamedWeights(source, plan.dtype, device)
        )
        return cls(Embedding(source, plan.dtype, device), weights)


def record_batches(
    folder: Path,
    decoder: Decoder,
    batches: list[MicroBatch],
    plan: Plan,
    attributes: dict[str, Any],
) -> None:
    """Send the micro-batches of a shard through the model and write the recording store.

    Parameters
    ----------
    folder
        the store, made anew
    decoder
        the model
    batches
        all micro-batches of the shard
    plan
        how to do it
    attributes
        of the store: what is recorded, and from what it was made
    """
    domains, window, ffn_dim = (
        len(attributes["domains"]),
        attributes["window_length"],
        attributes["ffn_dim"],
    )
    group = zarr.open_group(folder, mode="w")
    group.attrs.update({"format": FORMAT, "version": VERSION, **attributes})
    writers = Writers(threads=1)
    counts = ActiveCounts(plan.layers, domains, ffn_dim)
    recorders: list[Recorder] = [counts]
    bits = positions = None
    if ngram_tokens := sum(batch.tokens for batch in batches if batch.ngrams):
        bits = ActiveBits(group, plan.ngram_layers, ffn_dim, ngram_tokens, writers)
        recorders.append(bits)
    if position_windows := sum(len(batch.lengths) for batch in batches if batch.positions):
        positions = PositionCounts(
            folder / "positions.scratch.npy",
            domains,
            plan.layers,
            window,
            ffn_dim,
            position_windows,
        )
        recorders.append(positions)
    try:
        _forward(decoder, batches, plan, recorders)
        if bits:
            bits.finish()
        if positions:
            positions.write(group, writers)
        counts.write(group)
        writers.wait()
    finally:
        writers.close()
    group.attrs["complete"] = True


def _forward(
    decoder: Decoder, batches: list[MicroBatch], plan: Plan, recorders: list[Recorder]
) -> None:
    highest = _highest_layer(plan)
    total = sum(batch.tokens * (highest(batch) + 1) for batch in batches)
    # The bar counts tokens through the whole model, so that its rate is tokens a second.
    with (
        torch.inference_mode(),
        progress(what="recording", unit="token", total=total, scale=1 / plan.layers) as bar,
    ):

        def advanced(layer: int, tokens: int) -> None:
            bar.set_postfix_str(f"layer {layer}", refresh=False)
            bar.update(tokens)

        stream(
            iter(batches),
            embedding=decoder.embedding,
            weights=decoder.weights,
            recorders=recorders,
            highest_layer=highest,
            super_batch_tokens=plan.super_batch_tokens,
            advanced=advanced,
        )


def _highest_layer(plan: Plan) -> Callable[[MicroBatch], int]:
    """The n-gram study needs the layers with bits only; the other studies need all."""

    def highest(batch: MicroBatch) -> int:
        return (plan.layers if batch.dead or batch.positions else plan.ngram_layers) - 1

    return highest


def _check_fit(source: Checkpoint, table: Windows, checkpoint: Path, windows: Path) -> None:
    source.validate(vocabulary=table.vocabulary)
    longest = source.config.max_position_embeddings
    if table.window_length > longest:
        raise CensusError(
            f"{windows}: the windows hold {table.window_length} tokens and {checkpoint} takes at most "
            f"{longest} (max_position_embeddings). Set `window: {longest}` in the config, or give the "
            "checkpoint a tokenizer entry of its own."
        )
    if table.bos != source.config.bos_token_id:
        raise CensusError(
            f"{windows}: the windows begin with token {table.bos}, and the BOS of {checkpoint} is "
            f"{source.config.bos_token_id} (bos_token_id in config.json). Give the checkpoint the tokenizer "
            "that it was trained with."
        )


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise CensusError(
            "record.device is 'cuda' and torch sees no GPU here. Set it to 'auto' or 'cpu', or install "
            "a CUDA build of torch."
        )
    return torch.device(name)


def _batch_tokens(given: str, device: torch.device, window: int) -> int:
    if given == "auto":
        return max(window, MICRO_BATCH[device.type])
    if not given.isdigit() or int(given) < 1:
        raise CensusError(
            f"record.batch_tokens: found '{given}', expected a positive number of tokens or 'auto'."
        )
    return int(given)
