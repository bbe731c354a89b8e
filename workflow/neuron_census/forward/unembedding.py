"""What comes after the last layer: the final norm, `project_out`, and the logits of tokens."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
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
        return self.read(states, tokens[:, None])[1][:, 0]

    def read(
        self, states: Float[Tensor, "rows hidden_size"], tokens: Int64[Tensor, "rows tokens"]
    ) -> tuple[Float[Tensor, "rows tokens"], Int64[Tensor, "rows tokens"]]:
        """Return log-probabilities, in float64, and ranks of some tokens of each row.

        Parameters
        ----------
        states
            the residual stream
        tokens
            the tokens of interest
        """
        at_a_time = max(1, LOGITS_AT_A_TIME // len(self.embeddings))
        probabilities, ranks = [], []
        for part, wanted in zip(states.split(at_a_time), tokens.split(at_a_time), strict=True):
            logits = self.embed(part) @ self.embeddings.T
            own = logits.gather(1, wanted)
            greater = [(logits > own[:, [place]]).sum(dim=1) for place in range(wanted.shape[1])]
            ranks.append(1 + torch.stack(greater, dim=1))
            total = logits.logsumexp(dim=1, keepdim=True)
            probabilities.append(own.double() - total.double())
        return torch.cat(probabilities), torch.cat(ranks)


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
