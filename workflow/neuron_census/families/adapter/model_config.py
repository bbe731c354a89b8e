"""What a model's config.json must say before anything else is asked of it: a known family, of sizes that can be.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.families.adapter.family import Family
from neuron_census.families.adapter.known import family_named, known_types
from neuron_census.paths.json_text import parse_json

LARGEST_LAYERS = 1000
"""Far more layers than any model has. Each is a job, so that a wrong number would make an endless plan."""
LARGEST_SIZE = 2**31 - 1
EXACT_GATES = ("relu", "relu2")
"""Activation functions that are zero where their input is not above zero, and above zero where it is."""
OTHER_ACTIVATIONS = ("gelu", "gelu_fast", "gelu_new", "gelu_pytorch_tanh", "silu", "swish")


def read_model_config(folder: Path) -> dict[str, Any]:
    """Return the content of a checkpoint's config.json.

    Parameters
    ----------
    folder
        the checkpoint's folder

    Raises CensusError where it is missing, not JSON, of an unknown family, or of sizes that cannot be.
    """
    path = folder / "config.json"
    content = read_json_object(path)
    require_known(content, str(path))
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


def require_known(content: Mapping[str, Any], place: str) -> Family:
    """Return the family of a configuration, and refuse what the forward pass here cannot do.

    Parameters
    ----------
    content
        of config.json; what it leaves out has its default
    place
        where it comes from: the beginning of the message

    Raises CensusError that names the key, what was found and what was expected.
    """
    model_type = content.get("model_type")
    if not isinstance(model_type, str) or model_type not in known_types():
        raise CensusError(
            f"{place}: model_type is {shortened(model_type)}, expected one of {', '.join(known_types())}. "
            "Choose another checkpoint, or add its family (CONTRIBUTING.md says how)."
        )
    family = family_named(model_type)
    activation = family.activation_of(content)
    if activation not in (*EXACT_GATES, *OTHER_ACTIVATIONS):
        raise CensusError(
            f"{place}: {family.activation_key} is {shortened(activation)}, expected one of "
            f"{', '.join((*EXACT_GATES, *OTHER_ACTIVATIONS))}. What 'active' would mean for it is not known: "
            "choose another checkpoint."
        )
    if (fault := family.fault(content)) is not None:
        raise CensusError(f"{place}: {fault}")
    require_sizes(
        {key: content[key] for key in family.sizes if content.get(key) is not None}, place, family
    )
    return family


def require_gate(content: Mapping[str, Any], place: str, *, gate: bool) -> None:
    """Refuse to call a neuron active by the sign of its gate where that is no exact gate, unless it was written out.

    Parameters
    ----------
    content
        of a config.json that `require_known` has accepted
    place
        where it comes from: the beginning of the message
    gate
        whether the config says `gate: true` of this checkpoint
    """
    family = require_known(content, place)
    activation = family.activation_of(content)
    if activation not in EXACT_GATES and not gate:
        raise CensusError(
            f"{place}: {family.activation_key} is {activation!r}, expected 'relu' or 'relu2'. A neuron is active "
            f"when its ReLU output is above zero; with {activation!r} every neuron always adds something, and "
            "'above zero' says only that its gate is open. Choose a checkpoint with ReLU, or write "
            "`gate: true` beside this one to call a neuron active when its gate is above zero."
        )


def require_sizes(sizes: Mapping[str, Any], place: str, family: Family) -> None:
    """Refuse sizes that no model has; CensusError that names the key and the place."""
    for key, value in sizes.items():
        largest = LARGEST_LAYERS if key == family.key("num_hidden_layers") else LARGEST_SIZE
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= largest:
            raise CensusError(
                f"{place}: {key} is {shortened(value)}, expected a whole number from 1 to {largest}. "
                "Take the config.json that belongs to the weights."
            )
    width, heads = family.key("hidden_size"), family.key("num_attention_heads")
    if (
        sizes.get(width) is not None
        and sizes.get(heads) is not None
        and sizes[width] % sizes[heads]
    ):
        raise CensusError(
            f"{place}: {width} {sizes[width]} is not a multiple of {heads} {sizes[heads]}, as it must be. "
            "Take the config.json that belongs to the weights."
        )


def shortened(value: object) -> str:
    """Write a value as JSON would have it, cut where it is too long to be read."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text)} characters)"
