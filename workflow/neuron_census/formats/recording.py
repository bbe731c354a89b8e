"""recordings/{model}/{shard}.zarr: what one model did on one shard of windows.

    group = open_recording(path)
    read_checked(group, "counts/active", ..., path)     # [layer, domain, neuron]
    read_checked(group, "active/0", ..., path)          # bits of layer 0, [neuron, octet]
    "counts/positions" in group                         # whether the shard has such windows

Every chunk is compressed with zstd and carries a crc32c.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec

from neuron_census.errors import CensusError
from neuron_census.formats.context import TOKENS
from neuron_census.formats.zarr_store import WHOLE, open_complete

FORMAT = "neuron-census recording"
VERSION = 2
FACTS = ("model", "revision", "weights", "dtype", "windows")
"""What must be the same in everything that is read together."""
TOKENS_PER_FILE = 1 << 14
"""Tokens in one file (a Zarr shard) of a layer's bits: what a layer's buffer holds before it is written."""
CHUNK_NEURONS = 512
"""Neurons of a chunk of bits, which holds 1 MiB with the tokens above."""
BITS = ("neuron", "octet")
TOTALS = ("layer", "domain", "neuron")
POSITIONS = ("domain", "layer", "position", "neuron")
"""Names of the axes of bits, of counts in the dead study, and of counts at positions."""


def create_bits(group: zarr.Group, layer: int, ffn_dim: int, tokens: int) -> zarr.Array[Any]:
    """Create `active/{layer}` for `tokens` tokens, uint8 `[ffn_dim, ceil(tokens / 8)]`."""
    neurons = min(CHUNK_NEURONS, ffn_dim)
    return group.create_array(
        f"active/{layer}",
        shape=(ffn_dim, -(-tokens // 8)),
        dtype=np.uint8,
        chunks=(neurons, TOKENS_PER_FILE // 8),
        shards=(-(-ffn_dim // neurons) * neurons, TOKENS_PER_FILE // 8),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        dimension_names=BITS,
        config=WHOLE,
    )


def create_counts(
    group: zarr.Group, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> zarr.Array[Any]:
    """Create an array of counts with the axes `TOTALS` or `POSITIONS`; a chunk holds the last two axes."""
    chunk = (1,) * (len(shape) - 2) + shape[-2:]
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunk,
        compressors=[BloscCodec(cname="zstd", clevel=3), Crc32cCodec()],
        dimension_names=TOTALS if len(shape) == len(TOTALS) else POSITIONS,
        config=WHOLE,
    )


HALVES = 2
"""Documents with even numbers and those with odd ones: what the one foretells is counted in the other."""
WINDOW_BITS = ("bos", "layer", "neuron", "octet")
MARGINS = ("bos", "half", "layer", "neuron")
CONTEXT_ARRAYS = {
    "key": np.float64,
    "value": np.float64,
    "window": np.int32,
    "position": np.int32,
    "activations": np.float16,
}
"""Arrays of a kind of contexts, `[layer, neuron, rank]`; `activations` have the tokens as a further axis."""


def create_window_bits(group: zarr.Group, shape: tuple[int, ...]) -> zarr.Array[Any]:
    """Create `windows/active`, bits of the shard's dead-study windows; `shape` is [bos, layer, octets, ffn_dim]."""
    bos, layers, octets, ffn_dim = shape
    return group.create_array(
        "windows/active",
        shape=(bos, layers, ffn_dim, octets),
        dtype=np.uint8,
        chunks=(1, 1, ffn_dim, max(1, octets)),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        dimension_names=WINDOW_BITS,
        config=WHOLE,
    )


def create_margins(group: zarr.Group, name: str, values: np.ndarray) -> None:
    """Write an array with the axes `MARGINS`."""
    array = group.create_array(
        name,
        shape=values.shape,
        dtype=values.dtype,
        chunks=(1, *values.shape[1:]),
        compressors=[BloscCodec(cname="zstd", clevel=3), Crc32cCodec()],
        dimension_names=MARGINS,
        config=WHOLE,
    )
    array[...] = values


def create_context_arrays(
    group: zarr.Group, kind: str, layers: int, ffn_dim: int, most: int
) -> dict[str, zarr.Array[Any]]:
    """Create the arrays of `contexts/{kind}`, a chunk for each layer, and return them by name."""
    arrays = {}
    for name, dtype in CONTEXT_ARRAYS.items():
        tokens = {"token": TOKENS} if name == "activations" else {}
        shape = (layers, ffn_dim, most, *tokens.values())
        arrays[name] = group.create_array(
            f"contexts/{kind}/{name}",
            shape=shape,
            dtype=np.dtype(dtype),
            chunks=(1, *shape[1:]),
            compressors=[BloscCodec(cname="zstd", clevel=3), Crc32cCodec()],
            dimension_names=("layer", "neuron", "rank", *tokens),
            config=WHOLE,
        )
    return arrays


def facts_of(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return what names model, weights and windows in the seal of what a recording became."""
    return {key: str(attributes[key]) for key in FACTS if key in attributes}


def open_recording(path: Path) -> zarr.Group:
    """Return a finished recording, open for reading.

    Raises CensusError if there is none, if it is not finished, or if another version wrote it.
    """
    return open_complete(path, FORMAT, VERSION)


def smallest_unsigned(largest: int) -> np.dtype[Any]:
    """Return the smallest unsigned dtype that holds counts up to `largest`.

    >>> smallest_unsigned(255), smallest_unsigned(256)
    (dtype('uint8'), dtype('uint16'))
    """
    for dtype in (np.uint8, np.uint16, np.uint32):
        if largest <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    raise CensusError(
        f"{largest} windows in one shard are too many; set record.shard_tokens lower."
    )
