"""Contexts: the windows in which each neuron is most active, and some drawn at random, with what is around."""

from __future__ import annotations

import numpy as np
import torch
import zarr
from torch import Tensor

from neuron_census.formats.context import KINDS
from neuron_census.formats.recording import create_context_arrays
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.record.recorders.draw import draw_positions
from neuron_census.record.recorders.kept_contexts import KeptContexts
from neuron_census.record.recorders.writers import Writers


class Contexts:
    """The best contexts of every neuron, of either kind, over the windows of the dead study, BOS left out.

    `top`: the windows with the largest activations, each at the position of its own, ties by window and
    position. `sampled`: each window stands for one position that a seeded hash draws, and has a priority
    that the hash draws as well; of the windows at whose position the neuron is active, those of the highest
    priority. So every activation of a neuron has the same chance, whatever its size.
    """

    def __init__(self, layers: int, ffn_dim: int, most: int, seed: int) -> None:
        self._shape = (layers, ffn_dim, most)
        self._seed = seed
        self._kept: dict[tuple[str, int], KeptContexts] = {}

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        if not batch.dead:
            return
        values, maxima = observation.values, observation.maxima
        self._of("top", layer, values).add(observation, maxima.values.double(), maxima.positions)
        keys, positions = self._drawn(batch, values)
        self._of("sampled", layer, values).add(observation, keys, positions)

    def layer_done(self, layer: int) -> None:
        """Nothing to do: what is kept stays where it is."""

    def write(self, group: zarr.Group, writers: Writers) -> None:
        """Write the arrays of `contexts/top` and `contexts/sampled`, layer by layer."""
        layers, ffn_dim, most = self._shape
        for kind in KINDS:
            arrays = create_context_arrays(group, kind, layers, ffn_dim, most)
            for layer in range(layers):
                if (kind, layer) not in self._kept:
                    raise ValueError(f"layer {layer}: no window of the dead study was observed")
                for name, found in self._kept.pop((kind, layer)).finished().items():
                    writers.submit(arrays[name], layer, found)

    def _of(self, kind: str, layer: int, values: Tensor) -> KeptContexts:
        if (kind, layer) not in self._kept:
            _, ffn_dim, most = self._shape
            self._kept[kind, layer] = KeptContexts(ffn_dim, most, values.dtype, values.device)
        return self._kept[kind, layer]

    def _drawn(self, batch: MicroBatch, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return for each window and neuron the priority, 0 where it is not active, and the position drawn."""
        priority, position = draw_positions(batch.windows, batch.lengths, self._seed)
        rows = torch.from_numpy(batch.bos_rows + position).to(values.device)
        keys = torch.from_numpy(priority).to(values.device)
        active = values[rows] > 0
        positions = torch.from_numpy(position.astype(np.int32)).to(values.device)
        return active * keys[:, None], positions[:, None].expand(active.shape).contiguous()
