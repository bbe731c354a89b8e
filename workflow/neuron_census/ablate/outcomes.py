"""What an ablation did to tokens: directly, in total, and with the final norm's scale frozen.

Every effect is the value with the neuron less the value without it: negative where the neuron suppresses the token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor, nn

from neuron_census.ablate.aboard import Aboard
from neuron_census.forward.unembedding import Unembedding, frozen_norm

EFFECTS = ("direct", "total", "frozen", "log_probability")
TRIGGER, MATCHED = 0, 1


@dataclass(frozen=True)
class Outcomes:
    """What the firings of a micro-batch came to.

    `effects` has an entry for each of `EFFECTS`, by kind of row (see `KINDS`), at the trigger and at the token
    of matched frequency; NaN where there is no such control or token. `ranks` are the trigger's ranks among
    the logits, with the neuron and without it.
    """

    subject: Int64[np.ndarray, " firings"]
    window: Int64[np.ndarray, " firings"]
    position: Int64[np.ndarray, " firings"]
    tokens: Int64[np.ndarray, "firings 2"]
    activation: Float64[np.ndarray, " firings"]
    norm: Float64[np.ndarray, " firings"]
    projection: Float64[np.ndarray, " firings"]
    controls: Int64[np.ndarray, "firings controls"]
    effects: dict[str, Float64[np.ndarray, "firings kinds 2"]]
    ranks: Int64[np.ndarray, "firings layers 2"]


def measure_outcomes(
    aboard: Aboard, unembedding: Unembedding, norm: nn.LayerNorm | None
) -> Outcomes:
    """Measure what firings that have passed the last layer came to.

    Parameters
    ----------
    aboard
        the firings
    unembedding
        what comes after the last layer
    norm
        the last norm of all: the decoder's own, in a post-norm model that of its last layer; None where there is none
    """
    # The kinds of a firing, and its two tokens, are rows of their own.
    tokens = aboard.tokens.clamp(min=0)
    kinds = aboard.states.shape[1]
    effects = {
        name: _centred(unembedding, changes, tokens)
        for name, changes in (
            ("direct", unembedding.project(_direct(aboard, unembedding))),
            ("total", _total(aboard, unembedding)),
            ("frozen", unembedding.project(_frozen(aboard, norm))),
        )
    }
    clean = unembedding.log_probabilities(aboard.clean, tokens)
    rows = aboard.states.flatten(0, 1)
    without = unembedding.log_probabilities(rows, tokens.repeat_interleave(kinds, dim=0))
    effects["log_probability"] = clean[:, None] - without.view(-1, kinds, 2)
    missing = torch.zeros_like(aboard.nothing)
    missing[:, 1:-1] = aboard.controls < 0
    for values in effects.values():
        # Where nothing was taken away nothing changed: what rounding makes of it is no effect.
        values[aboard.nothing] = 0.0
        values[missing] = torch.nan
        values[:, :, MATCHED][aboard.tokens[:, MATCHED] < 0] = torch.nan
    return Outcomes(
        subject=aboard.subject.cpu().numpy(),
        window=aboard.window.cpu().numpy(),
        position=aboard.position.cpu().numpy(),
        tokens=aboard.tokens.cpu().numpy(),
        activation=aboard.activation.cpu().numpy(),
        norm=aboard.norm.cpu().numpy(),
        projection=aboard.projection.cpu().numpy(),
        controls=aboard.controls.cpu().numpy(),
        effects={name: values.cpu().numpy() for name, values in effects.items()},
        ranks=aboard.ranks.cpu().numpy(),
    )


def _direct(
    aboard: Aboard, unembedding: Unembedding
) -> Float64[Tensor, "firings kinds hidden_size"]:
    # In a post-norm model the last norm has been passed already.
    if unembedding.norm is None:
        return aboard.direct
    return frozen_norm(unembedding.norm, aboard.clean, aboard.direct)


def _frozen(
    aboard: Aboard, norm: nn.LayerNorm | None
) -> Float64[Tensor, "firings kinds hidden_size"]:
    changes = aboard.inner[:, None].double() - aboard.inner_states.double()
    return changes if norm is None else frozen_norm(norm, aboard.inner, changes)


def _total(aboard: Aboard, unembedding: Unembedding) -> Float64[Tensor, "firings kinds embedded"]:
    with_neuron = unembedding.embed(aboard.clean).double()
    without = unembedding.embed(aboard.states.flatten(0, 1)).double()
    return with_neuron[:, None] - without.view(*aboard.states.shape[:2], -1)


def _centred(
    unembedding: Unembedding,
    changes: Float64[Tensor, "firings kinds embedded"],
    tokens: Int64[Tensor, "firings 2"],
) -> Float64[Tensor, "firings kinds 2"]:
    """Return what changes of what the embeddings meet do to the centred logits of both tokens."""
    kinds = changes.shape[1]
    of_both = [
        unembedding.centred(changes.flatten(0, 1), tokens[:, which].repeat_interleave(kinds))
        for which in (TRIGGER, MATCHED)
    ]
    return torch.stack([values.view(-1, kinds) for values in of_both], dim=2)
