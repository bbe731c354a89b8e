"""Count: merge the recordings of all shards of a model into exact counts.

count(recordings=[Path("recordings/m/0.zarr"), Path("recordings/m/1.zarr")],
      windows=Path("windows/opt/windows.parquet"), output=Path("counts/m.zarr"))
Counts.open(Path("counts/m.zarr")).active()     # activations, [layer, domain, neuron]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import zarr

from neuron_census.count.evidence import evidence_shapes, merge_evidence
from neuron_census.count.recordings import check_recordings_agree
from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.counts import FORMAT, VERSION, create_positions, create_totals
from neuron_census.formats.documents import StudyDocuments
from neuron_census.formats.recording import facts_of, open_recording
from neuron_census.formats.seal import sealed
from neuron_census.formats.windows import Windows
from neuron_census.formats.zarr_store import mark_complete, read_checked
from neuron_census.progress import progress, speak_of


def count(*, recordings: list[Path], windows: Path, output: Path) -> None:
    """Add up the counts of all recordings of a model, each shard exactly once.

    Parameters
    ----------
    recordings
        the recording stores of all shards, in any order
    windows
        the window table that they were made from
    output
        where to write the counts store
    """
    table = Windows.open(windows)
    groups = {path: open_recording(path) for path in recordings}
    shared = check_recordings_agree(groups, table.shards, table.digest, table.path)
    speak_of(shared["model"])
    documents = StudyDocuments.of(table)
    _check_arrays(groups, shared, _shards_with_positions(table), documents)
    layers, domains, ffn_dim = shared["num_layers"], len(table.domains), shared["ffn_dim"]
    with sealed(output, facts_of(shared)) as folder:
        store = zarr.open_group(folder, mode="w")
        store.attrs.update(
            {
                "format": FORMAT,
                "version": VERSION,
                **shared,
                "tokens": [table.tokens_of_study("dead", domain) for domain in table.domains],
                **_windows_by_domain(table),
            }
        )
        for name in ("active", "active_at_bos"):
            total = np.zeros((layers, domains, ffn_dim), dtype=np.int64)
            for path, group in groups.items():
                total += read_checked(group, f"counts/{name}", ..., path)
            create_totals(store, name, layers, domains, ffn_dim)[:] = total
        parts = {path: group for path, group in groups.items() if "counts/positions" in group}
        if parts:
            _add_positions(
                create_positions(store, domains, layers, shared["window_length"], ffn_dim), parts
            )
        seen = {path: group for path, group in groups.items() if "windows/active" in group}
        if seen:
            merge_evidence(store, seen, documents, layers, ffn_dim)
        mark_complete(store)


def _add_positions(array: zarr.Array[Any], parts: dict[Path, zarr.Group]) -> None:
    """Add up the position counts, one domain and layer at a time: together they may exceed memory."""
    places = list(np.ndindex(*array.shape[:2]))
    with progress(what="adding positions", unit="block", total=len(places)) as bar:
        for place in places:
            total = np.zeros(array.shape[2:], dtype=array.dtype)
            for path, group in parts.items():
                total += read_checked(group, "counts/positions", place, path)
            array[place] = total
            bar.update()


def _check_arrays(
    groups: dict[Path, zarr.Group],
    shared: dict[str, Any],
    with_positions: set[int],
    documents: StudyDocuments,
) -> None:
    """Check that each recording holds all the counts that its windows call for.

    An array that was lost must not pass for one that was never needed: the sum would be too small.
    """
    layers, domains, ffn_dim = shared["num_layers"], len(shared["domains"]), shared["ffn_dim"]
    for path, group in groups.items():
        expected: dict[str, tuple[int, ...]] = {
            "counts/active": (layers, domains, ffn_dim),
            "counts/active_at_bos": (layers, domains, ffn_dim),
        }
        if group.attrs["shard"] in with_positions:
            expected["counts/positions"] = (domains, layers, shared["window_length"], ffn_dim)
        windows = len(documents.of_shard(int(str(group.attrs["shard"]))))
        expected |= evidence_shapes(windows, layers, ffn_dim, shared["contexts"])
        for name, shape in expected.items():
            array = group.get(name)
            found = array.shape if isinstance(array, zarr.Array) else "none"
            if found != shape:
                raise CensusError(
                    f"{path}: expected the array '{name}' of the shape {shape}, found {found}. {MADE_AGAIN}"
                )


def _shards_with_positions(table: Windows) -> set[int]:
    """Return the shards that have windows of the positions study."""
    return set(table.columns("shard", "positions").filter("positions")["shard"])


def _windows_by_domain(table: Windows) -> dict[str, list[int]]:
    """Return how many windows of each domain the dead study and the positions study read."""
    rows = table.columns("domain", "dead", "positions").group_by("domain")
    sums = {row[0]: row[1:] for row in rows.agg(pl.col("dead", "positions").sum()).iter_rows()}
    dead, positions = zip(*(sums.get(domain, (0, 0)) for domain in table.domains), strict=True)
    return {"dead_windows": list(dead), "position_windows": list(positions)}
