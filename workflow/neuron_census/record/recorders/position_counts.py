"""Counts of the position study: how often each neuron is active at each position."""

from __future__ import annotations

import numpy as np
import zarr
from torch import Tensor

from neuron_census.formats.recording import create_counts
from neuron_census.forward.kernels import count_positions
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.record.recorders.gathering import gather
from neuron_census.record.recorders.position_scratch import PositionScratch
from neuron_census.record.recorders.writers import Writers


class PositionCounts:
    """How often each neuron is active at each position, over full-length windows."""

    def __init__(self, scratch: PositionScratch, outbox: Outbox) -> None:
        self._scratch = scratch
        self._blocks: dict[int, np.ndarray] = {}  # of one layer, by domain
        self._gathered: dict[int, Tensor] = {}
        self._outbox = outbox

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        if not batch.positions:
            return
        if observation.in_loops:
            if batch.domain not in self._blocks:
                self._blocks[batch.domain] = self._scratch.read(batch.domain, layer)
            count_positions(observation.values, self._blocks[batch.domain])
        else:
            gather(self._gathered, batch.domain, observation.by_position)

    def layer_done(self, layer: int) -> None:
        for domain, block in self._blocks.items():
            self._scratch.write(domain, layer, block)
        for domain, counts in self._gathered.items():
            self._outbox.send(counts, self._scratch.add_arrivals_to(domain, layer))
        self._blocks, self._gathered = {}, {}

    def write(self, group: zarr.Group, writers: Writers) -> None:
        """Write `counts/positions` and remove the scratch file."""
        scratch = self._scratch
        array = create_counts(group, "counts/positions", scratch.shape, scratch.dtype)
        for domain, layer in np.ndindex(scratch.shape[:2]):
            writers.submit(array, (domain, layer), scratch.read(domain, layer))
        writers.wait()
        scratch.remove()
