"""A checkpoint's config.json as transformers reads it, found to be of a known family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING, PreTrainedConfig

from neuron_census.errors import CensusError
from neuron_census.families.adapter.known import family_of
from neuron_census.families.adapter.model_config import read_model_config, require_sizes


def read_config(folder: Path) -> PreTrainedConfig:
    """Return the configuration of a checkpoint, with the defaults of transformers.

    Parameters
    ----------
    folder
        the checkpoint's folder

    Raises CensusError where config.json is missing, not JSON, or of a model that is refused.
    """
    return config_of(read_model_config(folder), str(folder / "config.json"))


def config_of(content: dict[str, Any], place: str) -> PreTrainedConfig:
    """Return the configuration that the content of a config.json describes.

    Parameters
    ----------
    content
        of a family that is known
    place
        where it comes from: the beginning of a message

    Raises CensusError for values that transformers refuses, and for sizes that cannot be.
    """
    try:
        config: PreTrainedConfig = CONFIG_MAPPING[content["model_type"]].from_dict(content)
    # transformers checks fields with an exception type of its own, which is none of Python's.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise CensusError(
            f"{place}: not a valid configuration ({reason}). Correct this file, or download it again."
        ) from error
    family = family_of(config)
    sizes = {key: getattr(config, key) for key in family.sizes}
    given = {
        key: size for key, size in sizes.items() if size is not None or key not in family.optional
    }
    require_sizes(given, place, family)
    return config
