"""The recording store: what one model did on one shard of windows (contract: design section 5).

    active/{layer}     uint8 [ffn_dim, bytes]               bits along the shard's n-gram tokens
    counts/active      int64 [layer, domain, ffn_dim]       dead study, BOS left out
    counts/active_at_bos int64 [layer, domain, ffn_dim]     dead study, BOS only
    counts/positions   uint  [domain, layer, T, ffn_dim]    only where the shard has such windows

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
# What must be the same in all that is read together.
FACTS = ("model", "revision", "weights", "dtype", "windows")
# Tokens of one Zarr shard along the bits: what a layer's buffer holds before it is written.
SHARD_TOKENS = 1 << 14
# Neurons of one chunk; with the tokens above a chunk is 1 MiB of bits.
CHUNK_NEURONS = 512


def create_bits(group: zarr.Group, layer: int, ffn_dim: int, tokens: int) -> zarr.Array[Any]:
    """Create `active/{layer}` for `tokens` tokens, uint8 `[ffn_dim, ceil(tokens / 8)]`."""
    neurons = min(CHUNK_NEURONS, ffn_dim)
    return group.create_array(
        f"active/{layer}",
        shape=(ffn_dim, -(-tokens // 8)),
        dtype=np.uint8,
        chunks=(neurons, SHARD_TOKENS // 8),
        shards=(-(-ffn_dim // neurons) * neurons, SHARD_TOKENS // 8),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        config=WHOLE,
    )


def create_counts(
    group: zarr.Group, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> zarr.Array[Any]:
    """Create an array of counts in a recording or counts store, a chunk for each entry of all but two axes."""
    chunk = (1,) * (len(shape) - 2) + shape[-2:]
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunk,
        compressors=[BloscCodec(cname="zstd", clevel=3), Crc32cCodec()],
        config=WHOLE,
    )


def facts_of(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return what names model, weights and windows in the seal of what a recording became."""
    return {key: str(attributes[key]) for key in FACTS if key in attributes}


def open_recording(path: Path) -> zarr.Group:
    """Open a finished recording for reading.

    Raises
    ------
    CensusError
        if there is none, or it is not finished, or another version wrote it
    """
    return open_complete(path, FORMAT, VERSION)


def smallest_unsigned(largest: int) -> np.dtype[Any]:
    """The smallest unsigned dtype that holds counts up to `largest`.

    >>> smallest_unsigned(255), smallest_unsigned(256)
    (dtype('uint8'), dtype('uint16'))
    """
    for dtype in (np.uint8, np.uint16, np.uint32):
        if largest <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    raise CensusError(
        f"{largest} windows in one shard are too many; set record.shard_tokens lower."
    )
