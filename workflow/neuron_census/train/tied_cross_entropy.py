"""The language-model loss over tied embeddings, a few rows at a time.

With a small model and a vocabulary of thousands, most of a training step on a CPU is the passes
over the `[tokens, vocabulary]` logits. Here they exist only for a block of rows that stays in the
cache, and loss and gradients come out of the same pass.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

ROWS = 256


class TiedCrossEntropy(torch.autograd.Function):
    """Return the mean cross entropy of `hidden @ embedding.T`, in nats per token.

    Products are made in bfloat16 as under autocast; softmax, loss and the sum of the embedding's
    gradient in float32.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Float[Tensor, "tokens width"],
        embedding: Float[Tensor, "vocabulary width"],
        targets: Int64[Tensor, " tokens"],
    ) -> Float[Tensor, ""]:
        states, table = hidden.detach().bfloat16(), embedding.detach().bfloat16()
        grad_hidden = torch.empty_like(states)
        grad_embedding = torch.zeros_like(embedding, dtype=torch.float32)
        total = torch.zeros((), device=hidden.device)
        for start in range(0, len(states), ROWS):
            rows, wanted = states[start : start + ROWS], targets[start : start + ROWS, None]
            logits = (rows @ table.T).float()
            normaliser = logits.logsumexp(1, keepdim=True)
            total += (normaliser - logits.gather(1, wanted)).sum()
            gradient = logits.sub_(normaliser).exp_()
            gradient.scatter_add_(1, wanted, torch.full_like(wanted, -1, dtype=gradient.dtype))
            gradient = gradient.bfloat16()
            grad_hidden[start : start + ROWS] = gradient @ table
            grad_embedding += (gradient.T @ rows).float()
        ctx.save_for_backward(grad_hidden.to(hidden.dtype), grad_embedding.to(embedding.dtype))
        ctx.tokens = len(states)
        return total / len(states)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, Tensor, None]:
        scale = outputs[0] / ctx.tokens
        grad_hidden, grad_embedding = ctx.saved_tensors
        return grad_hidden * scale, grad_embedding * scale, None
