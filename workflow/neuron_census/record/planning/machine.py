"""What this machine has: threads, and memory and disk that are still free."""

from __future__ import annotations

import shutil
from pathlib import Path

import numba
import torch

from neuron_census.record.planning.host_memory import free_host_memory, read_size
from neuron_census.record.planning.plan import Memory


def set_threads(threads: int) -> None:
    """Let torch and compiled loops compute with so many threads."""
    torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, vars(numba.config)["NUMBA_NUM_THREADS"]))


def free_memory(device: torch.device, memory: str, device_memory: str) -> Memory:
    """Return the memory that can still be taken on a device, which on a CPU is the host, and on the host.

    Parameters
    ----------
    device
        where to compute
    memory
        the most memory of the host that the process may have, such as 8GB, or auto
    device_memory
        the most memory of the GPU to take, or auto

    Raises CensusError for what is not a size.
    """
    host = free_host_memory(read_size(memory, "--memory"))
    allowed = read_size(device_memory, "--device-memory")
    if device.type == "cpu":
        return Memory(host, host)
    free = int(torch.cuda.mem_get_info(device)[0])
    return Memory(free if allowed is None else min(free, allowed), host)


def free_disk(path: Path) -> int:
    """Return the bytes that are free on the disk of a path, which need not exist yet."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
