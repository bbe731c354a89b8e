"""Ablation the plain way: a second forward of the whole model with one neuron silent at one position."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import OPTForCausalLM


@dataclass(frozen=True)
class Forward:
    """Logits `[length, vocabulary]` of one window, and the residual stream after each layer."""

    logits: Tensor
    after: list[Tensor]

    def centred(self, position: int, token: int) -> float:
        logits = self.logits[position]
        return float(logits[token] - logits.mean())

    def log_probability(self, position: int, token: int) -> float:
        return float(self.logits[position].log_softmax(dim=0)[token])


class AblatedModel:
    """A model of transformers in float64, run one window at a time."""

    def __init__(self, folder: Path) -> None:
        self.model = OPTForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
        self.decoder = self.model.model.decoder

    def run(
        self, tokens: list[int], taken: Callable[[Tensor], Tensor] | None = None, layer: int = 0
    ) -> Forward:
        """Run a window; `taken` changes what enters the second FFN matrix of `layer`, `[length, ffn_dim]`."""
        after: list[Tensor] = []
        handles = [
            module.register_forward_hook(lambda _module, _inputs, output: after.append(output[0]))
            for module in self.decoder.layers
        ]
        try:
            with torch.no_grad(), _changed(self.decoder.layers[layer].fc2, taken):
                logits = self.model(input_ids=torch.tensor([tokens])).logits[0]
        finally:
            for handle in handles:
                handle.remove()
        return Forward(logits, after)

    def without(self, tokens: list[int], layer: int, neuron: int, position: int) -> Forward:
        """Run a window with one neuron set to zero at one position."""

        def silence(activations: Tensor) -> Tensor:
            activations = activations.clone()
            activations[position, neuron] = 0
            return activations

        return self.run(tokens, silence, layer)

    def activations(self, tokens: list[int], layer: int) -> Tensor:
        """Return what enters the second FFN matrix of a layer, `[length, ffn_dim]`."""
        seen: list[Tensor] = []

        def note(activations: Tensor) -> Tensor:
            seen.append(activations)
            return activations

        self.run(tokens, note, layer)
        return seen[0]

    def lens_rank(self, residual: Tensor, token: int) -> int:
        """Return the rank of a token by the logit lens, from 1."""
        with torch.no_grad():
            if self.decoder.final_layer_norm is not None:
                residual = self.decoder.final_layer_norm(residual)
            if self.decoder.project_out is not None:
                residual = self.decoder.project_out(residual)
            logits = self.model.lm_head(residual)
        return 1 + int((logits > logits[token]).sum())


@contextmanager
def _changed(module: nn.Module, change: Callable[[Tensor], Tensor] | None) -> Iterator[None]:
    if change is None:
        yield
        return
    handle = module.register_forward_pre_hook(
        lambda _module, inputs: (change(inputs[0]).reshape(inputs[0].shape),)
    )
    try:
        yield
    finally:
        handle.remove()
