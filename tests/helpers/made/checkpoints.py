"""Tiny OPT checkpoints and tokenizers in every layout that the hub ships, made on the spot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from transformers import OPTConfig, OPTForCausalLM

Layout = Literal["safetensors", "sharded_safetensors", "bin", "sharded_bin"]
Prefix = Literal["model.decoder", "decoder"]
StateDict = dict[str, Tensor]

LAYOUTS: tuple[Layout, ...] = ("safetensors", "sharded_safetensors", "bin", "sharded_bin")
PREFIXES: tuple[Prefix, ...] = ("model.decoder", "decoder")
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>")
SHARDS = 3


def make_checkpoint(
    folder: Path,
    *,
    layout: Layout = "safetensors",
    name_prefix: Prefix = "model.decoder",
    dtype: torch.dtype = torch.float32,
    post_norm: bool = False,
    word_embed_proj_dim: int | None = None,
    seed: int = 0,
    plant: Callable[[StateDict], None] | None = None,
    tied_head: bool = True,
    **config_changes: Any,
) -> Path:
    """Write a random OPT with `config.json`, and return its folder.

    Parameters
    ----------
    folder
        made where it does not exist
    layout
        how the weights lie in files
    name_prefix
        as the hub has it: `model.decoder` (125m, 1.3b, 2.7b, 66b) or `decoder` (350m, 6.7b, 13b,
        30b)
    dtype
        of the stored weights
    post_norm
        norms after the sublayers and none at the end, as in 350m
    word_embed_proj_dim
        a width of the embeddings that differs from the hidden size adds `project_in` and
        `project_out`
    seed
        of the random weights
    plant
        edits the state dict in place, by names relative to the decoder
    tied_head
        whether the files also hold the output head
    config_changes
        keys of `OPTConfig`
    """
    config = tiny_config(
        post_norm=post_norm, word_embed_proj_dim=word_embed_proj_dim, **config_changes
    )
    weights = random_weights(config, seed)
    if plant is not None:
        plant(weights)
    weights = {name: tensor.to(dtype) for name, tensor in weights.items()}
    folder.mkdir(parents=True, exist_ok=True)
    config.dtype = dtype
    config.save_pretrained(folder)
    named = {f"{name_prefix}.{name}": tensor for name, tensor in weights.items()}
    if tied_head:
        named["lm_head.weight"] = weights["embed_tokens.weight"]
    save_weights(folder, named, layout)
    return folder


def tiny_config(**changes: Any) -> OPTConfig:
    """Return the configuration of a tiny OPT.

    Parameters
    ----------
    changes
        keys of `OPTConfig`; besides, `post_norm`
    """
    post_norm = changes.pop("post_norm", False)
    settings: dict[str, Any] = {
        "vocab_size": 96,
        "hidden_size": 16,
        "num_hidden_layers": 3,
        "ffn_dim": 40,
        "max_position_embeddings": 32,
        "num_attention_heads": 4,
        "do_layer_norm_before": not post_norm,
        "architectures": ["OPTForCausalLM"],
    }
    return OPTConfig(**(settings | changes))


def random_weights(config: OPTConfig, seed: int) -> StateDict:
    """Draw float64 weights, by names relative to the decoder; biases and norms are random as well.

    Parameters
    ----------
    config
        the shape of the model
    seed
        of the random numbers
    """
    with torch.device("meta"):
        model = OPTForCausalLM(config)
    generator = torch.Generator().manual_seed(seed)
    weights: StateDict = {}
    for name, tensor in model.model.decoder.state_dict().items():
        drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        if name.endswith("layer_norm.weight"):
            weights[name] = 1 + 0.2 * drawn
        elif name.endswith("bias"):
            weights[name] = 0.3 * drawn
        else:
            weights[name] = drawn / tensor.shape[-1] ** 0.5
    return weights


def save_weights(folder: Path, named: StateDict, layout: Layout) -> None:
    """Write tensors by the names given, in one of the hub's layouts."""
    if layout == "safetensors":
        save_file(copies(named), folder / "model.safetensors", metadata={"format": "pt"})
    elif layout == "bin":
        torch.save(named, folder / "pytorch_model.bin")
    else:
        safetensors = layout == "sharded_safetensors"
        names = list(named)
        weight_map: dict[str, str] = {}
        for shard in range(SHARDS):
            # Dealt in turn, so that a layer's tensors lie in several files.
            part = {name: named[name] for name in names[shard::SHARDS]}
            stem = "model" if safetensors else "pytorch_model"
            suffix = "safetensors" if safetensors else "bin"
            file = f"{stem}-{shard + 1:05d}-of-{SHARDS:05d}.{suffix}"
            if safetensors:
                save_file(copies(part), folder / file, metadata={"format": "pt"})
            else:
                torch.save(part, folder / file)
            weight_map |= dict.fromkeys(part, file)
        total = sum(tensor.nbytes for tensor in named.values())
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps(index))


def copies(named: StateDict) -> StateDict:
    """Return the tensors in memory of their own, as safetensors insists."""
    return {name: tensor.contiguous().clone() for name, tensor in named.items()}


def plant_dead(*neurons: tuple[int, int]) -> Callable[[StateDict], None]:
    """Make neurons, each (layer, index), that no input activates: their bias is far below zero.

    Parameters
    ----------
    neurons
        0-based
    """

    def plant(weights: StateDict) -> None:
        for layer, neuron in neurons:
            weights[f"layers.{layer}.fc1.bias"][neuron] = -1e4

    return plant


def plant_always_active(*neurons: tuple[int, int]) -> Callable[[StateDict], None]:
    """Make neurons, each (layer, index), that every input activates: their bias is far above zero.

    The row of the second FFN matrix is set to zero, so that the rest of the model stays as it is.

    Parameters
    ----------
    neurons
        0-based
    """

    def plant(weights: StateDict) -> None:
        for layer, neuron in neurons:
            weights[f"layers.{layer}.fc1.bias"][neuron] = 1e4
            weights[f"layers.{layer}.fc2.weight"][:, neuron] = 0

    return plant


def planted(*plants: Callable[[StateDict], None]) -> Callable[[StateDict], None]:
    """Join several edits into one."""

    def plant(weights: StateDict) -> None:
        for each in plants:
            each(weights)

    return plant


def make_tokenizer(
    folder: Path,
    *,
    words: Iterable[str] = (),
    max_position_embeddings: int = 32,
    vocab_size: int | None = None,
) -> Path:
    """Write a byte-level tokenizer with OPT's special ids, and a `config.json` if there is none.

    Ids 0 to 3 are `<s>`, `<pad>`, `</s>`, `<unk>`, the next 256 are the bytes, then come `words`.
    A checkpoint that takes it therefore needs `vocab_size` 260 and more.

    Parameters
    ----------
    folder
        of the tokenizer; may be that of a made checkpoint
    words
        ASCII strings that become one token each, as far as merging pairs of neighbours from the
        left can reach them
    max_position_embeddings
        for `config.json`
    vocab_size
        for `config.json`; the tokenizer's own size if not given
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*SPECIAL_TOKENS, *alphabet])}
    merges: list[tuple[str, str]] = []
    for word in words:
        spelled = word.replace(" ", "Ġ")
        for end in range(2, len(spelled) + 1):
            whole = spelled[:end]
            if whole not in vocabulary:
                vocabulary[whole] = len(vocabulary)
                merges.append((spelled[: end - 1], spelled[end - 1]))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    if not (folder / "config.json").exists():
        config = {
            "model_type": "opt",
            "bos_token_id": 2,
            "max_position_embeddings": max_position_embeddings,
            "vocab_size": vocab_size or len(vocabulary),
        }
        (folder / "config.json").write_text(json.dumps(config, indent=2))
    return folder
