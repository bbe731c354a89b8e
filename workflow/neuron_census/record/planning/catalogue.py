"""A model to plan for: a folder with a config.json, or a name of the config's catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import PreTrainedConfig

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.config import read_config
from neuron_census.checkpoint.files import has_weights
from neuron_census.checkpoint.published import published_config
from neuron_census.errors import CensusError, one_of
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.plan import DTYPES

# Of a catalogue entry, and of `record` itself, that names no other.
DTYPE = "float32"


@dataclass(frozen=True)
class PlannedModel:
    """The sizes of a model, whether or not it was downloaded, and the type that its catalogue entry names."""

    name: str
    config: PreTrainedConfig
    size: ModelSize
    dtype: str = DTYPE


def planned_model(checkpoint: str, config: Mapping[str, Any]) -> PlannedModel:
    """Return what a plan needs to know of a model.

    Parameters
    ----------
    checkpoint
        a folder with config.json, with or without weights, or else a name under `checkpoints` of the config
    config
        the config with the catalogue, as `read_configs` returns it

    Raises CensusError for what is neither, and for a model whose shape is not known.
    """
    folder = Path(checkpoint)
    if folder.is_dir():
        return _in_folder(checkpoint, folder)
    catalogue = config.get("checkpoints")
    catalogue = catalogue if isinstance(catalogue, dict) else {}
    entry = catalogue.get(checkpoint)
    if not isinstance(entry, dict):
        raise CensusError(
            f"{checkpoint}: neither a folder nor a name under `checkpoints` of the config; "
            f"{one_of(checkpoint, list(map(str, catalogue)))}"
        )
    dtype = str(entry.get("dtype", DTYPE))
    if dtype not in DTYPES:
        raise CensusError(
            f"checkpoints.{checkpoint}.dtype: found '{dtype}'; {one_of(dtype, list(DTYPES))}"
        )
    if (source := entry.get("hub") or entry.get("pypi")) is not None:
        shape = published_config(str(source))
        return PlannedModel(checkpoint, shape, ModelSize.of(shape, _stored(shape)), dtype)
    if "path" not in entry:
        raise CensusError(
            f"checkpoints.{checkpoint}: is trained by the workflow, so that its shape is not known "
            "here. Name its folder once it is trained."
        )
    found = _in_folder(checkpoint, Path(str(entry["path"])))
    return PlannedModel(checkpoint, found.config, found.size, dtype)


def read_configs(files: Sequence[Path]) -> dict[str, Any]:
    """Return a config from files of which each is laid over those before, as Snakemake does it.

    Mappings are added to, lists and values are replaced. Raises CensusError for a file that is missing or no
    YAML mapping.
    """
    merged: dict[str, Any] = {}
    for file in files:
        _lay_over(merged, _read_yaml(file))
    return merged


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = value


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CensusError(
            f"{file}: cannot be read ({error.strerror}). Name the config with --config-files."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CensusError(f"{file}: broken YAML ({reason}). Correct that line.") from error
    if not isinstance(content, dict):
        raise CensusError(f"{file}: holds no mapping. Name a config, such as config/config.yaml.")
    return content


def _in_folder(name: str, folder: Path) -> PlannedModel:
    if folder.is_dir() and has_weights(folder):
        opened = Checkpoint.open(folder)
        return PlannedModel(name, opened.config, ModelSize.of_checkpoint(opened))
    config = read_config(folder)
    return PlannedModel(name, config, ModelSize.of(config, _stored(config)))


def _stored(config: PreTrainedConfig) -> torch.dtype:
    """The type that weights are said to be stored in; half precision if none is said."""
    return DTYPES.get(str(config.dtype).removeprefix("torch."), torch.float16)
