"""What a recording will take, and how it fits: worked out before the first forward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from neuron_census.forward.hidden import Place
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.needs import Needs
from neuron_census.record.planning.work import Work

Dtype = Literal["float64", "float32", "bfloat16", "float16"]
DTYPES: dict[str, torch.dtype] = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
"""Types of the forward pass, by the names that a config gives them."""

# Positions whose hidden states are kept while the weights pass over them: above this many, reading
# a layer costs less time than computing with it, for any model size.
SUPER_BATCH = 1 << 17
# Positions of a micro-batch: enough for fast matrix products, few enough for caches and memory.
MICRO_BATCH = {"cpu": 1 << 11, "cuda": 1 << 14}
# Share of the free memory that is planned with, where there is a choice: a host has other uses for it.
SHARE = {"cpu": 0.7, "cuda": 0.9}
# Bits of sparse activations after compression, against one bit each; measured 0.01 to 0.5 (docs/streaming.md).
COMPRESSED_BITS = 0.3


NO_LIMIT = 1 << 62
"""Bytes of memory or disk of a machine of which nothing is known."""


@dataclass(frozen=True)
class Memory:
    """Bytes that the process can still take on its device and on its host; on a CPU they are the same."""

    device: int
    host: int


@dataclass(frozen=True)
class Request:
    """What is asked for: a shard of work for a model, in a precision, on a device."""

    model: ModelSize
    work: Work
    dtype: torch.dtype
    device: str
    memory: Memory
    free_disk: int
    weights: Literal["auto", "resident", "streamed"] = "auto"


@dataclass(frozen=True)
class Plan:
    """How one shard is recorded, and what it takes (bytes, positions)."""

    request: Request
    super_batch: int
    hidden_states: Place
    resident: int
    device_bytes: int
    host_bytes: int

    @property
    def streamed(self) -> int:
        """Layers that pass through the device; the others stay there."""
        return self.request.work.layers - self.resident

    @property
    def super_batches(self) -> int:
        """About how often the streamed layers are read; micro-batches are not divided."""
        return -(-self.request.work.positions // max(1, self.super_batch))

    @property
    def read_bytes(self) -> int:
        """Bytes of weights to read from their files."""
        model = self.request.model
        layers = self.resident + self.super_batches * self.streamed
        parameters = layers * model.layer_parameters + model.outside_parameters
        return parameters * model.stored_item

    @property
    def recording_bytes(self) -> int:
        """Expected size of the recording on disk."""
        work, model = self.request.work, self.request.model
        bits = COMPRESSED_BITS * work.bits_bytes(model)
        return int(work.counts_bytes(model) + bits) + work.evidence_bytes(model)

    @property
    def disk_bytes(self) -> int:
        """Disk space to be free: position counts lie in a scratch file before they are compressed."""
        work, model = self.request.work, self.request.model
        scratch = work.domains * model.layers * work.position_block(model)
        return self.recording_bytes + scratch

    @property
    def fits_memory(self) -> bool:
        """Whether the peaks are within what is free."""
        free = self.request.memory
        return self.device_bytes <= free.device and self.host_bytes <= free.host


def make_plan(request: Request) -> Plan:
    """Choose the super-batch, where its hidden states are, and how many layers stay on the device.

    The hidden states come first: they decide how often weights are read. Layers stay with the
    memory that is left, all of them where there is room, if they are read more than once at all.
    The least that is possible is planned where even that does not fit; `fits_memory` tells.

    Parameters
    ----------
    request
        what is to be recorded, and what is free
    """
    needs = Needs(request.model, request.work, request.dtype.itemsize, request.device)
    least = request.work.largest_batch
    super_batch = max(least, min(SUPER_BATCH, request.work.positions))
    place: Place = "device"
    room = SHARE[request.device] * request.memory.device - needs.device(0, least, place)
    room += needs.hidden(least)
    if needs.hidden(super_batch) > room:
        room_on_host = SHARE["cpu"] * request.memory.host - needs.host(super_batch, "host")
        if request.device != "cpu" and room_on_host >= 0:
            place = "host"
        else:
            super_batch = max(least, int(room / needs.hidden(1)))
    resident = 0
    if request.weights == "resident":
        resident = request.work.layers
    elif request.weights == "auto" and super_batch < request.work.positions:
        resident = _layers_with_room(request, needs, super_batch, place)
    return Plan(
        request=request,
        super_batch=super_batch,
        hidden_states=place,
        resident=resident,
        device_bytes=needs.device(resident, super_batch, place),
        host_bytes=needs.host(super_batch, place)
        if request.device != "cpu"
        else needs.device(resident, super_batch, place),
    )


def _layers_with_room(request: Request, needs: Needs, super_batch: int, place: Place) -> int:
    free = SHARE[request.device] * request.memory.device
    layers = request.work.layers
    if needs.device(layers, super_batch, place) <= free:
        return layers
    left = free - needs.device(0, super_batch, place)
    return max(0, min(layers - 1, int(left / needs.layer)))
