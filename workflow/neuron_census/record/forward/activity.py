"""What a recorder is shown of one micro-batch at one layer."""

from __future__ import annotations

from functools import cached_property

from jaxtyping import Bool, Int32, UInt8
from torch import Tensor

from neuron_census.record.forward.decoder import Activations
from neuron_census.record.forward.kernels import counted_by_position, packed
from neuron_census.record.forward.micro_batch import MicroBatch

# Where compiled loops read the values themselves; elsewhere tensor operations do.
LOOPS_RUN_ON = frozenset({"cpu"})


class Activity:
    """Post-ReLU values of a micro-batch; on a GPU, which are active is found once for all recorders."""

    def __init__(self, values: Activations, batch: MicroBatch) -> None:
        self.values = values
        self.batch = batch

    @property
    def in_loops(self) -> bool:
        """Whether to read `values` in compiled loops; otherwise by the tensors below."""
        return self.values.device.type in LOOPS_RUN_ON

    @cached_property
    def active(self) -> Bool[Tensor, "tokens ffn_dim"]:
        """Which neurons are active at each token; padding is left out."""
        active = self.values > 0
        return active[self.batch.rows_on(active.device)] if self.batch.padded else active

    @cached_property
    def by_position(self) -> Int32[Tensor, "length ffn_dim"]:
        """In how many windows each neuron is active at each position of the micro-batch."""
        length = self.batch.ids.shape[1]
        if not self.batch.padded:
            return counted_by_position(self.active, length)
        active = self.values > 0
        inside = active.new_zeros(len(active))
        inside[self.batch.rows_on(active.device)] = True
        return counted_by_position(active & inside[:, None], length)

    def octets(self, first: int) -> UInt8[Tensor, "bytes ffn_dim"]:
        """The bits of all tokens, packed along them, after `first` (0 to 7) empty ones."""
        return packed(self.active, first)
