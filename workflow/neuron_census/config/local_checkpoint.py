"""The config.json of a checkpoint on this machine, read while the workflow is planned.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.json_text import parse_json

MOST_LAYERS = 1000
"""Far more than any model has. Every layer is a job, so that a wrong number would make an endless plan."""


def read_layers(folder: Path) -> int:
    """Return the number of layers of a checkpoint.

    Parameters
    ----------
    folder
        the checkpoint's folder, with its config.json

    Raises CensusError where config.json is missing or broken, or is not that of an OPT model with ReLU.
    """
    file = folder / "config.json"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CensusError(
            f"{file}: cannot be read ({error.strerror}). Expected the config.json of an OPT checkpoint in "
            "Hugging Face's format; correct the checkpoint's `path`."
        ) from error
    config = parse_json(content, str(file))
    if not isinstance(config, dict) or config.get("model_type") != "opt":
        found = config.get("model_type") if isinstance(config, dict) else config
        raise CensusError(
            f"{file}: model_type is {found!r}, expected 'opt'. Neuron Census reads OPT models only: choose "
            "another checkpoint."
        )
    activation = config.get("activation_function", "relu")
    if activation != "relu":
        raise CensusError(
            f"{file}: activation_function is {activation!r}, expected 'relu'. Which neurons are active, and "
            "which dead, is defined for ReLU only: choose another checkpoint."
        )
    layers = config.get("num_hidden_layers")
    if not isinstance(layers, int) or isinstance(layers, bool) or not 1 <= layers <= MOST_LAYERS:
        raise CensusError(
            f"{file}: num_hidden_layers is {layers!r}, expected a whole number from 1 to {MOST_LAYERS}. Take the "
            "config.json that belongs to the weights."
        )
    return layers
