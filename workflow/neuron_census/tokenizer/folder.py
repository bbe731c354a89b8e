"""The folder of a tokenizer: its files, and what the config.json of its models says.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.families.adapter.known import family_named, known_types
from neuron_census.paths.json_text import parse_json


@dataclass(frozen=True)
class TokenizerFolder:
    """The files of a tokenizer: `whole`, tokenizer.json, or else `pair`, vocab.json and merges.txt.

    `bos` and `longest` are bos_token_id and max_position_embeddings, which a family may call otherwise, of the
    models that it belongs to.
    """

    path: Path
    whole: Path | None
    pair: tuple[Path, Path] | None
    bos: int
    longest: int

    @classmethod
    def open(cls, path: Path) -> TokenizerFolder:
        """Return what a folder holds. Raises CensusError that names the file that is missing or broken."""
        config = _config(path / "config.json")
        whole, vocabulary, merges = (
            path / name for name in ("tokenizer.json", "vocab.json", "merges.txt")
        )
        pair = (vocabulary, merges) if vocabulary.is_file() and merges.is_file() else None
        if not whole.is_file() and pair is None:
            found = ", ".join(sorted(file.name for file in path.iterdir())) or "nothing"
            raise CensusError(
                f"{path}: holds no tokenizer: found {found}; expected tokenizer.json, or vocab.json and "
                "merges.txt. Put them there, or name the folder that has them."
            )
        return cls(path, whole if whole.is_file() else None, pair, *config)


def _config(path: Path) -> tuple[int, int]:
    if not path.is_file():
        raise CensusError(
            f"{path}: is missing. A tokenizer's folder holds the config.json of its model, with "
            "bos_token_id and max_position_embeddings."
        )
    config = parse_json(path.read_bytes(), str(path))
    if not isinstance(config, dict):
        raise CensusError(
            f"{path}: found {type(config).__name__}, expected a JSON object: the config.json of a model."
        )
    model_type, longest = config.get("model_type"), "max_position_embeddings"
    if model_type in known_types():
        longest = family_named(str(model_type)).key(longest)
    return _whole_number(config, "bos_token_id", 0, path), _whole_number(config, longest, 2, path)


def _whole_number(config: dict[str, object], key: str, least: int, path: Path) -> int:
    value = config.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise CensusError(
            f"{path}: {key} is {value!r}, expected a whole number of at least {least}. Take the config.json "
            "of the model that it belongs to."
        )
    return value
