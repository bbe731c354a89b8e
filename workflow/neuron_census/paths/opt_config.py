"""What a model's config.json must say before anything else is asked of it: an OPT with ReLU, of sizes that can be.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.paths.json_text import parse_json

SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "ffn_dim",
    "max_position_embeddings",
    "num_attention_heads",
    "word_embed_proj_dim",
)
LARGEST = {"num_hidden_layers": 1000}
"""Far more layers than any model has. Each is a job, so that a wrong number would make an endless plan."""
LARGEST_SIZE = 2**31 - 1


def read_opt_config(folder: Path) -> dict[str, Any]:
    """Return the content of a checkpoint's config.json.

    Parameters
    ----------
    folder
        the checkpoint's folder

    Raises CensusError where it is missing, not JSON, not of an OPT model, of one without ReLU, or of sizes
    that cannot be.
    """
    path = folder / "config.json"
    content = read_json_object(path)
    require_opt(content, str(path))
    return content


def read_json_object(path: Path) -> dict[str, Any]:
    """Return a JSON object from a checkpoint's folder; CensusError where it is missing or broken."""
    if not path.parent.is_dir():
        raise CensusError(
            f"{path.parent}: no such folder. Expected the folder of a checkpoint, with config.json and "
            "weights; correct the path, or fetch the checkpoint."
        )
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise CensusError(
            f"{path}: missing. A checkpoint's folder holds config.json beside its weights; "
            "download it from where the weights come from."
        ) from error
    content = parse_json(text, str(path), "Correct this file, or download it again.")
    if not isinstance(content, dict):
        raise CensusError(
            f"{path}: holds a JSON {type(content).__name__}, expected an object. Download it again."
        )
    return content


def require_opt(content: Mapping[str, Any], place: str) -> None:
    """Refuse the configuration of anything but an OPT with ReLU.

    Parameters
    ----------
    content
        of config.json; what it leaves out has its default
    place
        where it comes from: the beginning of the message

    Raises CensusError that names the key, what was found and what was expected.
    """
    model_type = content.get("model_type")
    if model_type != "opt":
        raise CensusError(
            f"{place}: model_type is {model_type!r}, expected 'opt'. Neuron Census reads OPT models "
            "only: choose another checkpoint."
        )
    activation = content.get("activation_function", "relu")
    if activation != "relu":
        raise CensusError(
            f"{place}: activation_function is {activation!r}, expected 'relu'. A neuron is active "
            f"when its ReLU output is above zero; with {activation!r} nearly every neuron always "
            "has some output, and neither 'active' nor 'dead' is defined. (Galactica is such an "
            "OPT, with GELU.) Choose a checkpoint with ReLU."
        )
    require_sizes({key: content[key] for key in SIZES if content.get(key) is not None}, place)


def require_sizes(sizes: Mapping[str, Any], place: str) -> None:
    """Refuse sizes that no model has; CensusError that names the key and the place."""
    for key, value in sizes.items():
        largest = LARGEST.get(key, LARGEST_SIZE)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= largest:
            raise CensusError(
                f"{place}: {key} is {shortened(value)}, expected a whole number from 1 to {largest}. "
                "Take the config.json that belongs to the weights."
            )
    hidden, heads = sizes.get("hidden_size"), sizes.get("num_attention_heads")
    if hidden is not None and heads is not None and hidden % heads:
        raise CensusError(
            f"{place}: hidden_size {hidden} is not a multiple of num_attention_heads {heads}, as an "
            "OPT's must be. Take the config.json that belongs to the weights."
        )


def shortened(value: object) -> str:
    """Write a value as JSON would have it, cut where it is too long to be read."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text)} characters)"
