"""Zarr stores that are either whole or refused: finishing, opening, reading with every byte checked.

Chunks carry a crc32c (see `recording`, `counts`, `ngram_index`). What is said beside them, shapes, types and
attributes, is under a sha256 of its own, which the root's attributes keep as `metadata_sha256`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Shaped
from zarr.core.array_spec import ArrayConfigLike

from neuron_census.errors import MADE_AGAIN, CensusError

# Chunks of zeros are written like any other, so that a chunk that is missing is known to be lost.
WHOLE: ArrayConfigLike = {"write_empty_chunks": True}
METADATA = "zarr.json"
DIGEST = "metadata_sha256"


def mark_complete(group: zarr.Group, path: Path) -> None:
    """Mark a store as complete; nothing may be written to it after.

    Parameters
    ----------
    group, path
        the store and its folder
    """
    group.attrs["complete"] = True
    group.attrs[DIGEST] = _metadata_digest(path, _metadata(path / METADATA))


def open_complete(path: Path, kind: str, version: int) -> zarr.Group:
    """Open a finished store of a kind and version for reading.

    Raises
    ------
    CensusError
        if there is none, it is of another kind or version, not finished, or damaged
    """
    if not (path / METADATA).is_file():
        raise CensusError(f"{path}: expected a {kind} store and found none.")
    metadata = _metadata(path / METADATA)
    attributes = metadata.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
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
    if attributes.get(DIGEST) != _metadata_digest(path, metadata):
        raise CensusError(
            f"{path}: the {METADATA} files of this {kind} store do not match their checksum: one was "
            f"damaged, changed or lost. {MADE_AGAIN}"
        )
    group = zarr.open_group(path, mode="r")
    with warnings.catch_warnings():
        # Snakemake leaves a file of its own in a folder that it has made.
        warnings.filterwarnings("ignore", message=".*snakemake_timestamp.*")
        members = list(group.members(max_depth=None))
    for name, member in members:
        if isinstance(member, zarr.Array) and member.nchunks_initialized < member.nchunks:
            raise CensusError(
                f"{path}: array '{name}' has {member.nchunks_initialized} of {member.nchunks} chunks; "
                f"files of the store are missing. {MADE_AGAIN}"
            )
    # Zarr takes an empty file for chunks that nobody wrote, and those for zeros.
    for file in sorted(path.rglob("c/**/*")):
        if file.is_file() and not file.stat().st_size:
            array = file.relative_to(path).as_posix()
            raise CensusError(
                f"{path}: array '{array.partition('/c/')[0]}': {array} is empty. {MADE_AGAIN}"
            )
    return group


def read_checked(
    group: zarr.Group, name: str, selection: Any, path: Path
) -> Shaped[np.ndarray, ...]:
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


def _metadata(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise CensusError(f"{file}: damaged; found no JSON ({error}). {MADE_AGAIN}") from error
    if not isinstance(found, dict):
        raise CensusError(f"{file}: damaged; expected a JSON object. {MADE_AGAIN}")
    return found


def _metadata_digest(path: Path, root: dict[str, Any]) -> str:
    """Sha256 of all that the store says of itself, without this digest; in whatever order it is written."""
    attributes = {key: value for key, value in root["attributes"].items() if key != DIGEST}
    digest = hashlib.sha256(_canonical(root | {"attributes": attributes}))
    for file in sorted(path.rglob(METADATA)):
        if file.parent != path:
            digest.update(f"\0{file.relative_to(path).as_posix()}\0".encode())
            digest.update(_canonical(_metadata(file)))
    return digest.hexdigest()


def _canonical(metadata: dict[str, Any]) -> bytes:
    return json.dumps(metadata, sort_keys=True).encode()
