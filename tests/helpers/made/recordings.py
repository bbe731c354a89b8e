"""Recordings of made models, and recordings with given counts and without any model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import zarr

from helpers.made.windows import save_windows
from neuron_census.formats.recording import (
    FORMAT,
    VERSION,
    create_counts,
    create_margins,
    create_window_bits,
    open_recording,
)
from neuron_census.formats.seal import seal
from neuron_census.formats.zarr_store import mark_complete
from neuron_census.record.record import record


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
    dead_windows: int = 0,
    **changes: Any,
) -> Path:
    """Write a finished recording with counts as given; `changes` alter its attributes.

    Of its `dead_windows` none activates any neuron, and there are no contexts.
    """
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
        "contexts": 0,
        "contexts_seed": 0,
    }
    group.attrs.update(attributes | changes)
    create_counts(group, "counts/active", active.shape, active.dtype)[:] = active
    create_counts(group, "counts/active_at_bos", active.shape, active.dtype)[:] = active_at_bos
    if positions is not None:
        create_counts(group, "counts/positions", positions.shape, positions.dtype)[:] = positions
    if dead_windows:
        create_window_bits(group, (2, layers, -(-dead_windows // 8), ffn_dim))[...] = 0
        for name, dtype in (("value", np.float64), ("window", np.int32), ("position", np.int32)):
            create_margins(group, f"margins/{name}", np.zeros((2, 2, layers, ffn_dim), dtype))
    if changes.get("complete", True):
        mark_complete(group)
    seal(path)
    return path


def record_shard(
    folder: Path,
    checkpoint: Path,
    table: pl.DataFrame,
    *,
    shard: int = 0,
    shards: int = 1,
    window: int = 32,
    **options: Any,
) -> zarr.Group:
    """Record a shard of windows on the CPU, in float64 unless `options` say otherwise, and open it.

    The window table and the recording `{shard}.zarr` are written into `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"{shard}.zarr"
    record(
        windows=save_windows(folder, table, window=window, shards=shards),
        checkpoint=checkpoint,
        shard=shard,
        output=output,
        **({"dtype": "float64", "device": "cpu"} | options),
    )
    return open_recording(output)
