"""Nemotron: squared ReLU, no gate."""

from __future__ import annotations

from neuron_census.families.adapter.rotary_family import RotaryFamily


class Nemotron(RotaryFamily):
    """The pre-activation is what `up_proj` gives."""

    title = "Nemotron"
    activation_default = "relu2"
    digested = (
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "norm_eps",
        "rope_parameters",
        "hidden_act",
    )
    module = "transformers.models.nemotron.modeling_nemotron"
    layer_class = "NemotronDecoderLayer"
    model_class = "NemotronModel"
    rotary_class = "NemotronRotaryEmbedding"


FAMILY = Nemotron()
