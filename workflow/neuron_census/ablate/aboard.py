"""Firings on their way through the layers: each with the rows from which something was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from neuron_census.forward.attention import Places

CONTROLS = 2
"""Neurons of the same layer that are ablated for comparison."""
KINDS = ("own", *(f"control_{number}" for number in range(CONTROLS)), "random")
"""What is taken away in the rows of a firing: the neuron's contribution, that of each control, a random direction."""


@dataclass
class Aboard:
    """Firings of one micro-batch, sorted by window; every tensor has one entry for each of them.

    `place` is the window's place in the micro-batch; `tokens` are the trigger and the token of matched
    frequency; `clean` is the residual stream that nothing was taken from, `states` that of each kind of row.
    `direct` is what each kind took away, as it reaches the residual stream here with the scales of norms
    frozen. `inner` and `inner_states` are what entered the last norm of the layer. `ranks` are those of the
    trigger by the logit lens after each layer, with the neuron and without it; 0 below its layer.
    """

    subject: Int64[Tensor, " firings"]
    window: Int64[Tensor, " firings"]
    place: Int64[Tensor, " firings"]
    position: Int64[Tensor, " firings"]
    tokens: Int64[Tensor, "firings 2"]
    activation: Float64[Tensor, " firings"]
    norm: Float64[Tensor, " firings"]
    projection: Float64[Tensor, " firings"]
    controls: Int64[Tensor, "firings controls"]
    nothing: Bool[Tensor, "firings kinds"]
    clean: Float[Tensor, "firings hidden_size"]
    states: Float[Tensor, "firings kinds hidden_size"]
    direct: Float64[Tensor, "firings kinds hidden_size"]
    inner: Float[Tensor, "firings hidden_size"]
    inner_states: Float[Tensor, "firings kinds hidden_size"]
    ranks: Int64[Tensor, "firings layers 2"]

    @property
    def rows(self) -> Places:
        """Where all rows belong, those of a firing next to one another."""
        kinds = self.states.shape[1]
        return Places(self.place.repeat_interleave(kinds), self.position.repeat_interleave(kinds))

    def at(self, length: int) -> Int64[Tensor, " firings"]:
        """Return the rows of the flattened micro-batch, whose windows hold `length` positions."""
        return self.place * length + self.position

    @classmethod
    def joined(cls, parts: Sequence[Aboard]) -> Aboard:
        """Return all firings of the same micro-batch together."""
        columns = {
            field.name: torch.cat([getattr(part, field.name) for part in parts])
            for field in fields(cls)
        }
        order = columns["place"].argsort(stable=True)
        return cls(**{name: column[order] for name, column in columns.items()})
