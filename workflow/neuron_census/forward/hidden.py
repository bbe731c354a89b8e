"""Where the hidden states of a super-batch live between one layer and the next."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuron_census.forward.pinned import pinned_memory

States = Float[Tensor, "windows length hidden_size"]
Place = Literal["device", "host"]


class HiddenStates:
    """The residual stream of each micro-batch, on the device or in pinned host memory.

    In host memory they come and go with the layer's other work on the device's one stream, so that
    a copy never meets a computation that is not yet done.
    """

    def __init__(self, count: int, place: Place, device: torch.device) -> None:
        self._states: list[States | None] = [None] * count
        self._on_host = place == "host" and device.type != "cpu"
        self._device = device

    def put(self, number: int, states: States | None) -> None:
        """Keep the states of a micro-batch; None when no layer needs them any more."""
        if states is None or not self._on_host:
            self._states[number] = states
            return
        kept = self._states[number]
        if kept is None:
            kept = self._states[number] = pinned_memory(states.shape, states.dtype)
        kept.copy_(states, non_blocking=True)

    def get(self, number: int) -> States | None:
        """Return the states of a micro-batch, on the device; None when no layer needs them any more."""
        kept = self._states[number]
        if kept is None or not self._on_host:
            return kept
        return kept.to(self._device, non_blocking=True)
