"""A checkpoint's config.json, read and found to be an OPT with ReLU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import OPTConfig

from neuron_census.errors import CensusError

COUNTS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "ffn_dim",
    "max_position_embeddings",
    "num_attention_heads",
    "word_embed_proj_dim",
)


def read_config(folder: Path) -> OPTConfig:
    """Read `config.json` of a checkpoint.

    Parameters
    ----------
    folder
        the checkpoint's folder

    Raises CensusError where it is missing, not JSON, not of an OPT model, or of one without ReLU.
    """
    path = folder / "config.json"
    content = read_json_object(path, folder)
    model_type = content.get("model_type")
    if model_type != "opt":
        raise CensusError(
            f"{path}: model_type is {model_type!r}, expected 'opt'. Neuron Census reads OPT models "
            "only: choose another checkpoint."
        )
    activation = content.get("activation_function", "relu")
    if activation != "relu":
        raise CensusError(
            f"{path}: activation_function is {activation!r}, expected 'relu'. A neuron is active "
            f"when its ReLU output is above zero; with {activation!r} nearly every neuron always "
            "has some output, and neither 'active' nor 'dead' is defined. (Galactica is such an "
            "OPT, with GELU.) Choose a checkpoint with ReLU."
        )
    try:
        config: OPTConfig = OPTConfig.from_dict(content)
    # transformers checks fields with an exception type of its own, which is none of Python's.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise CensusError(
            f"{path}: not a valid OPT configuration ({reason}). Mend or download this file."
        ) from error
    for key in COUNTS:
        value = getattr(config, key)
        if not isinstance(value, int) or value < 1:
            raise CensusError(f"{path}: {key} is {value!r}, expected a whole number of at least 1.")
    if config.hidden_size % config.num_attention_heads:
        raise CensusError(
            f"{path}: hidden_size {config.hidden_size} is not a multiple of num_attention_heads "
            f"{config.num_attention_heads}, as an OPT's must be."
        )
    return config


def read_json_object(path: Path, folder: Path) -> dict[str, Any]:
    """Read a JSON object from a checkpoint's folder; CensusError where it is missing or broken."""
    if not folder.is_dir():
        raise CensusError(
            f"{folder}: no such folder. Expected the folder of a checkpoint, with config.json and "
            "weights; correct the path, or fetch the checkpoint."
        )
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise CensusError(
            f"{path}: missing. A checkpoint's folder holds config.json beside its weights; "
            "download it from where the weights come from."
        ) from error
    except ValueError as error:
        raise CensusError(
            f"{path}: not JSON ({error}). Mend this file or download it again."
        ) from error
    if not isinstance(content, dict):
        raise CensusError(f"{path}: holds a JSON {type(content).__name__}, expected an object.")
    return content
