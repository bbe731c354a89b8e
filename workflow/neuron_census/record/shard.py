"""The model on its device, and the recording of one shard of micro-batches with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import zarr

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.formats.recording import FORMAT, VERSION
from neuron_census.formats.zarr_store import mark_complete
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import Recorder, stream
from neuron_census.forward.weights import Weights
from neuron_census.progress import progress
from neuron_census.record.planning.plan import Plan
from neuron_census.record.planning.work import highest_layer
from neuron_census.record.recorders.active_bits import ActiveBits
from neuron_census.record.recorders.active_counts import ActiveCounts
from neuron_census.record.recorders.evidence import Evidence
from neuron_census.record.recorders.position_counts import PositionCounts
from neuron_census.record.recorders.position_scratch import PositionScratch
from neuron_census.record.recorders.writers import Writers


@dataclass(frozen=True)
class Decoder:
    """The model on its device: what comes before the layers, and the owner of the layers."""

    embedding: Embedding
    weights: Weights
    device: torch.device

    @classmethod
    def load(cls, source: Checkpoint, plan: Plan, device: torch.device) -> Decoder:
        """Read what the plan keeps on the device."""
        dtype, layers = plan.request.dtype, plan.request.work.layers
        return cls(
            Embedding(source, dtype, device),
            Weights(source, dtype, device, layers=layers, resident=plan.resident),
            device,
        )


def record_batches(
    folder: Path,
    decoder: Decoder,
    batches: list[MicroBatch],
    plan: Plan,
    attributes: dict[str, Any],
    writing_threads: int = 1,
    seed: int = 0,
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
        which layers stay, and where hidden states are kept
    attributes
        attributes of the store: what is recorded, and what it was made from
    writing_threads
        number of threads that compress and write
    seed
        of the draw of sampled contexts
    """
    model, work = plan.request.model, plan.request.work
    group = zarr.open_group(folder, mode="w")
    group.attrs.update({"format": FORMAT, "version": VERSION, **attributes})
    writers, outbox = Writers(writing_threads), Outbox(decoder.device)
    counts = ActiveCounts(model.layers, work.domains, model.ffn_dim, outbox)
    recorders: list[Recorder] = [counts]
    bits = positions = evidence = None
    if work.ngram_tokens:
        bits = ActiveBits(
            group, work.ngram_layers, model.ffn_dim, work.ngram_tokens, writers, outbox
        )
        recorders.append(bits)
    if work.position_windows:
        shape = (work.domains, model.layers, work.window, model.ffn_dim)
        scratch = PositionScratch(folder / "positions.scratch", shape, work.position_windows)
        positions = PositionCounts(scratch, outbox)
        recorders.append(positions)
    if work.dead_windows:
        evidence = Evidence.of(model, work, plan.request.dtype, decoder.device, outbox, seed)
        recorders += evidence.recorders
    try:
        _forward(decoder, batches, plan, recorders, outbox)
        if bits:
            bits.finish()
        if positions:
            positions.write(group, writers)
        if evidence:
            evidence.write(group, writers)
        counts.write(group)
        writers.wait()
    finally:
        outbox.close()
        writers.close()
    mark_complete(group)


def _forward(
    decoder: Decoder,
    batches: list[MicroBatch],
    plan: Plan,
    recorders: list[Recorder],
    outbox: Outbox,
) -> None:
    work, layers = plan.request.work, plan.request.model.layers
    highest = highest_layer(layers, work.ngram_layers)
    total = sum(batch.tokens * (highest(batch) + 1) for batch in batches)
    # The bar counts tokens through the whole model, so that its rate is tokens per second.
    with (
        torch.inference_mode(),
        progress(what="recording", unit="token", total=total, scale=1 / layers) as bar,
    ):

        def advanced(layer: int, tokens: int) -> None:
            bar.set_postfix_str(f"layer {layer}", refresh=False)
            bar.update(tokens)

        stream(
            batches,
            embedding=decoder.embedding,
            weights=decoder.weights,
            recorders=recorders,
            outbox=outbox,
            highest_layer=highest,
            super_batch_tokens=plan.super_batch,
            hidden_states=plan.hidden_states,
            advanced=advanced,
        )
