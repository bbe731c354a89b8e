"""Sizes of a model that a plan needs, known from its configuration alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from transformers import PreTrainedConfig

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.names import head_shapes, layer_shapes, outside_shapes
from neuron_census.families.adapter.known import family_of


@dataclass(frozen=True)
class ModelSize:
    """Layers, widths and numbers of parameters, and the bytes of a parameter as it is stored.

    `head_parameters` are those of an unembedding of its own, which the forward pass does not read.
    `width_tensors` and `ffn_tensors` say how many tensors of these widths a layer has in memory at a time.
    """

    layers: int
    width: int
    ffn_dim: int
    positions: int
    layer_parameters: int
    outside_parameters: int
    stored_item: int
    head_parameters: int = 0
    width_tensors: int = 6
    ffn_tensors: int = 2

    @classmethod
    def of(cls, config: PreTrainedConfig, stored: torch.dtype) -> ModelSize:
        """Take the sizes from a configuration.

        Parameters
        ----------
        config
            the model's configuration
        stored
            type of the weights in their files
        """
        family, layer, outside = family_of(config), layer_shapes(config), outside_shapes(config)
        output = layer[family.output]
        return cls(
            layers=config.num_hidden_layers,
            width=config.hidden_size,
            ffn_dim=output[0] if family.output_rows_are_neurons else output[1],
            positions=config.max_position_embeddings,
            layer_parameters=sum(math.prod(shape) for shape in layer.values()),
            outside_parameters=sum(math.prod(shape) for shape in outside.values()),
            stored_item=stored.itemsize,
            head_parameters=sum(math.prod(shape) for shape in head_shapes(config).values()),
            width_tensors=family.width_tensors,
            ffn_tensors=family.ffn_tensors,
        )

    @classmethod
    def of_checkpoint(cls, checkpoint: Checkpoint) -> ModelSize:
        """Take the sizes of a checkpoint whose weights are there."""
        return cls.of(
            checkpoint.config, checkpoint.stored(f"layers.0.{checkpoint.family.output}").dtype
        )

    @property
    def parameters(self) -> int:
        """Parameters of the whole model."""
        inside = self.layers * self.layer_parameters
        return inside + self.outside_parameters + self.head_parameters
