"""Bits of the n-gram study: whether each neuron is active at each token."""

from __future__ import annotations

import zarr

from neuron_census.formats.recording import create_bits
from neuron_census.forward.kernels import pack_active
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.record.recorders.bit_buffer import BitBuffer
from neuron_census.record.recorders.writers import Writers


class ActiveBits:
    """One bit per neuron and token, for the lower layers, over the windows of the n-gram study."""

    def __init__(
        self,
        group: zarr.Group,
        layers: int,
        ffn_dim: int,
        tokens: int,
        writers: Writers,
        outbox: Outbox,
    ) -> None:
        self._buffers = [
            BitBuffer(create_bits(group, layer, ffn_dim, tokens), tokens, writers)
            for layer in range(layers)
        ]
        self._seen = [0] * layers  # tokens, some of them still on their way to the buffer
        self._outbox = outbox

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        if not batch.ngrams or layer >= len(self._buffers):
            return
        buffer, tokens = self._buffers[layer], batch.tokens
        if observation.in_loops:
            bits, first = buffer.room_for(tokens)
            pack_active(observation.values, batch.rows, bits, first)
            buffer.advance(tokens)
        else:
            octets = observation.octets(self._seen[layer] % 8)
            self._outbox.send(octets, lambda arrived: buffer.merge(arrived, tokens))
        self._seen[layer] += tokens

    def layer_done(self, layer: int) -> None:
        """Nothing to do: bits leave micro-batch by micro-batch."""

    def finish(self) -> None:
        """Hand over what is left of every layer, when all of it has arrived."""
        for buffer in self._buffers:
            buffer.finish()
