"""Checks that the recordings of a model agree, and that no shard is missing or there twice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zarr

from neuron_census.errors import MADE_AGAIN, CensusError

# What all recordings of a model must agree in.
SHARED = (
    "model",
    "revision",
    "weights",
    "dtype",
    "versions",
    "windows",
    "domains",
    "window_length",
    "num_layers",
    "ngram_layers",
    "ffn_dim",
    "contexts",
    "contexts_seed",
)


def check_recordings_agree(
    groups: Mapping[Path, zarr.Group], shards: int, windows: str, made_of: Path
) -> dict[str, Any]:
    """Return what all recordings were made from: the attributes that they share.

    Parameters
    ----------
    groups
        the recordings, open, by their paths
    shards
        how many recordings there should be
    windows
        digest of the windows that they should be made from
    made_of
        the file of these windows, for messages

    Raises CensusError unless all agree and every shard is there once.
    """
    attributes: dict[Path, dict[str, Any]] = {
        path: dict(group.attrs.asdict()) for path, group in groups.items()
    }
    if not attributes:
        raise CensusError(
            f"recordings: found none, expected one of each shard of {made_of}, {shards} in all."
        )
    first_path, first = next(iter(attributes.items()))
    remedy = "Delete the one that is out of date and run again; the workflow rebuilds it."
    for path, found in attributes.items():
        if missing := [key for key in (*SHARED, "shard") if key not in found]:
            raise CensusError(f"{path}: lacks the attributes {', '.join(missing)}. {MADE_AGAIN}")
        for key in SHARED:
            if found[key] != first[key]:
                raise CensusError(
                    f"{path}: was recorded with {key} {found[key]!r}, and {first_path} with "
                    f"{first[key]!r}. {remedy}"
                )
        if found["windows"] != windows:
            raise CensusError(
                f"{path}: was recorded from other windows than those of {made_of}. {remedy}"
            )
    numbers = sorted(found["shard"] for found in attributes.values())
    if numbers != list(range(shards)):
        raise CensusError(
            f"{first_path.parent}: found recordings of the shards {numbers}, expected each of "
            f"0 to {shards - 1} once."
        )
    return {key: first[key] for key in SHARED}
