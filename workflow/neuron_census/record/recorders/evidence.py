"""What is kept of the dead study besides counts: windows of activity, margins, contexts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import zarr

from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import Recorder
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.work import Work
from neuron_census.record.recorders.contexts import Contexts
from neuron_census.record.recorders.margins import Margins
from neuron_census.record.recorders.window_bits import WindowBits
from neuron_census.record.recorders.writers import Writers


@dataclass(frozen=True)
class Evidence:
    """The recorders that look at the largest pre-activation of each window; no contexts where none are wanted."""

    windows: WindowBits
    margins: Margins
    contexts: Contexts | None

    @classmethod
    def of(
        cls,
        model: ModelSize,
        work: Work,
        dtype: torch.dtype,
        device: torch.device,
        outbox: Outbox,
        seed: int,
    ) -> Evidence:
        """Make the recorders of a shard.

        Parameters
        ----------
        model, work
            sizes of the model and of the shard
        dtype, device
            of the forward pass
        outbox
            by which results leave the device
        seed
            of the draw of sampled contexts
        """
        return cls(
            WindowBits(model.layers, model.ffn_dim, work.dead_windows, outbox),
            Margins(model.layers, model.ffn_dim, dtype, device),
            Contexts(model.layers, model.ffn_dim, work.contexts, seed) if work.contexts else None,
        )

    @property
    def recorders(self) -> list[Recorder]:
        """All of them."""
        recorders: list[Recorder] = [self.windows, self.margins]
        return [*recorders, self.contexts] if self.contexts else recorders

    def write(self, group: zarr.Group, writers: Writers) -> None:
        """Write the arrays below `windows`, `margins` and `contexts`."""
        self.windows.write(group, writers)
        self.margins.write(group)
        if self.contexts:
            self.contexts.write(group, writers)
