"""The decoder as transformers defines it, on the meta device, filled with weights by assignment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from transformers import OPTConfig
from transformers.models.opt.modeling_opt import OPTDecoder, OPTDecoderLayer

from neuron_census.checkpoint.checkpoint import Checkpoint

Activations = Float[Tensor, "positions ffn_dim"]


class _AllRead(Exception):  # noqa: N818 - not an error: the rest of the last layer is not needed
    pass


def empty_layer(config: OPTConfig, index: int) -> OPTDecoderLayer:
    """One decoder layer without storage, ready for `load_state_dict(..., assign=True)`."""
    config._attn_implementation = "sdpa"
    with torch.device("meta"):
        return OPTDecoderLayer(config, layer_idx=index).eval()


class Embedding(nn.Module):
    """What comes before the first layer: tokens, positions and, where there is one, `project_in`."""

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        config = checkpoint.config
        layers, config.num_hidden_layers = config.num_hidden_layers, 0
        with torch.device("meta"):
            decoder = OPTDecoder(config).eval()
        config.num_hidden_layers = layers
        weights = {
            name: tensor.to(device=device)
            for name, tensor in checkpoint.outside_layers(dtype=dtype).items()
        }
        decoder.load_state_dict(weights, strict=False, assign=True)
        self.tokens = decoder.embed_tokens
        self.positions = decoder.embed_positions
        self.project_in = decoder.project_in

    def forward(
        self, ids: Int64[Tensor, "windows length"]
    ) -> Float[Tensor, "windows length hidden_size"]:
        """Residual stream that enters the first layer."""
        hidden: Tensor = self.tokens(ids)
        if self.project_in is not None:
            hidden = self.project_in(hidden)
        places = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        positions: Tensor = self.positions(None, position_ids=places)
        return hidden + positions


@contextmanager
def watched(layer: OPTDecoderLayer, see: Callable[[Activations], None]) -> Iterator[None]:
    """While inside, call `see` with the post-ReLU activations of every forward of `layer`."""

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        see(output)

    handle = layer.activation_fn.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def run_layer(
    layer: OPTDecoderLayer,
    hidden: Float[Tensor, "windows length hidden_size"],
    see: Callable[[Activations], None],
    last: bool,
) -> Float[Tensor, "windows length hidden_size"] | None:
    """Send the residual stream through a layer, showing its activations to `see`.

    Parameters
    ----------
    layer
        the layer, with weights
    hidden
        residual stream, BOS first, right-padded; causal attention needs no mask
    see
        called once with the post-ReLU activations `[windows * length, ffn_dim]`
    last
        nothing above is needed: stop after the activations and return None
    """

    def see_and_stop(activations: Activations) -> None:
        see(activations)
        if last:
            raise _AllRead

    with watched(layer, see_and_stop):
        try:
            output: Tensor = layer(hidden, attention_mask=None)
        except _AllRead:
            return None
    return output
