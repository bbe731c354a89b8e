"""A checkpoint's digest, taken once and remembered beside what was made from it.

Taking it reads every byte of the weights, which for a large model takes longer than recording a shard.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

from neuron_census.checkpoint.checkpoint import Checkpoint

# A file changed this shortly before it was looked at may change again without a new time (seconds).
CLOCK_SECONDS = 2.0


def remembered_digest(checkpoint: Checkpoint, note: Path, *, threads: int) -> str:
    """Return the digest of a checkpoint's weights, from a note if no file has changed since.

    A file has not changed if its path, inode and size are the same, and the times of its last
    modification and of its last change of status, which a user cannot set. A digest of files that
    had just been written is not noted.

    Parameters
    ----------
    checkpoint
        the checkpoint
    note
        file that remembers the digest; made where it is missing, overwritten where it is of other files
    threads
        number of pieces that are read and hashed at a time
    """
    remembered = recall_digest(checkpoint, note)
    if remembered is not None:
        return remembered
    state = _state(checkpoint)
    began = time.time()
    newest = max(file.stat().st_ctime for file in checkpoint.files)
    digest = checkpoint.digest(threads=threads)
    if began - newest > CLOCK_SECONDS and _state(checkpoint) == state:
        _write(note, json.dumps({"state": state, "digest": digest}))
    return digest


def recall_digest(checkpoint: Checkpoint, note: Path) -> str | None:
    """Return the digest that a note remembers of a checkpoint; None if it has none, or files changed since.

    Parameters
    ----------
    checkpoint
        the checkpoint
    note
        as `remembered_digest` writes it
    """
    remembered = _read(note)
    return str(remembered["digest"]) if remembered.get("state") == _state(checkpoint) else None


def _state(checkpoint: Checkpoint) -> list[object]:
    """Return what changes when the weights do: of each tensor where it lies, of each file what it is."""
    tensors = [
        f"{name} {tensor.file.name} {tensor.offset} {tensor.dtype} {tensor.shape} {tensor.stride}"
        for name, tensor in sorted(checkpoint.tensors.items())
    ]
    layout = hashlib.sha256("\n".join([checkpoint.digest_heading, *tensors]).encode()).hexdigest()
    return [layout, *(_file_state(file) for file in checkpoint.files)]


def _file_state(file: Path) -> list[object]:
    found = file.stat()
    times = [found.st_mtime_ns, found.st_ctime_ns]
    return [str(file.resolve()), found.st_dev, found.st_ino, found.st_size, *times]


def _read(note: Path) -> dict[str, object]:
    try:
        remembered = json.loads(note.read_bytes())
    except (OSError, ValueError, RecursionError):
        # Nothing is remembered, or nothing that can be read: the digest is taken anew.
        return {}
    return remembered if isinstance(remembered, dict) and "digest" in remembered else {}


def _write(note: Path, text: str) -> None:
    # Jobs of several shards may do so at once: each writes a file of its own, and the last one stays.
    note.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=note.parent, prefix=f"{note.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(temporary, note)
