"""Where to compute: the CPU, or a GPU that no other job of this machine has taken."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import torch

from neuron_census.errors import CensusError
from neuron_census.progress import note


@contextmanager
def acquire_device(
    name: Literal["auto", "cpu", "cuda"], locks: Path | None = None
) -> Iterator[torch.device]:
    """Choose a device, and while inside keep other jobs of this machine from choosing the same GPU.

    Only GPUs that `CUDA_VISIBLE_DEVICES` leaves visible are looked at: what a scheduler chose is
    obeyed. The first of them that is not taken is; if all are, the one with the most free memory is
    shared. A job that ends, in whatever way, releases its GPU.

    Parameters
    ----------
    name
        auto takes a GPU if there is one
    locks
        folder of the lock files that all jobs of the machine share; by default that of temporary files

    Raises CensusError for `cuda` where torch sees no GPU.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        yield torch.device("cpu")
        return
    if not torch.cuda.is_available():
        raise CensusError(
            "record.device is 'cuda' and torch sees no GPU here. Set it to 'auto' or 'cpu', or install "
            "a CUDA build of torch."
        )
    folder = Path(tempfile.gettempdir()) if locks is None else locks
    visible = range(torch.cuda.device_count())
    for number in visible:
        # A GPU is known by its own identifier: its number depends on which ones a job sees.
        identifier = str(torch.cuda.get_device_properties(number).uuid)
        lock = _lock(folder / f"neuron-census-gpu-{identifier}.lock")
        if lock is not None:
            with lock:
                yield _current(number)
            return
    freest = max(visible, key=lambda number: torch.cuda.mem_get_info(number)[0])
    if len(visible) > 1:
        note(f"all {len(visible)} GPUs are taken by other jobs; sharing number {freest}")
    yield _current(freest)


def _current(number: int) -> torch.device:
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def _lock(file: Path) -> IO[bytes] | None:
    """Return an open file with its lock, which the system releases with the process; None if it cannot be had."""
    try:
        opened = os.fdopen(_open(file), "rb")
    except OSError as error:
        # Whether another user's job has this GPU cannot be told: it counts as taken.
        note(
            f"{file}: this lock of a GPU cannot be opened ({error.strerror}); another user may own it"
        )
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Another job has it, or this disk knows no locks.
        opened.close()
        return None
    return opened


def _open(file: Path) -> int:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    except FileExistsError:
        # A lock can be had by reading, too, whoever made the file.
        return os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    # Whatever the mask of this user: other users' jobs must be able to open it.
    os.fchmod(descriptor, 0o666)
    return descriptor
