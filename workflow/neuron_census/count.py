"""Count: merge the recordings of all shards of a model into exact counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import zarr

from neuron_census.atomic import written_whole
from neuron_census.counts import FORMAT, VERSION
from neuron_census.errors import CensusError
from neuron_census.progress import progress
from neuron_census.recording import create_counts, open_recording, read_checked
from neuron_census.windows import Windows

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
)


def count(*, recordings: list[Path], windows: Path, output: Path) -> None:
    """Add up the counts of all recordings of a model, each shard exactly once.

    Parameters
    ----------
    recordings
        the recording stores of all shards, in any order
    windows
        the window table that they were made from
    output
        the counts store
    """
    table = Windows.open(windows)
    groups = {path: open_recording(path) for path in recordings}
    shared = _agreeing(groups, table)
    studied = _windows_by_domain(table)
    with written_whole(output) as folder:
        store = zarr.open_group(folder, mode="w")
        store.attrs.update(
            {
                "format": FORMAT,
                "version": VERSION,
                **shared,
                "tokens": [table.tokens_of_study("dead", domain) for domain in table.domains],
                "windows": studied["dead"],
                "position_windows": studied["positions"],
            }
        )
        shape = (shared["num_layers"], len(table.domains), shared["ffn_dim"])
        for name in ("active", "active_at_bos"):
            total = np.zeros(shape, dtype=np.int64)
            for path, group in groups.items():
                total += read_checked(group, f"counts/{name}", ..., path)
            create_counts(store, name, shape, total.dtype)[:] = total
        _add_positions(store, groups, (len(table.domains), shared["num_layers"]), shared)
        store.attrs["complete"] = True


def _add_positions(
    store: zarr.Group,
    groups: dict[Path, zarr.Group],
    blocks: tuple[int, int],
    shared: dict[str, Any],
) -> None:
    """Add up the position counts, one (domain, layer) at a time: together they may exceed memory."""
    parts = {path: group for path, group in groups.items() if "counts/positions" in group}
    if not parts:
        return
    block = (shared["window_length"], shared["ffn_dim"])
    array = create_counts(store, "positions", (*blocks, *block), np.dtype(np.uint32))
    places = list(np.ndindex(*blocks))
    with progress(what="adding positions", unit="block", total=len(places)) as bar:
        for place in places:
            total = np.zeros(block, dtype=np.uint32)
            for path, group in parts.items():
                total += read_checked(group, "counts/positions", place, path)
            array[place] = total
            bar.update()


def _agreeing(groups: dict[Path, zarr.Group], table: Windows) -> dict[str, Any]:
    """What the recordings were made from; CensusError unless all agree and every shard is there once."""
    attributes: dict[Path, dict[str, Any]] = {
        path: dict(group.attrs.asdict()) for path, group in groups.items()
    }
    first_path, first = next(iter(attributes.items()))
    remedy = "Remove the one that is out of date, and the workflow makes it again."
    for path, found in attributes.items():
        for key in SHARED:
            if found[key] != first[key]:
                raise CensusError(
                    f"{path}: was recorded with {key} {found[key]!r}, and {first_path} with "
                    f"{first[key]!r}. {remedy}"
                )
        if found["windows"] != table.digest:
            raise CensusError(
                f"{path}: was recorded from other windows than those of {table.path}. {remedy}"
            )
    shards = sorted(found["shard"] for found in attributes.values())
    if shards != list(range(table.shards)):
        raise CensusError(
            f"{first_path.parent}: found recordings of the shards {shards}, expected each of "
            f"0 to {table.shards - 1} once."
        )
    return {key: first[key] for key in SHARED}


def _windows_by_domain(table: Windows) -> dict[str, list[int]]:
    """For each study the number of its windows in each domain, in the order of the domains."""
    rows = pl.scan_parquet(table.path)
    return {
        study: [
            rows.filter(pl.col(study) & (pl.col("domain") == domain))
            .select(pl.len())
            .collect()
            .item()
            for domain in table.domains
        ]
        for study in ("dead", "positions")
    }
