"""What a recording will take, known before the first forward: printed, and refused where it cannot fit."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import torch
from transformers import OPTConfig

from neuron_census.errors import CensusError
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.recording import smallest_unsigned

# Positions whose hidden states stay on the device while streamed weights pass over them: above
# this many, reading a layer costs less time than computing with it, for any model size.
STREAMED_SUPER_BATCH = 1 << 17
# Positions of a micro-batch: enough for fast matrix products, few enough for caches and memory.
MICRO_BATCH = {"cpu": 1 << 11, "cuda": 1 << 14}
# Share of the free memory that weights may take to be kept resident.
RESIDENT_SHARE = 0.6
# Bits of sparse activations after compression, against one bit each; measured 0.1 to 0.3.
COMPRESSED_BITS = 0.3


@dataclass(frozen=True)
class Plan:
    """How one shard is recorded, and what it takes (bytes, tokens, floating-point operations)."""

    device: str
    dtype: torch.dtype
    layers: int
    ngram_layers: int
    resident: bool
    micro_batch_tokens: int
    super_batch_tokens: int
    tokens: int
    parameters: int
    weights_bytes: int
    weights_read_bytes: int
    working_bytes: int
    free_memory_bytes: int
    counts_bytes: int
    bits_bytes: int
    scratch_bytes: int
    free_disk_bytes: int
    operations: int

    @property
    def memory_bytes(self) -> int:
        """Peak memory on the device: weights, hidden states and one micro-batch inside a layer."""
        return (self.weights_bytes if self.resident else self._two_layers) + self.working_bytes

    @property
    def _two_layers(self) -> int:
        return 2 * self.weights_bytes // max(1, self.layers)

    @property
    def recording_bytes(self) -> int:
        """Expected size of the recording on disk."""
        return int(self.counts_bytes + COMPRESSED_BITS * self.bits_bytes)

    def describe(self) -> str:
        """The plan as lines for a person to read before the first forward."""
        kept = (
            "resident"
            if self.resident
            else f"streamed layer by layer, {_size(self.weights_read_bytes)} to read"
        )
        return "\n".join(
            [
                f"plan: {self.tokens:,} tokens through {self.layers} layers on {self.device} in "
                f"{str(self.dtype).removeprefix('torch.')}",
                f"  weights     {self.parameters:,} parameters, {_size(self.weights_bytes)}, {kept}",
                f"  batches     {self.micro_batch_tokens:,} tokens at a time; hidden states of "
                f"{self.super_batch_tokens:,} tokens kept on {self.device}",
                f"  arithmetic  {self.operations:.2e} floating-point operations",
                f"  memory      {_size(self.memory_bytes)} at the peak, {_size(self.free_memory_bytes)} free",
                f"  recording   {_size(self.recording_bytes)} expected ({self.ngram_layers} layers with "
                f"bits), with {_size(self.scratch_bytes)} beside it on the way, "
                f"{_size(self.free_disk_bytes)} free",
            ]
        )

    def refuse_what_cannot_fit(self, output: Path) -> None:
        """Raise a CensusError, before anything is computed, where memory or disk is too small."""
        if self.memory_bytes > self.free_memory_bytes:
            raise CensusError(
                f"recording needs {_size(self.memory_bytes)} of memory on {self.device} and "
                f"{_size(self.free_memory_bytes)} are free. Lower record.batch_tokens (now "
                f"{self.micro_batch_tokens}), use a checkpoint dtype of half the size, or a larger device."
            )
        needed = self.recording_bytes + self.scratch_bytes
        if needed > self.free_disk_bytes:
            raise CensusError(
                f"{output}: the recording is expected to take {_size(needed)} on the way and "
                f"{_size(self.free_disk_bytes)} are free on that disk. Lower record.shard_tokens, or "
                "free some space."
            )


def make_plan(
    config: OPTConfig,
    batches: list[MicroBatch],
    *,
    domains: int,
    window: int,
    ngram_layers: int,
    dtype: torch.dtype,
    device: torch.device,
    micro_batch_tokens: int,
    weights: Literal["auto", "resident", "streamed"],
    output: Path,
) -> Plan:
    """Work out what recording `batches` takes on `device`.

    Parameters
    ----------
    config
        the model's shape
    batches
        the micro-batches of the shard
    domains, window, ngram_layers
        sizes of the recording
    dtype, device, micro_batch_tokens
        how to compute
    weights
        keep them resident, stream them, or decide by the free memory
    output
        where the recording will be
    """
    layers, width, ffn = config.num_hidden_layers, config.hidden_size, config.ffn_dim
    item = dtype.itemsize
    layer_parameters = 4 * width * width + 2 * width * ffn + ffn + 9 * width
    outside = config.vocab_size * (config.word_embed_proj_dim or width) + (window + 2) * width
    weights_bytes = (layers * layer_parameters + outside) * item
    free = free_memory(device)
    resident = weights == "resident" or (
        weights == "auto" and weights_bytes <= RESIDENT_SHARE * free
    )
    tokens = sum(batch.tokens for batch in batches)
    padded = max((batch.ids.size for batch in batches), default=0)
    super_batch = micro_batch_tokens
    if not resident:
        room = int(0.5 * free / (width * item))
        super_batch = max(padded, min(STREAMED_SUPER_BATCH, room, tokens))
    # Inside a layer: residual, queries, keys, values, attention output, and the FFN before and after ReLU.
    working = super_batch * width * item + padded * (6 * width + 2 * ffn) * item
    position_windows = sum(len(batch.lengths) for batch in batches if batch.positions)
    # Counts of positions lie uncompressed in a file until the end (`recorders.PositionCounts`).
    position_bytes = domains * layers * window * ffn * smallest_unsigned(position_windows).itemsize
    scratch = position_bytes if position_windows else 0
    if scratch and device.type == "cuda":
        # What is active of a micro-batch, a byte each, and its sum over windows (`active`).
        working += padded * ffn + window * ffn * torch.int64.itemsize
    ngram_tokens = sum(batch.tokens for batch in batches if batch.ngrams)
    super_batches = -(-sum(batch.ids.size for batch in batches) // max(1, super_batch))
    return Plan(
        device=device.type,
        dtype=dtype,
        layers=layers,
        ngram_layers=ngram_layers,
        resident=resident,
        micro_batch_tokens=micro_batch_tokens,
        super_batch_tokens=super_batch,
        tokens=tokens,
        parameters=layers * layer_parameters + outside,
        weights_bytes=weights_bytes,
        weights_read_bytes=weights_bytes * (1 if resident else super_batches),
        working_bytes=working,
        free_memory_bytes=free,
        counts_bytes=2 * layers * domains * ffn * 8 + scratch,
        bits_bytes=ngram_layers * ffn * -(-ngram_tokens // 8),
        scratch_bytes=scratch,
        free_disk_bytes=_free_disk(output),
        operations=tokens * layers * (2 * layer_parameters + 2 * window * width),
    )


def free_memory(device: torch.device) -> int:
    """Bytes that a process can still take on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def _free_disk(path: Path) -> int:
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
