"""Dead neurons and activation frequency (paper, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64


@dataclass(frozen=True)
class Activity:
    """How often the neurons of a model are active in the dead study.

    active   `[layer, domain, neuron]`   activations in each domain
    tokens   `[domain]`                  tokens of each domain on which a neuron could be active
    """

    active: Int64[np.ndarray, "layer domain neuron"]
    tokens: Int64[np.ndarray, " domain"]

    @property
    def activations(self) -> Int64[np.ndarray, "layer neuron"]:
        """Activations of each neuron in all domains together."""
        activations: Int64[np.ndarray, "layer neuron"] = self.active.sum(axis=1)
        return activations

    @property
    def total_tokens(self) -> int:
        """Tokens of all domains together."""
        return int(self.tokens.sum())

    @property
    def dead(self) -> Bool[np.ndarray, "layer neuron"]:
        """Whether a neuron is active on no token at all (section 3)."""
        dead: Bool[np.ndarray, "layer neuron"] = self.activations == 0
        return dead

    @property
    def frequency(self) -> Float64[np.ndarray, "layer neuron"]:
        """Share of tokens on which a neuron is active, 0 to 1 (section 3)."""
        return self.activations / self.total_tokens


def count_activity(
    active: Int64[np.ndarray, "layer domain neuron"],
    active_at_bos: Int64[np.ndarray, "layer domain neuron"],
    tokens: Int64[np.ndarray, " domain"],
    windows: Int64[np.ndarray, " domain"],
    count_bos: bool,
) -> Activity:
    """Return the activity of every neuron, with or without the BOS of each window.

    Parameters
    ----------
    active
        activations in each domain, BOS left out
    active_at_bos
        windows of each domain in which the neuron is active on the BOS
    tokens, windows
        tokens of text, and windows, of each domain
    count_bos
        whether the BOS counts as a token like any other
    """
    if count_bos:
        return Activity(active + active_at_bos, tokens + windows)
    return Activity(active, tokens)
