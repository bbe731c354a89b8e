"""The losses of a run's first steps, which its checkpoint keeps: who trains it again sees them again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from neuron_census.errors import CensusError

FILE = "first_losses.json"
STEPS = 20


def write_first_losses(checkpoint: Path, losses: Sequence[float]) -> None:
    """Write the losses of the first steps, in nats per token, to the last bit."""
    (checkpoint / FILE).write_text(json.dumps(list(losses[:STEPS]), indent=1) + "\n")


def read_first_losses(checkpoint: Path) -> list[float]:
    """Return the losses of the first steps of a checkpoint's training, in nats per token.

    Raises CensusError for a checkpoint that does not say them.
    """
    try:
        losses: list[float] = json.loads((checkpoint / FILE).read_text())
    except (OSError, ValueError) as error:
        raise CensusError(
            f"{checkpoint / FILE}: cannot be read ({error}); expected the losses of the first {STEPS} "
            "steps of its training. Train the checkpoint with this version, which writes them."
        ) from error
    return losses
