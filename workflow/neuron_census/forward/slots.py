"""Memory that one layer after the other passes through."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.names import layer_shapes
from neuron_census.forward.decoder import empty_layer
from neuron_census.forward.pinned import pinned_memory

# While one layer computes, the next is on its way.
SLOTS = 2


@runtime_checkable
class Slot(Protocol):
    """Holds one layer at a time: filled by a thread, then lent to the forward pass, then free."""

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        """Take the memory of one layer."""

    def fill(self, index: int, readers: Executor) -> None:
        """Read a layer into the slot, several tensors at a time; called when the slot is free."""

    def lend(self) -> nn.Module:
        """Return the layer that the slot was filled with."""

    def release(self) -> None:
        """Take note that the forward pass is done with the layer."""


class HostSlot:
    """A slot in host memory, where the forward pass computes: tensors are read into their places."""

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        self._checkpoint = checkpoint
        self._tensors = {
            name: torch.empty(shape, dtype=dtype, device=device)
            for name, shape in layer_shapes(checkpoint.config).items()
        }
        self._layer = _layer_of(checkpoint, self._tensors)

    def fill(self, index: int, readers: Executor) -> None:
        read_layer(self._checkpoint, index, self._tensors, readers)

    def lend(self) -> nn.Module:
        return self._layer

    def release(self) -> None:
        """Nothing to do: what is computed on the host is done when it returns."""


class DeviceSlot:
    """A slot on a GPU: tensors are read into pinned memory and copied on a stream of their own.

    Two events keep the order, and nobody waits for the whole device: the forward pass waits until
    the copy has `arrived`, the copy until the forward pass has `freed` the slot. The pinned memory
    is read into again as soon as its copy has arrived, while the layer still computes.
    """

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        self._checkpoint = checkpoint
        self._device = device
        shapes = layer_shapes(checkpoint.config)
        self._staged = {name: pinned_memory(shape, dtype) for name, shape in shapes.items()}
        self._tensors = {
            name: torch.empty(shape, dtype=dtype, device=device) for name, shape in shapes.items()
        }
        self._layer = _layer_of(checkpoint, self._tensors)
        self._copies = torch.cuda.Stream(device)
        # The memory may still be in use by what had it before.
        self._copies.wait_stream(torch.cuda.current_stream(device))
        self._arrived = torch.cuda.Event()
        self._freed = torch.cuda.Event()

    def fill(self, index: int, readers: Executor) -> None:
        self._arrived.synchronize()
        read_layer(self._checkpoint, index, self._staged, readers)
        with torch.cuda.stream(self._copies):
            self._copies.wait_event(self._freed)
            for name, tensor in self._tensors.items():
                tensor.copy_(self._staged[name], non_blocking=True)
            self._arrived.record(self._copies)

    def lend(self) -> nn.Module:
        torch.cuda.current_stream(self._device).wait_event(self._arrived)
        return self._layer

    def release(self) -> None:
        self._freed.record(torch.cuda.current_stream(self._device))


def read_layer(
    checkpoint: Checkpoint, index: int, into: dict[str, Tensor], readers: Executor
) -> None:
    """Read the tensors of a layer into memory that is given, several at a time."""

    def read(name: str) -> None:
        # The mode belongs to a thread; outside it, memory made inside it may not be written to.
        with torch.inference_mode():
            checkpoint.tensor(f"layers.{index}.{name}", into=into[name])

    # The largest first, so that none is left over at the end.
    names = sorted(into, key=lambda name: -into[name].numel())
    for _ in readers.map(read, names):
        pass


def _layer_of(checkpoint: Checkpoint, tensors: dict[str, Tensor]) -> nn.Module:
    layer = empty_layer(checkpoint.config, 0)
    layer.load_state_dict(tensors, assign=True)
    return layer.requires_grad_(False)
