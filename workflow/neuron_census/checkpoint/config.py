"""A checkpoint's config.json as transformers reads it, found to be an OPT with ReLU."""

from __future__ import annotations

from pathlib import Path

from transformers import OPTConfig

from neuron_census.errors import CensusError
from neuron_census.paths.opt_config import SIZES, read_opt_config, require_sizes


def read_config(folder: Path) -> OPTConfig:
    """Return the configuration of a checkpoint, with the defaults of transformers.

    Parameters
    ----------
    folder
        the checkpoint's folder

    Raises CensusError where config.json is missing, not JSON, not of an OPT model, or of one without ReLU.
    """
    path = folder / "config.json"
    content = read_opt_config(folder)
    try:
        config: OPTConfig = OPTConfig.from_dict(content)
    # transformers checks fields with an exception type of its own, which is none of Python's.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise CensusError(
            f"{path}: not a valid OPT configuration ({reason}). Correct this file, or download it again."
        ) from error
    require_sizes({key: getattr(config, key) for key in SIZES}, str(path))
    return config
