"""Rotary positions, given to a layer of transformers by itself."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Positions:
    """Cosines and sines of positions 0 to T-1, as the model of transformers makes them; the last are kept."""

    def __init__(self, rotary: nn.Module) -> None:
        self._rotary = rotary
        self._key: tuple[int, torch.device, torch.dtype] | None = None
        self._kept: tuple[Tensor, Tensor] | None = None

    def of(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return both for a residual stream `[windows, length, width]`."""
        key = (hidden.shape[1], hidden.device, hidden.dtype)
        if self._kept is None or key != self._key:
            places = torch.arange(hidden.shape[1], device=hidden.device).unsqueeze(0)
            self._key, self._kept = key, self._rotary(hidden, position_ids=places)
        return self._kept


def give_positions(layer: nn.Module, rotary: nn.Module) -> None:
    """Let a layer be called with the residual stream alone, whose positions begin at 0.

    Parameters
    ----------
    layer
        of transformers, that takes `position_embeddings`
    rotary
        the module that makes them, in host memory
    """
    positions = Positions(rotary)

    def give(
        _module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return inputs, {"position_embeddings": positions.of(inputs[0]), **named}

    layer.register_forward_pre_hook(give, with_kwargs=True)
