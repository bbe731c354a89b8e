"""LLaMA and what is shaped like it: with SiLU (LLaMA 1 to 3, SmolLM2), or gated by ReLU (ReluLLaMA)."""

from __future__ import annotations

from neuron_census.families.adapter.rotary_family import RotaryFamily


class Llama(RotaryFamily):
    """The pre-activation is that of the gate: `act_fn(gate_proj(x)) * up_proj(x)`."""

    title = "LLaMA"
    module = "transformers.models.llama.modeling_llama"
    layer_class = "LlamaDecoderLayer"
    model_class = "LlamaModel"
    rotary_class = "LlamaRotaryEmbedding"


FAMILY = Llama()
