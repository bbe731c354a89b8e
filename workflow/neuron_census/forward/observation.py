"""What a recorder is shown of one micro-batch at one layer."""

from __future__ import annotations

from functools import cached_property

from jaxtyping import Bool, Float, Int32, UInt8
from torch import Tensor

from neuron_census.forward.decoder import PreActivations
from neuron_census.forward.kernels import (
    count_by_position,
    finite_rows,
    pack_bits,
)
from neuron_census.forward.maxima import Maxima, maxima_by_loops, maxima_by_tensors
from neuron_census.forward.micro_batch import MicroBatch

# Where compiled loops read the values themselves; elsewhere tensor operations do.
LOOPS_RUN_ON = frozenset({"cpu"})


class Observation:
    """The pre-activations of a micro-batch: a neuron is active where they are above zero.

    On a GPU, which neurons are active is found once for all recorders.
    """

    def __init__(self, values: PreActivations, batch: MicroBatch) -> None:
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
            return count_by_position(self.active, length)
        return count_by_position((self.values > 0) & self._holds_token[:, None], length)

    @cached_property
    def maxima(self) -> Maxima:
        """The largest pre-activation of each neuron in each window, BOS left out, and where it is."""
        if self.in_loops:
            return maxima_by_loops(self.values, self.batch.bos_rows, self.batch.lengths)
        shape = self.batch.ids.shape
        inside = self._holds_token.view(shape) if self.batch.padded else None
        return maxima_by_tensors(self.values.view(*shape, -1), inside)

    @property
    def at_bos(self) -> Float[Tensor, "windows ffn_dim"]:
        """The pre-activations at the BOS of each window."""
        return self.values.view(*self.batch.ids.shape, -1)[:, 0]

    def octets(self, first: int) -> UInt8[Tensor, "bytes ffn_dim"]:
        """Return the bits of all tokens, packed along them, after `first` (0 to 7) empty ones."""
        return pack_bits(self.active, first)

    @property
    def finite_windows(self) -> Bool[Tensor, " windows"]:
        """In which windows the pre-activations of every token are finite, whatever those of padding are."""
        finite = finite_rows(self.values)
        if self.batch.padded:
            finite |= ~self._holds_token
        return finite.view(len(self.batch.lengths), -1).all(dim=1)

    @cached_property
    def _holds_token(self) -> Bool[Tensor, " positions"]:
        inside = self.values.new_zeros(len(self.values)).bool()
        inside[self.batch.rows_on(self.values.device)] = True
        return inside
