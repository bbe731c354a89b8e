"""The config.json of a checkpoint on this machine, read while the workflow is planned.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.paths.opt_config import read_opt_config


def read_layers(folder: Path) -> int:
    """Return the number of layers of a checkpoint.

    Parameters
    ----------
    folder
        the checkpoint's folder, with its config.json

    Raises CensusError where config.json is missing or broken, or is not that of an OPT model with ReLU.
    """
    layers = read_opt_config(folder).get("num_hidden_layers")
    if layers is None:
        raise CensusError(
            f"{folder / 'config.json'}: has no num_hidden_layers. Take the config.json that belongs to the weights."
        )
    return int(layers)
