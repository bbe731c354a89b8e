"""Tiny checkpoints of every family, as the hub has them, with neurons of known behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedConfig

from helpers.made.checkpoints import Layout, StateDict, save_weights

VOCABULARY = 96
WINDOW = 32


@dataclass(frozen=True)
class MadeFamily:
    """What a test knows of a family by itself: names as in the modules of transformers, written out once more."""

    model_type: str
    decoder: str
    """Where the decoder is in the model."""
    layers: str
    ffn_in: str
    """The matrix whose product is the pre-activation."""
    ffn_out: str
    attention_out: str
    ffn_norm: str
    embedding: str
    settings: dict[str, Any] = field(default_factory=dict)
    transposed: bool = False
    positions: str | None = None
    hub_names: tuple[tuple[str, str], ...] = ()
    """Beginnings of names that the hub's files spell otherwise."""
    old: tuple[str, ...] = ()
    """Tensors that older files have besides."""


SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": WINDOW,
    "bos_token_id": 2,
    "pad_token_id": None,
}
GROUPED = SIZES | {"num_key_value_heads": 2}


def _rotary(model_type: str, ffn_in: str = "mlp.gate_proj", **settings: Any) -> MadeFamily:
    return MadeFamily(
        model_type,
        "model",
        "layers",
        ffn_in,
        "mlp.down_proj",
        "self_attn.o_proj",
        "post_attention_layernorm",
        "embed_tokens",
        GROUPED | settings,
        old=("model.layers.1.self_attn.rotary_emb.inv_freq",),
    )


FAMILIES: dict[str, MadeFamily] = {
    "llama": _rotary("llama", tie_word_embeddings=True),
    "llama-relu": _rotary("llama", hidden_act="relu", head_dim=6),
    "llama-scaled": _rotary(
        "llama",
        attention_bias=True,
        mlp_bias=True,
        rope_scaling={
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16,
        },
    ),
    "qwen2": _rotary("qwen2", tie_word_embeddings=True),
    "qwen3": _rotary("qwen3", head_dim=8),
    "nemotron": _rotary("nemotron", "mlp.up_proj"),
    "arcee": _rotary("arcee", "mlp.up_proj"),
    "nanochat": MadeFamily(
        "nanochat",
        "model",
        "layers",
        "mlp.fc1",
        "mlp.fc2",
        "self_attn.o_proj",
        "",
        "embed_tokens",
        GROUPED,
    ),
    "gpt_neox": MadeFamily(
        "gpt_neox",
        "gpt_neox",
        "layers",
        "mlp.dense_h_to_4h",
        "mlp.dense_4h_to_h",
        "attention.dense",
        "post_attention_layernorm",
        "embed_in",
        SIZES | {"rotary_pct": 0.5},
        hub_names=(("lm_head.", "embed_out."),),
        old=(
            "gpt_neox.layers.1.attention.bias",
            "gpt_neox.layers.1.attention.masked_bias",
            "gpt_neox.layers.1.attention.rotary_emb.inv_freq",
        ),
    ),
    "gpt_neox-serial": MadeFamily(
        "gpt_neox",
        "gpt_neox",
        "layers",
        "mlp.dense_h_to_4h",
        "mlp.dense_4h_to_h",
        "attention.dense",
        "post_attention_layernorm",
        "embed_in",
        SIZES | {"use_parallel_residual": False, "hidden_act": "relu"},
    ),
    "gpt2": MadeFamily(
        "gpt2",
        "transformer",
        "h",
        "mlp.c_fc",
        "mlp.c_proj",
        "attn.c_proj",
        "ln_2",
        "wte",
        {
            "vocab_size": VOCABULARY,
            "n_embd": 16,
            "n_inner": 40,
            "n_layer": 3,
            "n_head": 4,
            "n_positions": WINDOW,
            "bos_token_id": 2,
        },
        transposed=True,
        positions="wpe",
        hub_names=(("transformer.", ""),),
        old=("transformer.h.1.attn.bias", "transformer.h.1.attn.masked_bias"),
    ),
    "galactica": MadeFamily(
        "opt",
        "model.decoder",
        "layers",
        "fc1",
        "fc2",
        "self_attn.out_proj",
        "final_layer_norm",
        "embed_tokens",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 16,
            "ffn_dim": 40,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "max_position_embeddings": WINDOW,
            "bos_token_id": 2,
            "activation_function": "gelu",
        },
        positions="embed_positions",
    ),
}
DEAD, DETECTOR, TOKEN = 3, 5, 17
"""Of layer 0: a neuron that is never active, one that is active at one token alone, and that token."""


def make_family(
    folder: Path,
    name: str,
    *,
    layout: Layout = "safetensors",
    dtype: torch.dtype = torch.float64,
    plant: bool = False,
    **changes: Any,
) -> Path:
    """Write a random checkpoint as the hub has it, and return its folder.

    Parameters
    ----------
    folder
        made where it does not exist
    name
        of `FAMILIES`
    layout
        how the weights lie in files
    dtype
        of the stored weights
    plant
        whether layer 0 has the neurons `DEAD` and `DETECTOR`
    changes
        keys of its configuration
    """
    family = FAMILIES[name]
    config: PreTrainedConfig = CONFIG_MAPPING[family.model_type](**(family.settings | changes))
    weights = random_weights(config)
    if plant:
        plant_neurons(family, weights)
    folder.mkdir(parents=True, exist_ok=True)
    config.dtype = dtype
    config.save_pretrained(folder)
    named = {hub_name(family, key): tensor.to(dtype) for key, tensor in weights.items()}
    named |= {hub_name(family, key): torch.ones(3, dtype=dtype) for key in family.old}
    save_weights(folder, named, layout)
    return folder


def random_weights(config: PreTrainedConfig) -> StateDict:
    """Draw float64 weights by the names of the whole model; biases and norms are random as well."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    generator = torch.Generator().manual_seed(0)
    weights: StateDict = {}
    tied = "lm_head.weight" if config.tie_word_embeddings else ""
    for name, tensor in model.state_dict().items():
        drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        if name == tied:
            continue
        if tensor.ndim == 1:
            weights[name] = 0.3 * drawn if name.endswith("bias") else 1 + 0.2 * drawn
        else:
            weights[name] = drawn / 4
    return weights


def hub_name(family: MadeFamily, name: str) -> str:
    """Return the name of a tensor as the hub's files have it."""
    for ours, theirs in family.hub_names:
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name


def plant_neurons(family: MadeFamily, weights: StateDict) -> None:
    """Plant `DEAD` and `DETECTOR`: one dimension of the embedding tells the token, and attention adds nothing."""
    layer = f"{family.decoder}.{family.layers}.0"
    for suffix in ("weight", "bias"):
        if (out := weights.get(f"{layer}.{family.attention_out}.{suffix}")) is not None:
            out.zero_()
    embedding = weights[f"{family.decoder}.{family.embedding}.weight"]
    embedding[:, 0] = -8
    embedding[TOKEN, 0] = 8
    if family.positions:
        weights[f"{family.decoder}.{family.positions}.weight"][:, 0] = 0
    if (gain := weights.get(f"{layer}.{family.ffn_norm}.weight")) is not None:
        gain[0] = 1
    if (shift := weights.get(f"{layer}.{family.ffn_norm}.bias")) is not None:
        shift[0] = 0
    matrix = weights[f"{layer}.{family.ffn_in}.weight"]
    rows = matrix.T if family.transposed else matrix
    rows[[DEAD, DETECTOR]] = 0
    rows[DETECTOR, 0] = 1
    if (bias := weights.get(f"{layer}.{family.ffn_in}.bias")) is not None:
        bias[[DEAD, DETECTOR]] = 0
