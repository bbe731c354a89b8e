"""Stores that tests make in their place, finished as the stages finish theirs, and files that decay."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import zarr

from neuron_census.formats.seal import seal, seal_path
from neuron_census.formats.zarr_store import mark_complete


def finish_store(group: zarr.Group, path: Path, facts: Mapping[str, str] | None = None) -> None:
    """Mark a store as complete and seal it, again where it was sealed before."""
    mark_complete(group)
    seal(path, facts)


def let_decay(store: Path, file: Path, content: bytes) -> None:
    """Change what a file of a store holds as a bad disk does: nothing tells that it was touched."""
    file.write_bytes(content)
    if file == seal_path(store):
        return
    # A time of change cannot be set back, but the seal's can be later, once the clock has moved on.
    while seal_path(store).stat().st_ctime_ns <= file.stat().st_ctime_ns:
        os.utime(seal_path(store))
