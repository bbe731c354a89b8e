"""OPT, the family of the paper; Galactica is an OPT with GELU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from neuron_census.families.adapter.family import Family

if TYPE_CHECKING:
    from jaxtyping import Float, Int64
    from torch import Tensor
    from transformers import PreTrainedConfig

# Width, layers and heads, as in the config.json of each repository (and in table 1 of arXiv 2205.01068).
_SHAPES = {
    "facebook/opt-125m": (768, 12, 12),
    "facebook/opt-350m": (1024, 24, 16),
    "facebook/opt-1.3b": (2048, 24, 32),
    "facebook/opt-2.7b": (2560, 32, 32),
    "facebook/opt-6.7b": (4096, 32, 32),
    "facebook/opt-13b": (5120, 40, 40),
    "facebook/opt-30b": (7168, 48, 56),
    "facebook/opt-66b": (9216, 64, 72),
}
# Of 350m alone the norms are after the sublayers, and the embedding is half as wide.
_CHANGES: dict[str, dict[str, Any]] = {
    "facebook/opt-350m": {"do_layer_norm_before": False, "word_embed_proj_dim": 512},
}


def _published(repository: str) -> dict[str, Any]:
    width, layers, heads = _SHAPES[repository]
    settings: dict[str, Any] = {
        "vocab_size": 50272,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "ffn_dim": 4 * width,
        "num_attention_heads": heads,
        "max_position_embeddings": 2048,
        "word_embed_proj_dim": width,
        "dtype": "float16",
    }
    return settings | _CHANGES.get(repository, {})


class Opt(Family):
    """The hub's files spell the same tensor `model.decoder.layers.0.fc1.weight` (125m, 1.3b, 2.7b, 66b) or
    `decoder.layers.0.fc1.weight` (350m, 6.7b, 13b, 30b), and a saved OPTDecoder has it bare. Two different
    tensors are called `final_layer_norm`: `layers.0.final_layer_norm` and the decoder's own.
    """

    title = "OPT"
    activation_key = "activation_function"
    activation_default = "relu"
    ffn_key = "ffn_dim"
    published: ClassVar = {name: _published(name) for name in _SHAPES}

    prefixes = ("model.decoder.", "decoder.")
    roots = (
        "embed_tokens.",
        "embed_positions.",
        "project_in.",
        "project_out.",
        "final_layer_norm.",
    )
    embedding = "embed_tokens.weight"
    final_norm = "final_layer_norm"
    output = "fc2.weight"
    unembedding_projection = "project_out.weight"

    module = "transformers.models.opt.modeling_opt"
    layer_class = "OPTDecoderLayer"
    model_class = "OPTDecoder"
    activation = "activation_fn"
    rows_can_ride = True

    @property
    def sizes(self) -> tuple[str, ...]:
        """Those of every family, and the width of the embeddings."""
        return (*super().sizes, "word_embed_proj_dim")

    def tied(self, config: PreTrainedConfig) -> bool:
        """Return whether the unembedding is the embedding: of every OPT."""
        return True

    def heading(self, config: PreTrainedConfig) -> str:
        """Return the number of heads, where the norms are, and the activation if it is not the usual one."""
        heading = f"heads {config.num_attention_heads} pre-norm {config.do_layer_norm_before}"
        usual = config.activation_function == self.activation_default
        return heading if usual else f"{heading} activation {config.activation_function}"

    def embed(
        self, model: Any, ids: Int64[Tensor, "windows length"]
    ) -> Float[Tensor, "windows length hidden_size"]:
        """Return tokens, through `project_in` where there is one, plus positions."""
        import torch

        hidden: Tensor = model.embed_tokens(ids)
        if model.project_in is not None:
            hidden = model.project_in(hidden)
        places = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        positions: Tensor = model.embed_positions(None, position_ids=places)
        return hidden + positions


FAMILY = Opt()
