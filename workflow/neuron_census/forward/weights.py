"""Who owns the weights: each layer stays on the device, or passes through one of two slots in turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import torch
from torch import nn

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward.decoder import empty_layer
from neuron_census.forward.slots import SLOTS, DeviceSlot, HostSlot, Slot

# Tensors of a layer that are read at a time for a GPU: one reader is slower than its bus.
READERS = {"cpu": 1, "cuda": 4}


class Weights:
    """Lends the layers of a decoder, in any order that is known beforehand.

    Some layers stay on the device. The others pass through two slots: while one computes, a thread
    fills the other, across the end of a super-batch as well. The same values come to the same
    shapes either way, so that results do not depend on which layers stay.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        dtype: torch.dtype,
        device: torch.device,
        *,
        layers: int,
        resident: int,
    ) -> None:
        self.resident = {
            index: load_layer(checkpoint, index, dtype, device)
            for index in resident_layers(layers, resident)
        }
        self._readers = READERS[device.type]
        self._slots: list[Slot] = []
        if len(self.resident) < layers:
            kind = HostSlot if device.type == "cpu" else DeviceSlot
            self._slots = [kind(checkpoint, dtype, device) for _ in range(SLOTS)]

    def lend(self, order: Sequence[int]) -> Generator[nn.Module, None, None]:
        """Yield layers in `order`; one is valid until the next is asked for.

        Parameters
        ----------
        order
            numbers of layers, each as often as it is needed
        """
        passing = iter([index for index in order if index not in self.resident])
        filled: deque[tuple[Slot, Future[None]]] = deque()
        with ExitStack() as stack:
            tensors = stack.enter_context(ThreadPoolExecutor(self._readers, "tensors"))
            reader = ThreadPoolExecutor(1, thread_name_prefix="layers")
            stack.callback(reader.shutdown, cancel_futures=True)

            def fill(slot: Slot) -> None:
                following = next(passing, None)
                if following is not None:
                    filled.append((slot, reader.submit(slot.fill, following, tensors)))

            for slot in self._slots:
                fill(slot)
            for index in order:
                if index in self.resident:
                    yield self.resident[index]
                    continue
                slot, future = filled.popleft()
                future.result()
                yield slot.lend()
                slot.release()
                fill(slot)


def resident_layers(layers: int, count: int) -> list[int]:
    """Choose `count` of the layers to stay, spread evenly: those between them hide the reading.

    >>> resident_layers(6, 2)
    [2, 5]
    """
    return [
        index for index in range(layers) if (index + 1) * count // layers > index * count // layers
    ]


def load_layer(
    checkpoint: Checkpoint, index: int, dtype: torch.dtype, device: torch.device
) -> nn.Module:
    """Read one layer of the checkpoint in `dtype` onto `device`."""
    layer = empty_layer(checkpoint.config, index)
    weights = checkpoint.layer(index, dtype=dtype)
    layer.load_state_dict(
        {name: tensor.to(device=device) for name, tensor in weights.items()}, assign=True
    )
    return layer.requires_grad_(False)
