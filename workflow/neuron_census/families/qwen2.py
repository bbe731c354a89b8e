"""Qwen 2, without sliding windows."""

from __future__ import annotations

from neuron_census.families.adapter.rotary_family import RotaryFamily


class Qwen2(RotaryFamily):
    """The pre-activation is that of the gate: `act_fn(gate_proj(x)) * up_proj(x)`."""

    title = "Qwen 2"
    module = "transformers.models.qwen2.modeling_qwen2"
    layer_class = "Qwen2DecoderLayer"
    model_class = "Qwen2Model"
    rotary_class = "Qwen2RotaryEmbedding"


FAMILY = Qwen2()
