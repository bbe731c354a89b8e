"""What a family of models knows of itself, so that nothing else has to name it.

A family is a subclass of `Family` in a module of its own, with an instance called `FAMILY`. The layers are the
modules of transformers; a family says where things are in them. Standard library only until a model is built,
for it is used while the workflow is parsed.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from neuron_census.families.adapter.gguf_names import GgufNames

if TYPE_CHECKING:
    from jaxtyping import Float, Int64
    from torch import Tensor, nn
    from transformers import PreTrainedConfig

Shape = tuple[int, ...]


class Family:
    """Where the parts of a model are, in its config.json, in its files and in the modules of transformers.

    Names of tensors are relative to the decoder, and those of layers begin with `layers.N.` in every family.
    """

    title: str
    """What people call the family, for messages."""

    # In config.json.
    activation_key = "hidden_act"
    activation_default: str
    ffn_key = "intermediate_size"
    optional: tuple[str, ...] = ()
    """Sizes that may be null, and then follow from others."""
    keys: ClassVar[Mapping[str, str]] = {}
    """Keys of config.json that this family calls otherwise, by the name that transformers gives them."""
    digested: tuple[str, ...] = ()
    """What the forward pass takes from the configuration besides shapes; the digest of the weights covers it."""
    published: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Contents of config.json of repositories that can be planned for before they are fetched."""

    # In files.
    prefixes: tuple[str, ...] = ("model.",)
    layers = "layers."
    """Where its files have the layers, relative to the decoder."""
    roots: tuple[str, ...]
    """Beginnings of the decoder's own tensors, for files that have them without a prefix."""
    left_out = re.compile(r"(?!)")
    """Tensors of older files that no module takes any more."""
    head_names: tuple[str, ...] = ("lm_head.weight",)
    embedding: str
    """The embeddings of tokens."""
    final_norm: str
    """Beginning of the tensors of the norm after the last layer."""
    output: str
    """The second matrix of the FFN, relative to its layer."""
    output_rows_are_neurons = False
    """Whether its rows are what neurons write, `[ffn_dim, width]`, or its columns are."""
    unembedding_projection: str | None = None
    """A matrix `[embedded, width]` between the residual stream and the unembedding."""

    # In transformers.
    module: str
    layer_class: str
    model_class: str
    rotary_class: str | None = None
    activation: str
    """The activation function, relative to the layer; its input is the pre-activation."""

    # In GGUF files.
    gguf: GgufNames | None = None
    """How such a file calls what this family has; None if it is not read from one."""

    rows_can_ride = False
    """Whether a neuron of it can be ablated by a row that rides beside the windows (`Layer`)."""

    # For the plan: what a layer has in memory at a time, in tensors of these widths.
    ffn_tensors = 2
    width_tensors = 6

    def key(self, name: str) -> str:
        """Return what config.json calls a size that transformers calls `name`."""
        return self.keys.get(name, name)

    @property
    def sizes(self) -> tuple[str, ...]:
        """Keys of config.json that must be whole numbers above zero."""
        names = (
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "max_position_embeddings",
            "num_attention_heads",
        )
        return (*map(self.key, names), self.ffn_key)

    def fault(self, content: Mapping[str, Any]) -> str | None:
        """Return what in a config.json the forward pass here would not do as the model does; None if nothing."""
        return None

    def activation_of(self, content: Mapping[str, Any]) -> str:
        """Return the name of the activation function by the content of config.json."""
        return str(content.get(self.activation_key) or self.activation_default)

    def tied(self, config: PreTrainedConfig) -> bool:
        """Return whether the unembedding is the embedding."""
        return bool(config.tie_word_embeddings)

    def heading(self, config: PreTrainedConfig) -> str:
        """Return what the digest of the weights covers besides the tensors."""
        taken = {name: getattr(config, name, None) for name in self.digested}
        return f"{config.model_type} {json.dumps(taken, sort_keys=True, default=str)}"

    def decoder_name(self, name: str) -> str | None:
        """Return the name relative to the decoder of a tensor in a file; None where it is not its own."""
        for prefix in self.prefixes:
            if name.startswith(prefix):
                name = name.removeprefix(prefix)
                break
        else:
            if not name.startswith((self.layers, *self.roots)):
                return None
        if self.left_out.search(name):
            return None
        if name.startswith(self.layers):
            return f"layers.{name.removeprefix(self.layers)}"
        return name

    def empty_layer(self, config: PreTrainedConfig, index: int) -> nn.Module:
        """Return one layer of transformers without storage, that takes the residual stream and nothing else.

        Its `activation_path` says where the activation function is in it.
        """
        import torch

        own = copy.deepcopy(config)
        own._attn_implementation = "sdpa"
        with torch.device("meta"):
            layer: nn.Module = getattr(import_module(self.module), self.layer_class)(
                own, layer_idx=index
            )
        if self.rotary_class is not None:
            from neuron_census.families.adapter.rotary import give_positions

            give_positions(layer, getattr(import_module(self.module), self.rotary_class)(own))
        layer.activation_path = self.activation  # type: ignore[assignment]
        return layer.eval()

    def outside(self, config: PreTrainedConfig) -> nn.Module:
        """Return the model of transformers without layers and without storage."""
        import torch

        own = copy.deepcopy(config)
        own.num_hidden_layers = 0
        with torch.device("meta"):
            model: nn.Module = getattr(import_module(self.module), self.model_class)(own)
        return model.eval()

    def embed(
        self, model: Any, ids: Int64[Tensor, "windows length"]
    ) -> Float[Tensor, "windows length hidden_size"]:
        """Return the residual stream that enters the first layer.

        Parameters
        ----------
        model
            of `outside`, with weights
        ids
            token ids, BOS first
        """
        embedded: Tensor = model.get_input_embeddings()(ids)
        return embedded
