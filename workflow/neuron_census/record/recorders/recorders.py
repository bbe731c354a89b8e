"""What is kept of the activations: counts, packed bits, counts by position.

Each recorder observes the streaming forward (`neuron_census.record.forward.stream`), takes what one study
needs and writes it into its arrays of the recording store. On a CPU compiled loops read the values
where they are. On a GPU results gather there, and leave by the outbox when a layer is done.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import zarr
from torch import Tensor

from neuron_census.formats.recording import create_bits, create_counts
from neuron_census.record.forward.activity import Activity
from neuron_census.record.forward.kernels import count_active, count_positions, pack_active
from neuron_census.record.forward.micro_batch import MicroBatch
from neuron_census.record.forward.outbox import Outbox, Receive
from neuron_census.record.recorders.bit_buffer import BitBuffer
from neuron_census.record.recorders.position_scratch import PositionScratch
from neuron_census.record.recorders.writers import Writers

Key = TypeVar("Key")


class ActiveCounts:
    """How often each neuron is active, per layer and domain, over the windows of the dead study.

    The BOS of each window is counted apart, so that the reading of `count_bos` stays open.
    """

    def __init__(self, layers: int, domains: int, ffn_dim: int, outbox: Outbox) -> None:
        self.active = np.zeros((layers, domains, ffn_dim), dtype=np.int64)
        self.active_at_bos = np.zeros_like(self.active)
        self._gathered: dict[tuple[int, bool], Tensor] = {}  # by domain, and whether at BOS
        self._outbox = outbox

    def observe(self, layer: int, batch: MicroBatch, activity: Activity) -> None:
        if not batch.dead:
            return
        if activity.in_loops:
            values, domain = activity.values, batch.domain
            count_active(values, batch.text_rows, self.active[layer, domain])
            count_active(values, batch.bos_rows, self.active_at_bos[layer, domain])
        else:
            gather(self._gathered, (batch.domain, False), activity.by_position[1:].sum(dim=0))
            gather(self._gathered, (batch.domain, True), activity.by_position[0].long())

    def layer_done(self, layer: int) -> None:
        for (domain, at_bos), counts in self._gathered.items():
            total = (self.active_at_bos if at_bos else self.active)[layer, domain]
            self._outbox.send(counts, adding_to(total))
        self._gathered = {}

    def write(self, group: zarr.Group) -> None:
        """Write `counts/active` and `counts/active_at_bos`."""
        for name, counts in (("active", self.active), ("active_at_bos", self.active_at_bos)):
            create_counts(group, f"counts/{name}", counts.shape, counts.dtype)[:] = counts


class ActiveBits:
    """One bit a (neuron, token), for the lower layers, over the windows of the n-gram study."""

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

    def observe(self, layer: int, batch: MicroBatch, activity: Activity) -> None:
        if not batch.ngrams or layer >= len(self._buffers):
            return
        buffer, tokens = self._buffers[layer], batch.tokens
        if activity.in_loops:
            bits, first = buffer.room_for(tokens)
            pack_active(activity.values, batch.rows, bits, first)
            buffer.advance(tokens)
        else:
            octets = activity.octets(self._seen[layer] % 8)
            self._outbox.send(octets, lambda arrived: buffer.merge(arrived, tokens))
        self._seen[layer] += tokens

    def layer_done(self, layer: int) -> None:
        """Nothing to do: bits leave micro-batch by micro-batch."""

    def finish(self) -> None:
        """Hand over what is left of every layer, when all of it has arrived."""
        for buffer in self._buffers:
            buffer.finish()


class PositionCounts:
    """How often each neuron is active at each position, over full-length windows."""

    def __init__(self, scratch: PositionScratch, outbox: Outbox) -> None:
        self._scratch = scratch
        self._blocks: dict[int, np.ndarray] = {}  # of one layer, by domain
        self._gathered: dict[int, Tensor] = {}
        self._outbox = outbox

    def observe(self, layer: int, batch: MicroBatch, activity: Activity) -> None:
        if not batch.positions:
            return
        if activity.in_loops:
            if batch.domain not in self._blocks:
                self._blocks[batch.domain] = self._scratch.read(batch.domain, layer)
            count_positions(activity.values, self._blocks[batch.domain])
        else:
            gather(self._gathered, batch.domain, activity.by_position)

    def layer_done(self, layer: int) -> None:
        for domain, block in self._blocks.items():
            self._scratch.write(domain, layer, block)
        for domain, counts in self._gathered.items():
            self._outbox.send(counts, self._scratch.adding_to(domain, layer))
        self._blocks, self._gathered = {}, {}

    def write(self, group: zarr.Group, writers: Writers) -> None:
        """Write `counts/positions` and remove the scratch file."""
        scratch = self._scratch
        array = create_counts(group, "counts/positions", scratch.shape, scratch.dtype)
        for domain, layer in np.ndindex(scratch.shape[:2]):
            writers.submit(array, (domain, layer), scratch.read(domain, layer))
        writers.wait()
        scratch.remove()


def gather(gathered: dict[Key, Tensor], key: Key, counts: Tensor) -> None:
    """Add counts to those of the same key, on their device."""
    if key in gathered:
        gathered[key] += counts
    else:
        gathered[key] = counts.clone()


def adding_to(total: np.ndarray) -> Receive:
    """What adds the counts that arrive to a total."""

    def add(counts: np.ndarray) -> None:
        total[...] += counts

    return add
