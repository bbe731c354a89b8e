"""What comes after the last layer: the final norm, `project_out`, and the logits of tokens."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from neuron_census.checkpoint.checkpoint import Checkpoint

LOGITS_AT_A_TIME = 1 << 25
"""How many logits are in memory at a time."""


class Unembedding:
    """From the residual stream to logits, in float32, or in float64 for a model of that type.

    A post-norm model has no final norm. Where embeddings have a width of their own, `project_out` comes
    before them.
    """

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        # Read in the type of the forward pass, then widened: the weights are those that computed.
        weights = {
            name: tensor.to(device=device)
            for name, tensor in checkpoint.outside_layers(dtype=dtype).items()
        }
        self.dtype = torch.float64 if dtype == torch.float64 else torch.float32
        self.norm: nn.LayerNorm | None = None
        family = checkpoint.family
        if f"{family.final_norm}.weight" in weights:
            width = checkpoint.config.hidden_size
            norm = nn.LayerNorm(width, device=device, dtype=self.dtype).requires_grad_(False)
            norm.weight.copy_(weights[f"{family.final_norm}.weight"])
            norm.bias.copy_(weights[f"{family.final_norm}.bias"])
            self.norm = norm
        projection = weights.get(family.unembedding_projection or "")
        self.project_out = None if projection is None else projection.to(self.dtype)
        self.embeddings = weights[checkpoint.unembedding].to(self.dtype)
        self._mean = self.embeddings.double().mean(dim=0)

    def embed(self, states: Float[Tensor, "rows hidden_size"]) -> Float[Tensor, "rows embedded"]:
        """Return the residual stream as the embeddings meet it: normed and projected."""
        widened = states.to(self.dtype)
        return self.project(widened if self.norm is None else self.norm(widened))

    def project(
        self, states: Float[Tensor, "*rows hidden_size"]
    ) -> Float[Tensor, "*rows embedded"]:
        """Send vectors through `project_out`, where there is one, in their own type."""
        if self.project_out is None:
            return states
        return states @ self.project_out.to(states.dtype).T

    def centred(
        self, vectors: Float[Tensor, "rows embedded"], tokens: Int64[Tensor, " rows"]
    ) -> Float[Tensor, " rows"]:
        """Return the centred logit of each row's token: its logit less the mean over all tokens, in float64."""
        directions = self.embeddings[tokens].double() - self._mean
        return (vectors.double() * directions).sum(dim=-1)

    def ranks(
        self, states: Float[Tensor, "rows hidden_size"], tokens: Int64[Tensor, " rows"]
    ) -> Int64[Tensor, " rows"]:
        """Return the rank of each row's token by the logit lens: 1 where no token has a greater logit."""
        ranks = []
        for logits, wanted in self._logits(states, tokens):
            own = logits.gather(1, wanted[:, None])
            ranks.append(1 + (logits > own).sum(dim=1, dtype=torch.int32).long())
        return torch.cat(ranks)

    def log_probabilities(
        self, states: Float[Tensor, "rows hidden_size"], tokens: Int64[Tensor, "rows tokens"]
    ) -> Float64[Tensor, "rows tokens"]:
        """Return the log-probabilities of some tokens of each row."""
        found = []
        for logits, wanted in self._logits(states, tokens):
            total = logits.logsumexp(dim=1, keepdim=True)
            found.append(logits.gather(1, wanted).double() - total.double())
        return torch.cat(found)

    def _logits(self, states: Tensor, tokens: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the logits of some rows at a time, with their tokens."""
        at_a_time = max(1, LOGITS_AT_A_TIME // len(self.embeddings))
        for part, wanted in zip(states.split(at_a_time), tokens.split(at_a_time), strict=True):
            yield self.embed(part) @ self.embeddings.T, wanted


def frozen_norm(
    norm: nn.LayerNorm,
    inputs: Float[Tensor, "rows hidden_size"],
    changes: Float[Tensor, "rows *kinds hidden_size"],
) -> Float[Tensor, "rows *kinds hidden_size"]:
    """Return what changes of a norm's input make of its output, if its scale stays what it was: in float64.

    Parameters
    ----------
    norm
        a layer norm
    inputs
        what it was given
    changes
        what is added to that, one or several per row
    """
    scale = (inputs.double().var(dim=-1, correction=0) + norm.eps).sqrt()
    changes = changes.double()
    centred = changes - changes.mean(dim=-1, keepdim=True)
    gain = 1.0 if norm.weight is None else norm.weight.double()
    return centred / scale.reshape(-1, *[1] * (changes.dim() - 1)) * gain
