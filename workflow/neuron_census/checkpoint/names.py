"""Names of a decoder's tensors, as files spell them and as we do, and their shapes.

The hub's files spell the same tensor in different ways, with and without prefixes; its family knows them. We use
the name relative to the decoder. Shapes are those of the modules of transformers.
"""

from __future__ import annotations

import re

from torch import nn
from transformers import PreTrainedConfig

from neuron_census.families.adapter.known import family_of

Shape = tuple[int, ...]


def layer_of(name: str) -> int | None:
    """Return the layer that a decoder's tensor belongs to; None for one outside the layers."""
    match = re.match(r"layers\.(\d+)\.", name)
    return int(match.group(1)) if match else None


def layer_shapes(config: PreTrainedConfig) -> dict[str, Shape]:
    """Return the shape of every tensor of one layer, as its state dict names them.

    Parameters
    ----------
    config
        the checkpoint's configuration
    """
    return _shapes(family_of(config).empty_layer(config, 0))


def outside_shapes(config: PreTrainedConfig) -> dict[str, Shape]:
    """Return the shape of every tensor that the forward pass keeps outside the layers.

    Parameters
    ----------
    config
        the checkpoint's configuration
    """
    return _shapes(family_of(config).outside(config))


def head_shapes(config: PreTrainedConfig) -> dict[str, Shape]:
    """Return the shape of the unembedding where it is not the embedding, by its name here; else nothing.

    Parameters
    ----------
    config
        the checkpoint's configuration
    """
    family = family_of(config)
    if family.tied(config):
        return {}
    return {family.head_names[0]: outside_shapes(config)[family.embedding]}


def decoder_shapes(config: PreTrainedConfig) -> dict[str, Shape]:
    """Return the shape of every tensor of the whole decoder, by its name relative to it.

    Parameters
    ----------
    config
        the checkpoint's configuration
    """
    shapes = outside_shapes(config) | head_shapes(config)
    one_layer = layer_shapes(config)
    for layer in range(config.num_hidden_layers):
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in one_layer.items()}
    return shapes


def _shapes(module: nn.Module) -> dict[str, Shape]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
