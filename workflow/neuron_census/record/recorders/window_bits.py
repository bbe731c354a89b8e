"""Windows of the dead study in which each neuron is active: one bit per neuron and window."""

from __future__ import annotations

import numpy as np
import zarr
from jaxtyping import UInt8
from torch import Tensor

from neuron_census.formats.recording import create_window_bits
from neuron_census.forward.kernels import pack_bits
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox, Receive
from neuron_census.record.recorders.writers import Writers

TEXT, BOS = 0, 1
"""Places along the axis that tells the BOS from the text behind it."""


class WindowBits:
    """In which windows of a shard each neuron is active, at the BOS and behind it, bits packed along windows."""

    def __init__(self, layers: int, ffn_dim: int, windows: int, outbox: Outbox) -> None:
        self._bits = np.zeros((2, layers, -(-windows // 8), ffn_dim), dtype=np.uint8)
        self._seen = [0] * layers
        self._outbox = outbox

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        if not batch.dead:
            return
        first = self._seen[layer]
        for place, values in ((TEXT, observation.maxima.values), (BOS, observation.at_bos)):
            self._send(self._bits[place, layer], first, values)
        self._seen[layer] += len(batch.lengths)

    def layer_done(self, layer: int) -> None:
        """Nothing to do: bits leave micro-batch by micro-batch."""

    def write(self, group: zarr.Group, writers: Writers) -> None:
        """Write `windows/active`."""
        array = create_window_bits(group, self._bits.shape)
        for place, layer in np.ndindex(self._bits.shape[:2]):
            writers.submit(array, (place, layer), self._bits[place, layer].T)

    def _send(self, bits: UInt8[np.ndarray, "octets ffn_dim"], first: int, values: Tensor) -> None:
        self._outbox.send(pack_bits(values > 0, first % 8), _merge_into(bits[first // 8 :]))


def _merge_into(bits: UInt8[np.ndarray, "octets ffn_dim"]) -> Receive:
    def merge(arrived: UInt8[np.ndarray, "octets ffn_dim"]) -> None:
        bits[: len(arrived)] |= arrived

    return merge
