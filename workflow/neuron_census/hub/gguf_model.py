"""A model out of a GGUF file, as config.json and tensors of the hub: the one place where weights are dequantised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize
from jaxtyping import Float32

from neuron_census.errors import CensusError
from neuron_census.families.adapter.gguf_names import GgufNames
from neuron_census.families.adapter.known import family_in_gguf, family_named

READ = ("F32", "F16", "Q8_0", "Q4_1", "Q4_0")
"""Types of tensors that are read."""


@dataclass(frozen=True)
class GgufModel:
    """A GGUF file of a family that can be read from one; `names` is how it calls things."""

    file: Path
    reader: GGUFReader
    model_type: str
    names: GgufNames

    @classmethod
    def open(cls, file: Path) -> GgufModel:
        """Open a file and read its metadata. Raises CensusError for one that is damaged or of an unknown family."""
        try:
            reader = GGUFReader(file)
        # The library promises no exceptions for a damaged file.
        except Exception as error:
            raise CensusError(
                f"{file}: cannot be read as a GGUF file ({error}). Take another file or distribution."
            ) from error
        architecture = str(_metadata(reader, "general.architecture"))
        model_type = family_in_gguf(architecture)
        names = family_named(model_type).gguf if model_type else None
        if model_type is None or names is None:
            raise CensusError(
                f"{file}: general.architecture is '{architecture}', which is not read from GGUF files. "
                "Choose another model, or give its folder in Hugging Face's format with `path`."
            )
        return cls(file, reader, model_type, names)

    def metadata(self, key: str) -> Any:
        """Return a value of the file's metadata; None for a key that it does not have."""
        return _metadata(self.reader, key)

    def config(self) -> dict[str, Any]:
        """Return the content of config.json, without the ids of special tokens.

        Raises CensusError where a size is missing, or positions are scaled.
        """
        architecture = self.names.architecture
        if self.metadata(f"{architecture}.rope.scaling.type") not in (None, "none"):
            raise CensusError(
                f"{self.file}: its rotary positions are scaled ({architecture}.rope.scaling.type), which is not "
                "read from GGUF files. Give the model's folder in Hugging Face's format with `path`."
            )
        content: dict[str, Any] = {"model_type": self.model_type, **self.names.constants}
        for key, name in self.names.sizes.items():
            value = self.metadata(f"{architecture}.{key}")
            if value is None:
                raise CensusError(
                    f"{self.file}: its metadata lacks '{architecture}.{key}'. Take another file."
                )
            content[name] = value
        stored = {self.names.name(tensor.name) for tensor in self.reader.tensors}
        content["tie_word_embeddings"] = "lm_head.weight" not in stored
        content["vocab_size"] = len(self.metadata("tokenizer.ggml.tokens") or [])
        content["dtype"] = "float32"
        return content

    def tensors(self) -> Iterator[tuple[str, Float32[np.ndarray, ...]]]:
        """Yield every tensor by its name on the hub, as float32.

        Raises CensusError for a tensor that has no place, and for a type that is not read.
        """
        config = self.config()
        for tensor in self.reader.tensors:
            name = self.names.name(tensor.name)
            if name is None:
                raise CensusError(
                    f"{self.file}: the tensor '{tensor.name}' has no place in a {self.model_type} model. Take "
                    "another file, or the model's folder in Hugging Face's format."
                )
            values = dequantized(tensor.data, tensor.tensor_type, f"{self.file}: {tensor.name}")
            values = values.reshape([int(size) for size in tensor.shape[::-1]])
            key = self.names.heads_of.get(tensor.name.partition(".")[2].partition(".")[2])
            if key is not None:
                values = in_halves(values, heads=int(config[key]))
            yield name, np.ascontiguousarray(values)


def dequantized(
    stored: np.ndarray, kind: GGMLQuantizationType, place: str
) -> Float32[np.ndarray, ...]:
    """Return the values of a stored tensor.

    Parameters
    ----------
    stored
        bytes of blocks, or floats
    kind
        type of the tensor, one of `READ`
    place
        file and name, for a message

    Raises CensusError for any other type.
    """
    if kind.name not in READ:
        raise CensusError(
            f"{place} is stored as {kind.name}, expected one of {', '.join(READ)}. Take a file that is "
            "quantised otherwise."
        )
    values: Float32[np.ndarray, ...] = dequantize(stored, kind).astype(np.float32)
    return values


def in_halves(
    rows: Float32[np.ndarray, "rows width"], *, heads: int
) -> Float32[np.ndarray, "rows width"]:
    """Return the rows of queries or keys in the order of transformers: of each head the first half, then the second.

    >>> in_halves(np.arange(8, dtype=np.float32)[:, None], heads=2).ravel().tolist()
    [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]
    """
    count, width = rows.shape
    return rows.reshape(heads, count // heads // 2, 2, width).swapaxes(1, 2).reshape(count, width)


def _metadata(reader: GGUFReader, key: str) -> Any:
    field = reader.get_field(key)
    return None if field is None else field.contents()
