"""Who owns the weights: all layers resident on the device, or one at a time with the next on its way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import torch
from transformers.models.opt.modeling_opt import OPTDecoderLayer

from neuron_census.checkpoint import Checkpoint
from neuron_census.forward.decoder import empty_layer


class Weights(Protocol):
    """Lends the layers in order, once for every super-batch."""

    def layers(self, count: int) -> Iterator[OPTDecoderLayer]:
        """Yield the first `count` layers; one is valid until the next is asked for."""


class ResidentWeights:
    """Every layer stays on the device from the start."""

    def __init__(
        self, checkpoint: Checkpoint, count: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        self._layers = [load_layer(checkpoint, index, dtype, device) for index in range(count)]

    def layers(self, count: int) -> Iterator[OPTDecoderLayer]:
        yield from self._layers[:count]


class StreamedWeights:
    """One layer on the device, and the next being read while it computes."""

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        self._checkpoint = checkpoint
        self._dtype = dtype
        self._device = device

    def layers(self, count: int) -> Iterator[OPTDecoderLayer]:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="weights") as reader:
            following = reader.submit(self._load, 0)
            for index in range(count):
                layer = following.result()
                if index + 1 < count:
                    following = reader.submit(self._load, index + 1)
                yield layer

    def _load(self, index: int) -> OPTDecoderLayer:
        return load_layer(self._checkpoint, index, self._dtype, self._device)


def load_layer(
    checkpoint: Checkpoint, index: int, dtype: torch.dtype, device: torch.device
) -> OPTDecoderLayer:
    """Read one layer of the checkpoint in `dtype` onto `device`."""
    layer = empty_layer(checkpoint.config, index)
    weights = checkpoint.layer(index, dtype=dtype)
    layer.load_state_dict(
        {name: tensor.to(device=device) for name, tensor in weights.items()}, assign=True
    )
    return layer.requires_grad_(False)
