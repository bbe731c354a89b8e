"""The recording store: what one model did on one shard of windows (contract: design section 5).

    active/{layer}     uint8 [ffn_dim, bytes]               bits along the shard's n-gram tokens
    counts/active      int64 [layer, domain, ffn_dim]       dead study, BOS left out
    counts/active_at_bos int64 [layer, domain, ffn_dim]     dead study, BOS only
    counts/positions   uint  [domain, layer, T, ffn_dim]    only where the shard has such windows

Every chunk is compressed with zstd and carries a crc32c.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec
from zarr.core.array_spec import ArrayConfigLike

from neuron_census.errors import CensusError

FORMAT = "neuron-census recording"
VERSION = 1
# Tokens of one Zarr shard along the bits: what a layer's buffer holds before it is written.
SHARD_TOKENS = 1 << 14
# Neurons of one chunk; with the tokens above a chunk is 1 MiB of bits.
CHUNK_NEURONS = 512
# Chunks of zeros are written like any other, so that a chunk that is missing is known to be lost.
WHOLE: ArrayConfigLike = {"write_empty_chunks": True}


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


def open_recording(path: Path) -> zarr.Group:
    """Open a finished recording for reading.

    Raises
    ------
    CensusError
        if there is none, or it is not finished, or another version wrote it
    """
    return open_complete(path, FORMAT, VERSION)


def open_complete(path: Path, kind: str, version: int) -> zarr.Group:
    """Open a finished store of a kind and version; CensusError for anything else."""
    remedy = "Remove it, and the workflow makes it again."
    try:
        group = zarr.open_group(path, mode="r")
    except FileNotFoundError as error:
        raise CensusError(f"{path}: expected a {kind} store and found none.") from error
    except ValueError as error:
        raise CensusError(
            f"{path}: cannot be read as a {kind} store ({error}). {remedy}"
        ) from error
    found = group.attrs.get("format")
    if found != kind:
        raise CensusError(f"{path}: expected a {kind} store, found format '{found}'. {remedy}")
    if group.attrs.get("version") != version:
        raise CensusError(
            f"{path}: this {kind} store has version {group.attrs.get('version')}, and version "
            f"{version} is needed. {remedy}"
        )
    if group.attrs.get("complete") is not True:
        raise CensusError(f"{path}: this {kind} store was never finished. {remedy}")
    with warnings.catch_warnings():
        # Snakemake leaves a file of its own in a folder that it has made.
        warnings.filterwarnings("ignore", message=".*snakemake_timestamp.*")
        members = list(group.members(max_depth=None))
    for name, member in members:
        if isinstance(member, zarr.Array) and member.nchunks_initialized < member.nchunks:
            raise CensusError(
                f"{path}: array '{name}' has {member.nchunks_initialized} of {member.nchunks} chunks; "
                f"files of the store are missing. {remedy}"
            )
    return group


def read_checked(group: zarr.Group, name: str, selection: Any, path: Path) -> np.ndarray[Any, Any]:
    """Read part of an array of a store; a chunk that fails its checksum is a CensusError that names it.

    Parameters
    ----------
    group, name
        the store and the array in it
    selection
        what to read, as zarr takes it
    path
        of the store, for messages
    """
    array = group[name]
    if not isinstance(array, zarr.Array):
        raise CensusError(f"{path}: '{name}' is no array.")
    try:
        return np.asarray(array[selection])
    except ValueError as error:
        raise CensusError(
            f"{path}: array '{name}', part {selection}: the stored bytes do not match their checksum "
            f"({error}). Remove the store, and the workflow makes it again."
        ) from error


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
