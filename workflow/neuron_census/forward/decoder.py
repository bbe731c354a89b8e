"""The decoder as transformers defines it, on the meta device, filled with weights by assignment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from transformers import PreTrainedConfig

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.families.adapter.known import family_of

PreActivations = Float[Tensor, "positions ffn_dim"]


class _AllRead(Exception):  # noqa: N818 - not an error: the rest of the last layer is not needed
    pass


def empty_layer(config: PreTrainedConfig, index: int) -> nn.Module:
    """Return one decoder layer without storage, ready for `load_state_dict(..., assign=True)`.

    It is called with the residual stream of windows, whose positions begin at 0, and without a mask.
    """
    return family_of(config).empty_layer(config, index)


class Embedding(nn.Module):
    """What comes before the first layer: the embeddings of tokens, and of positions where there are any."""

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self._family = checkpoint.family
        self.outside = self._family.outside(checkpoint.config)
        weights = {
            name: tensor.to(device=device)
            for name, tensor in checkpoint.outside_layers(dtype=dtype).items()
        }
        self.outside.load_state_dict(weights, assign=True)
        name = self._family.embedding.removesuffix(".weight")
        self.tokens: nn.Embedding = self.outside.get_submodule(name)  # type: ignore[assignment]

    def forward(
        self, ids: Int64[Tensor, "windows length"]
    ) -> Float[Tensor, "windows length hidden_size"]:
        """Return the residual stream that enters the first layer."""
        return self._family.embed(self.outside, ids)


@contextmanager
def watch(layer: nn.Module, see: Callable[[PreActivations], None]) -> Iterator[None]:
    """Call `see`, while inside, with the pre-activations of every forward of `layer`: what its activation takes."""

    def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        see(inputs[0].flatten(0, -2))

    handle = activation_of(layer).register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def activation_of(layer: nn.Module) -> nn.Module:
    """Return the activation function of a layer that `empty_layer` has made."""
    found: nn.Module = layer.get_submodule(layer.activation_path)  # type: ignore[arg-type]
    return found


def run_layer(
    layer: nn.Module,
    hidden: Float[Tensor, "windows length hidden_size"],
    see: Callable[[PreActivations], None],
    last: bool,
) -> Float[Tensor, "windows length hidden_size"] | None:
    """Send the residual stream through a layer, showing its pre-activations to `see`.

    Parameters
    ----------
    layer
        the layer, with weights
    hidden
        residual stream, BOS first, right-padded; causal attention needs no mask
    see
        called once with the pre-activations `[windows * length, ffn_dim]`
    last
        nothing above is needed: stop at the pre-activations and return None
    """

    def see_and_stop(values: PreActivations) -> None:
        see(values)
        if last:
            raise _AllRead

    with watch(layer, see_and_stop):
        try:
            output: Tensor = layer(hidden, attention_mask=None)
        except _AllRead:
            return None
    return output
