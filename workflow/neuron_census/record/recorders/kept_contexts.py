"""The best contexts of one layer's neurons so far, by a key: the largest keys, ties by window."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float64, Int32
from torch import Tensor

from neuron_census.formats.context import BEFORE, TOKENS
from neuron_census.forward.maxima import HALVES
from neuron_census.forward.observation import Observation
from neuron_census.loops.maxima import insert_contexts

LARGEST_HALF = 65504.0
"""The largest number that float16 holds."""


class KeptContexts:
    """Keys, windows and positions `[most, ffn_dim]`, the best first, and the values around `[ffn_dim, most, tokens]`.

    A key of 0 marks a place that is not taken. They lie where the forward pass computes.
    """

    def __init__(self, ffn_dim: int, most: int, dtype: torch.dtype, device: torch.device) -> None:
        self._keys = torch.zeros(most, ffn_dim, dtype=torch.float64, device=device)
        self._windows = torch.full((most, ffn_dim), -1, dtype=torch.int32, device=device)
        self._positions = torch.full_like(self._windows, -1)
        self._around = torch.zeros(ffn_dim, most, TOKENS, dtype=dtype, device=device)

    def add(
        self,
        observation: Observation,
        keys: Float64[Tensor, "windows ffn_dim"],
        positions: Int32[Tensor, "windows ffn_dim"],
    ) -> None:
        """Take from the windows of a micro-batch what is better than what is there.

        Parameters
        ----------
        observation
            their pre-activations
        keys
            of each window, the larger the better; one at most 0 is never taken
        positions
            where in each window the context is
        """
        if observation.in_loops:
            batch = observation.batch
            insert_contexts(
                _as_array(observation.values),
                batch.bos_rows,
                batch.lengths,
                batch.windows,
                keys.numpy(),
                positions.numpy(),
                BEFORE,
                self._keys.numpy(),
                self._windows.numpy(),
                self._positions.numpy(),
                _as_array(self._around),
            )
        else:
            self._merge(observation, keys, positions)

    def finished(self) -> dict[str, np.ndarray]:
        """Return the arrays of the recording, `[ffn_dim, most]` and `[ffn_dim, most, tokens]`."""
        taken = self._keys.T > 0
        active = self._around.relu().float().clamp(max=LARGEST_HALF).half()
        value = self._around[:, :, BEFORE].double()
        arrays = {
            "key": self._keys.T,
            "value": torch.where(taken, value, 0.0),
            "window": self._windows.T,
            "position": self._positions.T,
            "activations": active,
        }
        return {name: array.contiguous().cpu().numpy() for name, array in arrays.items()}

    def _merge(self, observation: Observation, keys: Tensor, positions: Tensor) -> None:
        """Do by tensor operations what the loops do."""
        batch, most, device = observation.batch, len(self._keys), keys.device
        windows = torch.from_numpy(batch.windows.astype(np.int32)).to(device)
        # Those that are there come first, and a stable order leaves them so where keys are equal.
        together = torch.cat([self._keys, torch.where(keys > 0, keys, 0.0)])
        order = together.argsort(dim=0, descending=True, stable=True)[:most]
        self._keys = together.gather(0, order)
        taken = self._keys > 0
        numbers = torch.cat([self._windows, windows[:, None].expand(keys.shape)])
        self._windows = torch.where(taken, numbers.gather(0, order), -1)
        places = torch.cat([self._positions, positions])
        self._positions = torch.where(taken, places.gather(0, order), -1)
        self._around = self._values_around(observation, (order - most).T, taken.T, order.T)

    def _values_around(
        self, observation: Observation, window: Tensor, taken: Tensor, order: Tensor
    ) -> Tensor:
        """Return the values around each context; those of windows below 0 are there already."""
        batch, device = observation.batch, window.device
        length = batch.ids.shape[1]
        lengths = torch.from_numpy(batch.lengths).to(device)
        new = (window >= 0) & taken
        row = window.clamp(min=0)
        offsets = torch.arange(TOKENS, device=device) - BEFORE
        position = self._positions.T[:, :, None].long() + offsets
        inside = (position >= 0) & (position < lengths[row][:, :, None])
        rows = row[:, :, None] * length + position.clamp(0, length - 1)
        neuron = torch.arange(len(window), device=device)[:, None, None]
        fresh = torch.where(inside, observation.values[rows, neuron], 0.0)
        there = order.clamp(max=order.shape[1] - 1)[:, :, None].expand(rows.shape)
        old = torch.where(taken[:, :, None], self._around.gather(1, there), 0.0)
        return torch.where(new[:, :, None], fresh, old)


def _as_array(values: Tensor) -> np.ndarray:
    """Return a view that numpy can hold; the loops only move what is in it."""
    return values.view(torch.int16).numpy() if values.dtype in HALVES else values.numpy()
