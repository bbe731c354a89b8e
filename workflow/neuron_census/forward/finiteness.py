"""What is not finite is refused: a neuron whose pre-activation is NaN would count as inactive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool

from neuron_census.errors import CensusError
from neuron_census.forward.kernels import all_finite
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox


def require_finite(layer: int, observation: Observation, outbox: Outbox) -> None:
    """Refuse pre-activations with NaN or infinity at any token.

    On a GPU they are looked at there, and the refusal is raised when the answer has come.

    Parameters
    ----------
    layer
        0-based
    observation
        the micro-batch at this layer
    outbox
        by which the answer leaves the device

    Raises
    ------
    CensusError
        here, or from a later call of the outbox, that names the layer, the first such window and a dtype
        that holds larger values
    """
    if observation.in_loops and all_finite(observation.values):
        return
    refuse = _refusal(layer, observation.batch, observation.values.dtype)
    outbox.send(observation.finite_windows, refuse)


def _refusal(
    layer: int, batch: MicroBatch, dtype: torch.dtype
) -> Callable[[Bool[np.ndarray, " windows"]], None]:
    def refuse(finite: Bool[np.ndarray, " windows"]) -> None:
        if not finite.all():
            window = batch.windows[finite.argmin()]
            raise CensusError(
                f"layer {layer}, window {window} (row {window} of the window table, both from 0): some "
                f"pre-activations are NaN or infinite in {str(dtype).removeprefix('torch.')}, and whether "
                f"those neurons are active cannot be said. {REMEDIES[dtype]}"
            )

    return refuse


_TO_FLOAT64 = (
    "Set the checkpoint's dtype to float64, which holds larger values. If they are not finite there either, "
    "the weights are damaged or their training diverged: download them again or use others."
)
REMEDIES = {
    torch.float16: ("Set the checkpoint's dtype to bfloat16 or float32, which hold larger values."),
    torch.bfloat16: _TO_FLOAT64,
    torch.float32: _TO_FLOAT64,
    torch.float64: (
        "The weights are damaged or their training diverged: download them again or use others."
    ),
}
"""What to do about values that a type does not hold."""
