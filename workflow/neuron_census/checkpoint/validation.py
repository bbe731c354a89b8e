"""Whether the tensors of a checkpoint are those that its configuration asks for, and finite."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor
from transformers import PreTrainedConfig

from neuron_census.checkpoint.conversion import all_finite
from neuron_census.checkpoint.files import WeightFiles
from neuron_census.checkpoint.names import decoder_shapes, head_shapes, layer_of
from neuron_census.checkpoint.tensors import DTYPES, StoredTensor, read_header
from neuron_census.errors import CensusError
from neuron_census.families.adapter.family import Family
from neuron_census.families.adapter.known import family_of


def read_headers(weights: WeightFiles) -> dict[str, StoredTensor]:
    """List every tensor of a checkpoint by the name that it has in the files.

    Parameters
    ----------
    weights
        the files, and the index where there is one

    Raises CensusError for a damaged file, and for one that lacks a tensor that the index says it
    has.
    """
    headers = {file: read_header(file) for file in weights.files}
    if weights.index is None:
        return headers[weights.files[0]]
    stored = {}
    for name, file in weights.index.items():
        if name not in headers[file]:
            raise CensusError(
                f"{file}: lacks the tensor '{name}', which the index says it has. The file and the "
                "index are of different checkpoints, or one is damaged: download both again."
            )
        stored[name] = headers[file][name]
    return stored


def decoder_tensors(
    folder: Path, config: PreTrainedConfig, stored: dict[str, StoredTensor]
) -> dict[str, StoredTensor]:
    """Pick the decoder's tensors, by their name relative to it, and check them.

    Parameters
    ----------
    folder
        the checkpoint's folder, for messages
    config
        its configuration
    stored
        every tensor by the name that it has in the files; a tied output head and other extras are
        left out

    Raises CensusError for tensors that are missing, ambiguous, too many, of a wrong shape or not
    floating-point.
    """
    family = family_of(config)
    heads = family.head_names if head_shapes(config) else ()
    found: dict[str, StoredTensor] = {}
    for tensor in stored.values():
        name = heads[0] if tensor.name in heads else family.decoder_name(tensor.name)
        if name is None:
            continue
        if name in found:
            raise CensusError(
                f"{tensor.file}: both '{found[name].name}' and '{tensor.name}' are the decoder's "
                f"'{name}'. Expected one of them: remove the other."
            )
        found[name] = tensor
    expected = decoder_shapes(config)
    require_all(folder, family, expected.keys() - found.keys(), found)
    require_no_other_layers(folder, config, found.keys() - expected.keys())
    tensors = {name: found[name] for name in expected}
    for name, tensor in tensors.items():
        require_shape(folder, name, tensor, expected[name])
    return tensors


def require_all(
    folder: Path, family: Family, missing: set[str], found: dict[str, StoredTensor]
) -> None:
    """Raise CensusError where tensors are missing."""
    if missing:
        raise CensusError(
            f"{folder}: {len(missing)} tensors that config.json asks for are in no file, the first "
            f"'{min(missing)}' (the files hold {len(found)} tensors of the {family.title} decoder). The "
            "checkpoint is incomplete, or config.json is another model's: download both from the "
            "same place."
        )


def require_no_other_layers(folder: Path, config: PreTrainedConfig, extra: set[str]) -> None:
    """Raise CensusError where a layer holds what the configuration leaves out."""
    inside = sorted(name for name in extra if layer_of(name) is not None)
    if inside:
        raise CensusError(
            f"{folder}: {len(inside)} tensors belong to layers and have no place in config.json, "
            f"the first '{inside[0]}' (num_hidden_layers is {config.num_hidden_layers}). "
            "config.json is another model's: take the one that "
            "belongs to the weights."
        )


def require_shape(folder: Path, name: str, tensor: StoredTensor, expected: tuple[int, ...]) -> None:
    """Raise CensusError where a tensor's shape is not the configuration's, or its type is odd."""
    if tensor.dtype not in DTYPES.values():
        raise CensusError(
            f"{tensor.file}: the tensor '{tensor.name}' is not stored as float16, bfloat16, "
            "float32 or float64. Quantised weights cannot be read: use the original checkpoint."
        )
    if tensor.shape != expected:
        raise CensusError(
            f"{tensor.file}: the tensor '{tensor.name}' has shape {list(tensor.shape)}, and "
            f"{folder / 'config.json'} asks for {list(expected)} ('{name}'). Take the weights and "
            "config.json from the same checkpoint."
        )


def require_finite(stored: StoredTensor, tensor: Tensor) -> None:
    """Refuse a tensor with NaN or infinite elements.

    Parameters
    ----------
    stored
        where it comes from, for the message
    tensor
        the elements, in the type that they will be used in

    Raises CensusError that says how many there are, and whether a narrower type made them.
    """
    if all_finite(tensor):
        return
    nan = int(tensor.isnan().sum())
    infinite = int(tensor.isinf().sum())
    found = " and ".join(
        f"{count:,} {what}" for count, what in ((nan, "NaN"), (infinite, "infinite")) if count
    )
    if tensor.dtype != stored.dtype and all_finite(stored.read()):
        raise CensusError(
            f"{stored.file}: the tensor '{stored.name}' "
            f"({str(stored.dtype).removeprefix('torch.')}) does not fit "
            f"{str(tensor.dtype).removeprefix('torch.')}: {found} of its {tensor.numel():,} "
            "elements overflow. Set this checkpoint's dtype to bfloat16 or float32."
        )
    raise CensusError(
        f"{stored.file}: the tensor '{stored.name}' holds {found} among its {tensor.numel():,} "
        "elements; all must be finite. The checkpoint is damaged or its training diverged: "
        "download it again or use another one."
    )
