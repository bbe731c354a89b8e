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
from neuron_census.formats.zarr_store import WHOLE, open_complete

FORMAT = "neuron-census recording"
VERSION = 1
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
