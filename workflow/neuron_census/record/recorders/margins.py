"""Margins: the largest pre-activation of each neuron over the dead study, and where it was."""

from __future__ import annotations

import torch
import zarr
from torch import Tensor

from neuron_census.formats.recording import HALVES, create_margins
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation


class Margins:
    """The largest pre-activation of each neuron at the BOS and behind it, in either half of the documents.

    Of several places with the same value the first one counts, by window and then by position. The state lies
    where the forward pass computes, `[2, halves, layer, ffn_dim]`, until it is written.
    """

    def __init__(self, layers: int, ffn_dim: int, dtype: torch.dtype, device: torch.device) -> None:
        shape = (2, HALVES, layers, ffn_dim)
        self._values = torch.full(shape, -torch.inf, dtype=dtype, device=device)
        self._windows = torch.full(shape, -1, dtype=torch.int32, device=device)
        self._positions = torch.full_like(self._windows, -1)

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        if not batch.dead:
            return
        text, bos = observation.maxima, observation.at_bos
        for half, rows, windows in batch.halves_on(bos.device):
            everywhere = len(rows) == len(batch.lengths)
            values = text.values if everywhere else text.values[rows]
            positions = text.positions if everywhere else text.positions[rows]
            self._update((0, half, layer), values, positions, windows)
            self._update((1, half, layer), bos if everywhere else bos[rows], None, windows)

    def layer_done(self, layer: int) -> None:
        """Nothing to do: the state stays where it is."""

    def write(self, group: zarr.Group) -> None:
        """Write `margins/value`, `margins/window` and `margins/position`."""
        values = self._values.double() + 0.0  # of zeros the one without a sign
        found = {"value": values, "window": self._windows, "position": self._positions}
        for name, array in found.items():
            create_margins(group, f"margins/{name}", array.cpu().numpy())

    def _update(
        self,
        place: tuple[int, int, int],
        values: Tensor,
        positions: Tensor | None,
        windows: Tensor,
    ) -> None:
        best = values.max(dim=0)
        larger = best.values > self._values[place]
        at = torch.zeros((), dtype=torch.int32, device=values.device)
        if positions is not None:
            at = positions.gather(0, best.indices[None])[0]
        self._values[place] = torch.where(larger, best.values, self._values[place])
        self._windows[place] = torch.where(larger, windows[best.indices], self._windows[place])
        self._positions[place] = torch.where(larger, at, self._positions[place])
