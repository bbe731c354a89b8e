"""Recordings with made counts, in the contract's layout, without any model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from neuron_census.formats.recording import FORMAT, VERSION, create_counts
from neuron_census.formats.seal import seal
from neuron_census.formats.zarr_store import mark_complete


def made_recording(
    path: Path,
    *,
    shard: int,
    windows: str,
    domains: list[str],
    active: np.ndarray,
    active_at_bos: np.ndarray,
    positions: np.ndarray | None = None,
    window_length: int = 8,
    **changes: Any,
) -> Path:
    """Write a finished recording with counts as given; `changes` alter its attributes."""
    group = zarr.open_group(path, mode="w")
    layers, _, ffn_dim = active.shape
    attributes = {
        "format": FORMAT,
        "version": VERSION,
        "model": "made",
        "revision": "",
        "weights": "abc",
        "dtype": "float32",
        "versions": {"torch": "2"},
        "windows": windows,
        "domains": domains,
        "shard": shard,
        "window_length": window_length,
        "num_layers": layers,
        "ngram_layers": layers,
        "ffn_dim": ffn_dim,
    }
    group.attrs.update(attributes | changes)
    create_counts(group, "counts/active", active.shape, active.dtype)[:] = active
    create_counts(group, "counts/active_at_bos", active.shape, active.dtype)[:] = active_at_bos
    if positions is not None:
        create_counts(group, "counts/positions", positions.shape, positions.dtype)[:] = positions
    if changes.get("complete", True):
        mark_complete(group)
    seal(path)
    return path
