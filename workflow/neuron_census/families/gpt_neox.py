"""GPT-NeoX: the Pythia models, GPT-NeoX-20B."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from neuron_census.families.adapter.family import Family
from neuron_census.families.adapter.rotary_family import rotary_fault

# Width, layers, heads and rows of the embedding, as in the config.json of each repository.
_PYTHIA = {
    "EleutherAI/pythia-70m": (512, 6, 8, 50304),
    "EleutherAI/pythia-160m": (768, 12, 12, 50304),
    "EleutherAI/pythia-410m": (1024, 24, 16, 50304),
    "EleutherAI/pythia-1b": (2048, 16, 8, 50304),
    "EleutherAI/pythia-1.4b": (2048, 24, 16, 50304),
    "EleutherAI/pythia-2.8b": (2560, 32, 32, 50304),
    "EleutherAI/pythia-6.9b": (4096, 32, 32, 50432),
    "EleutherAI/pythia-12b": (5120, 36, 40, 50688),
}


def _published(repository: str) -> dict[str, Any]:
    width, layers, heads, vocabulary = _PYTHIA[repository]
    return {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "max_position_embeddings": 2048,
        "hidden_act": "gelu",
        "rotary_pct": 0.25,
        "bos_token_id": 0,
        "dtype": "float16",
    }


class GptNeoX(Family):
    """Attention and FFN are side by side; the hub's files call the unembedding `embed_out`."""

    title = "GPT-NeoX"
    activation_default = "gelu"
    digested = (
        "num_attention_heads",
        "layer_norm_eps",
        "rope_parameters",
        "hidden_act",
        "use_parallel_residual",
    )
    published: ClassVar = {name: _published(name) for name in _PYTHIA}

    prefixes = ("gpt_neox.",)
    roots = ("embed_in.", "final_layer_norm.")
    left_out = re.compile(r"(\.attention\.(masked_)?bias|rotary_emb\.inv_freq)$")
    head_names = ("lm_head.weight", "embed_out.weight")
    embedding = "embed_in.weight"
    final_norm = "final_layer_norm"
    output = "mlp.dense_4h_to_h.weight"

    module = "transformers.models.gpt_neox.modeling_gpt_neox"
    layer_class = "GPTNeoXLayer"
    model_class = "GPTNeoXModel"
    rotary_class = "GPTNeoXRotaryEmbedding"
    activation = "mlp.act"
    width_tensors = 12

    def fault(self, content: Mapping[str, Any]) -> str | None:
        """Return what of its positions is not done here."""
        return rotary_fault(content)


FAMILY = GptNeoX()
