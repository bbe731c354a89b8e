"""Zarr stores that are either whole or refused: finishing, opening, reading with every byte checked.

Chunks carry a crc32c (see `recording`, `counts`, `ngram_index`), which is compared as they are read. The seal
holds sizes and digests of all files; those of shapes, types and attributes are compared at every opening, those
of chunks where a file was touched since.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.core.array_spec import ArrayConfigLike

from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.seal import verify_if_touched

# Chunks of zeros are written like any other, so that a chunk that is missing is known to be lost.
WHOLE: ArrayConfigLike = {"write_empty_chunks": True}
METADATA = "zarr.json"


def mark_complete(group: zarr.Group) -> None:
    """Mark a store as complete; nothing may be written to it after."""
    group.attrs["complete"] = True


def open_complete(path: Path, kind: str, version: int) -> zarr.Group:
    """Open a finished store of a kind and version for reading.

    Raises
    ------
    CensusError
        if there is none, it is of another kind or version, not finished, or not what was sealed
    """
    if not (path / METADATA).is_file():
        raise CensusError(f"{path}: expected a {kind} store and found none.")
    verify_if_touched(path, always=METADATA)
    attributes = json.loads((path / METADATA).read_bytes()).get("attributes", {})
    found = attributes.get("format")
    if found != kind:
        raise CensusError(f"{path}: expected a {kind} store, found format '{found}'. {MADE_AGAIN}")
    if attributes.get("version") != version:
        raise CensusError(
            f"{path}: this {kind} store has version {attributes.get('version')}, and version "
            f"{version} is needed. {MADE_AGAIN}"
        )
    if attributes.get("complete") is not True:
        raise CensusError(f"{path}: this {kind} store was never finished. {MADE_AGAIN}")
    return zarr.open_group(path, mode="r")


def read_checked(group: zarr.Group, name: str, selection: Any, path: Path) -> np.ndarray:
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
    array = group.get(name)
    if not isinstance(array, zarr.Array):
        raise CensusError(f"{path}: '{name}' is no array.")
    try:
        return np.asarray(array[selection])
    except ValueError as error:
        damaged = ", ".join(itertools.islice(_damaged(array), 3)) or "which one is not known"
        raise CensusError(
            f"{path}: array '{name}', chunk {damaged}: the stored bytes do not match their checksum. "
            f"{MADE_AGAIN}"
        ) from error


def _damaged(array: zarr.Array[Any]) -> Iterator[str]:
    """Name the chunks that cannot be read: their place in the grid, and the file they are in."""
    within = array.shards or array.chunks
    starts = [range(0, size, step) for size, step in zip(array.shape, array.chunks, strict=True)]
    for corner in itertools.product(*starts):
        try:
            array[
                tuple(slice(at, at + step) for at, step in zip(corner, array.chunks, strict=True))
            ]
        except ValueError:
            place = [at // step for at, step in zip(corner, array.chunks, strict=True)]
            file = [at // step for at, step in zip(corner, within, strict=True)]
            yield f"{tuple(place)} in {'/'.join([array.path, 'c', *map(str, file)])}"
