"""Sizes of a model that a plan needs, known from its configuration alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from transformers import OPTConfig

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.names import layer_shapes, outside_shapes


@dataclass(frozen=True)
class ModelSize:
    """Layers, widths and numbers of parameters, and the bytes of a parameter as it is stored."""

    layers: int
    width: int
    ffn_dim: int
    positions: int
    layer_parameters: int
    outside_parameters: int
    stored_item: int

    @classmethod
    def of(cls, config: OPTConfig, stored: torch.dtype) -> ModelSize:
        """Take the sizes from a configuration.

        Parameters
        ----------
        config
            the model's configuration
        stored
            type of the weights in their files
        """
        layer, outside = layer_shapes(config), outside_shapes(config)
        return cls(
            layers=config.num_hidden_layers,
            width=config.hidden_size,
            ffn_dim=config.ffn_dim,
            positions=config.max_position_embeddings,
            layer_parameters=sum(math.prod(shape) for shape in layer.values()),
            outside_parameters=sum(math.prod(shape) for shape in outside.values()),
            stored_item=stored.itemsize,
        )

    @classmethod
    def of_checkpoint(cls, checkpoint: Checkpoint) -> ModelSize:
        """Take the sizes of a checkpoint whose weights are there."""
        return cls.of(checkpoint.config, checkpoint.stored("layers.0.fc1.weight").dtype)

    @property
    def parameters(self) -> int:
        """Parameters of the whole decoder."""
        return self.layers * self.layer_parameters + self.outside_parameters
