"""Qwen 3, without sliding windows."""

from __future__ import annotations

from neuron_census.families.adapter.rotary_family import RotaryFamily


class Qwen3(RotaryFamily):
    """The pre-activation is that of the gate: `act_fn(gate_proj(x)) * up_proj(x)`."""

    title = "Qwen 3"
    module = "transformers.models.qwen3.modeling_qwen3"
    layer_class = "Qwen3DecoderLayer"
    model_class = "Qwen3Model"
    rotary_class = "Qwen3RotaryEmbedding"


FAMILY = Qwen3()
