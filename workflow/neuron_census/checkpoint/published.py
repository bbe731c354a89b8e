"""The eight OPT models as their hub describes them: enough to plan for one that is not there."""

from __future__ import annotations

from typing import Any

from transformers import OPTConfig

from neuron_census.errors import CensusError, one_of

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
PUBLISHED = tuple(_SHAPES)
"""Names on the hub, the smallest first; all are stored in float16."""


def published_config(repository: str) -> OPTConfig:
    """Return the configuration of one of the eight models.

    Parameters
    ----------
    repository
        owner and name on the hub, for example facebook/opt-66b

    Raises CensusError for any other.
    """
    if repository not in _SHAPES:
        raise CensusError(
            f"{repository}: its shape is not known without its config.json; {one_of(repository, list(PUBLISHED))} "
            "Name a folder that holds the model's config.json instead."
        )
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
    return OPTConfig(**(settings | _CHANGES.get(repository, {})))
