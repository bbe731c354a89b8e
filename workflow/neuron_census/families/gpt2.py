"""GPT-2, with positions that are learned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from neuron_census.families.adapter.family import Family

if TYPE_CHECKING:
    from jaxtyping import Float, Int64
    from torch import Tensor

# Width, layers and heads, as in the config.json of each repository.
_SHAPES = {
    "openai-community/gpt2": (768, 12, 12),
    "openai-community/gpt2-medium": (1024, 24, 16),
    "openai-community/gpt2-large": (1280, 36, 20),
    "openai-community/gpt2-xl": (1600, 48, 25),
}
# Ways of attention that few models have: the first depends on the layer's number, the others on more than text.
_ODD = ("scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "add_cross_attention")


def _published(repository: str) -> dict[str, Any]:
    width, layers, heads = _SHAPES[repository]
    return {
        "vocab_size": 50257,
        "n_embd": width,
        "n_layer": layers,
        "n_head": heads,
        "n_positions": 1024,
        "activation_function": "gelu_new",
        "bos_token_id": 50256,
        "dtype": "float32",
    }


class Gpt2(Family):
    """Its matrices are those of a Conv1D: inputs by outputs, so that a row of the second is a neuron's."""

    title = "GPT-2"
    activation_key = "activation_function"
    activation_default = "gelu_new"
    ffn_key = "n_inner"
    optional = ("n_inner",)
    keys: ClassVar = {
        "hidden_size": "n_embd",
        "num_hidden_layers": "n_layer",
        "num_attention_heads": "n_head",
        "max_position_embeddings": "n_positions",
    }
    digested = ("n_head", "layer_norm_epsilon", "activation_function", "scale_attn_weights")
    published: ClassVar = {name: _published(name) for name in _SHAPES}

    prefixes = ("transformer.",)
    layers = "h."
    roots = ("wte.", "wpe.", "ln_f.")
    left_out = re.compile(r"\.attn\.(masked_)?bias$")
    embedding = "wte.weight"
    final_norm = "ln_f"
    output = "mlp.c_proj.weight"
    output_rows_are_neurons = True

    module = "transformers.models.gpt2.modeling_gpt2"
    layer_class = "GPT2Block"
    model_class = "GPT2Model"
    activation = "mlp.act"
    # Its GELU is a formula of several steps.
    ffn_tensors = 5

    def fault(self, content: Mapping[str, Any]) -> str | None:
        """Return what of its attention is not done here."""
        odd = next((key for key in _ODD if content.get(key)), None)
        if odd is None:
            return None
        return f"{odd} is true, expected false. Choose another checkpoint."

    def embed(
        self, model: Any, ids: Int64[Tensor, "windows length"]
    ) -> Float[Tensor, "windows length hidden_size"]:
        """Return tokens plus positions."""
        import torch

        tokens: Tensor = model.wte(ids)
        places = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
        positions: Tensor = model.wpe(places)
        return tokens + positions


FAMILY = Gpt2()
