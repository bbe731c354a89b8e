"""Counts of the dead study: how often each neuron is active, the BOS position apart."""

from __future__ import annotations

import numpy as np
import zarr
from torch import Tensor

from neuron_census.formats.recording import create_counts
from neuron_census.forward.kernels import count_active
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.record.recorders.gathering import add_arrivals_to, gather


class ActiveCounts:
    """How often each neuron is active, per layer and domain, over the windows of the dead study.

    The BOS of each window is counted apart, so that the reading of `count_bos` stays open.
    """

    def __init__(self, layers: int, domains: int, ffn_dim: int, outbox: Outbox) -> None:
        self.active = np.zeros((layers, domains, ffn_dim), dtype=np.int64)
        self.active_at_bos = np.zeros_like(self.active)
        self._gathered: dict[tuple[int, bool], Tensor] = {}  # by domain, and whether at BOS
        self._outbox = outbox

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        if not batch.dead:
            return
        if observation.in_loops:
            values, domain = observation.values, batch.domain
            count_active(values, batch.text_rows, self.active[layer, domain])
            count_active(values, batch.bos_rows, self.active_at_bos[layer, domain])
        else:
            gather(self._gathered, (batch.domain, False), observation.by_position[1:].sum(dim=0))
            gather(self._gathered, (batch.domain, True), observation.by_position[0].long())

    def layer_done(self, layer: int) -> None:
        for (domain, at_bos), counts in self._gathered.items():
            total = (self.active_at_bos if at_bos else self.active)[layer, domain]
            self._outbox.send(counts, add_arrivals_to(total))
        self._gathered = {}

    def write(self, group: zarr.Group) -> None:
        """Write `counts/active` and `counts/active_at_bos`."""
        for name, counts in (("active", self.active), ("active_at_bos", self.active_at_bos)):
            create_counts(group, f"counts/{name}", counts.shape, counts.dtype)[:] = counts
