"""Which files of a folder hold the weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.paths.json_text import parse_json
from neuron_census.paths.weights import require_weights_beside

SINGLE_FILES = ("model.safetensors", "pytorch_model.bin")
INDEX_FILES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
# The order in which transformers looks for them, so that both read the same file of a folder that
# has several.
LOOKED_FOR = (SINGLE_FILES[0], INDEX_FILES[0], SINGLE_FILES[1], INDEX_FILES[1])


@dataclass(frozen=True)
class WeightFiles:
    """The files with weights of one folder; `index`, where there is one, gives each tensor's file."""

    files: tuple[Path, ...]
    index: dict[str, Path] | None


def has_weights(folder: Path) -> bool:
    """Return whether a folder has any file that weights are looked for in."""
    return any((folder / name).is_file() for name in LOOKED_FOR)


def find_weight_files(folder: Path) -> WeightFiles:
    """Locate the weights of a checkpoint: safetensors before .bin, a single file before shards.

    Parameters
    ----------
    folder
        a folder as `save_pretrained` writes it or the hub ships it

    Raises CensusError where there is no file of weights, or an index that cannot be followed.
    """
    for name in LOOKED_FOR:
        path = folder / name
        if not path.is_file():
            continue
        if name in SINGLE_FILES:
            return WeightFiles((path,), None)
        index = read_index(path)
        return WeightFiles(tuple(sorted(set(index.values()))), index)
    present = sorted(path.name for path in folder.iterdir())
    listed = ", ".join(present[:10]) + (", …" if len(present) > 10 else "")
    raise CensusError(
        f"{folder}: no file with weights. Expected one of {', '.join(LOOKED_FOR)}; found "
        f"{listed or 'nothing'}. Download the checkpoint again, or save the model there with "
        "`save_pretrained`."
    )


def read_index(path: Path) -> dict[str, Path]:
    """Read the index of a sharded checkpoint: the file of each tensor, inside the same folder.

    Parameters
    ----------
    path
        `model.safetensors.index.json` or `pytorch_model.bin.index.json`

    Raises CensusError for an index that is not JSON, or names a file that is missing, of another kind or
    not beside it.
    """
    content = parse_json(path.read_bytes(), str(path), "Download this file again.")
    weight_map = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(weight_map, dict) or not all(
        isinstance(file, str) for file in weight_map.values()
    ):
        raise CensusError(
            f"{path}: expected an object with a key 'weight_map' that gives the file of each "
            "tensor. Download this file again."
        )
    names = sorted(set(weight_map.values()))
    for name in names:
        require_weights_beside(name, f"{path}:")
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        raise CensusError(
            f"{path}: names {len(missing)} of its {len(names)} files that are not in the folder, "
            f"the first {missing[0]}. Download the missing files, or remove the index if the "
            "folder holds a single file."
        )
    return {tensor: path.parent / name for tensor, name in weight_map.items()}
