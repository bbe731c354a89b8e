"""Arcee (AFM): LLaMA with squared ReLU and without a gate."""

from __future__ import annotations

from neuron_census.families.adapter.rotary_family import RotaryFamily


class Arcee(RotaryFamily):
    """The pre-activation is what `up_proj` gives."""

    title = "Arcee"
    activation_default = "relu2"
    module = "transformers.models.arcee.modeling_arcee"
    layer_class = "ArceeDecoderLayer"
    model_class = "ArceeModel"
    rotary_class = "ArceeRotaryEmbedding"


FAMILY = Arcee()
