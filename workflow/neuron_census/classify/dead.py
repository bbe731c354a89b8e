"""Dead neurons and activation frequency (paper, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64


@dataclass(frozen=True)
class Activity:
    """How often the neurons of a model are active in the dead study.

    `activations` is `[layer, neuron]`; `tokens` is the number of tokens that each could be active on.
    """

    activations: Int64[np.ndarray, "layer neuron"]
    tokens: int

    @property
    def dead(self) -> Bool[np.ndarray, "layer neuron"]:
        """Whether a neuron is active on no token at all (section 3)."""
        dead: Bool[np.ndarray, "layer neuron"] = self.activations == 0
        return dead

    @property
    def frequency(self) -> Float64[np.ndarray, "layer neuron"]:
        """Share of tokens on which a neuron is active, 0 to 1 (section 3)."""
        return self.activations / self.tokens


def activity(
    active: Int64[np.ndarray, "layer domain neuron"],
    active_at_bos: Int64[np.ndarray, "layer domain neuron"],
    tokens: Int64[np.ndarray, " domain"],
    windows: Int64[np.ndarray, " domain"],
    count_bos: bool,
) -> Activity:
    """Pool the counts of all domains.

    Parameters
    ----------
    active
        activations in each domain, BOS left out
    active_at_bos
        windows of each domain with the neuron active on the BOS
    tokens, windows
        tokens of text, and windows, of each domain
    count_bos
        whether the BOS counts as a token like any other
    """
    if count_bos:
        active, tokens = active + active_at_bos, tokens + windows
    return Activity(active.sum(axis=1), int(tokens.sum()))
