"""The decoder as transformers defines it, on the meta device, filled with weights by assignment."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from transformers import OPTConfig
from transformers.models.opt.modeling_opt import OPTDecoder, OPTDecoderLayer

from neuron_census.checkpoint.checkpoint import Checkpoint

PreActivations = Float[Tensor, "positions ffn_dim"]


class _AllRead(Exception):  # noqa: N818 - not an error: the rest of the last layer is not needed
    pass


def empty_layer(config: OPTConfig, index: int) -> OPTDecoderLayer:
    """Return one decoder layer without storage, ready for `load_state_dict(..., assign=True)`."""
    own = copy.deepcopy(config)
    own._attn_implementation = "sdpa"
    with torch.device("meta"):
        return OPTDecoderLayer(own, layer_idx=index).eval()


class Embedding(nn.Module):
    """What comes before the first layer: tokens, positions and, where there is one, `project_in`."""

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        config = copy.deepcopy(checkpoint.config)
        config.num_hidden_layers = 0
        with torch.device("meta"):
            decoder = OPTDecoder(config).eval()
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
        """Return the residual stream that enters the first layer."""
        hidden: Tensor = self.tokens(ids)
        if self.project_in is not None:
            hidden = self.project_in(hidden)
        places = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        positions: Tensor = self.positions(None, position_ids=places)
        return hidden + positions


@contextmanager
def watch(layer: OPTDecoderLayer, see: Callable[[PreActivations], None]) -> Iterator[None]:
    """Call `see`, while inside, with the pre-activations of every forward of `layer`, the input of its ReLU."""

    def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        see(inputs[0])

    handle = layer.activation_fn.register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def run_layer(
    layer: OPTDecoderLayer,
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
