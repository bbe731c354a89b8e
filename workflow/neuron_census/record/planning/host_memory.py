"""How much memory this process may still take: of the machine, of its job, and of what the user allows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from neuron_census.errors import CensusError

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
CGROUPS = Path("/sys/fs/cgroup")


def read_size(given: str, key: str) -> int | None:
    """Read a number of bytes as a person writes it; None for `auto`.

    >>> read_size("8GB", "--memory"), read_size("1.5 G", "--memory"), read_size("auto", "--memory")
    (8000000000, 1500000000, None)

    Parameters
    ----------
    given
        a number with a unit (kB, MB, GB, TB; powers of 1000), or `auto`
    key
        that it is the value of, for the message

    Raises CensusError for anything else.
    """
    if given == "auto":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKMGT]?)B?", given.strip())
    if not match or not float(match.group(1)):
        raise CensusError(f"{key}: found '{given}', expected a size such as 8GB, or 'auto'.")
    return int(float(match.group(1)) * UNITS[match.group(2).upper()])


def free_host_memory(allowed: int | None) -> int:
    """Return the bytes that this process can still take.

    The least of what the machine has available, what its control groups leave (the limit of a job
    or a container), what Slurm granted the job, and what the user allows the process in all.

    Parameters
    ----------
    allowed
        most bytes that the process shall have, those that it has already included; None for no limit
    """
    held = psutil.Process().memory_info().rss
    free = [psutil.virtual_memory().available, *cgroup_memory(CGROUPS, Path("/proc/self/cgroup"))]
    granted = slurm_memory(os.environ)
    free += [limit - held for limit in (allowed, granted) if limit is not None]
    return max(0, min(free))


def slurm_memory(environment: Mapping[str, str]) -> int | None:
    """Return the bytes that Slurm granted a job on this node; None outside a job, or without a limit."""
    whole = environment.get("SLURM_MEM_PER_NODE", "")
    if whole.isdigit() and int(whole):
        return int(whole) << 20
    each = environment.get("SLURM_MEM_PER_CPU", "")
    cpus = environment.get("SLURM_CPUS_ON_NODE", "")
    if each.isdigit() and cpus.isdigit() and int(each):
        return int(each) * int(cpus) << 20
    return None


def cgroup_memory(root: Path, membership: Path) -> Iterator[int]:
    """Return what each control group around a process leaves of its limit, in bytes, versions 1 and 2.

    Parameters
    ----------
    root
        where control groups are mounted
    membership
        the process's file `cgroup` in /proc
    """
    if not membership.is_file():
        return
    for line in membership.read_text(encoding="utf-8").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            top, limit, used, cache = root, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            top, limit, used = root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cache = "total_inactive_file"
        else:
            continue
        group = top / name.strip("/")
        # Inside a container the path may be that of the host; then the top is the container's own.
        for folder in [group, *group.parents] if group.is_dir() else [top]:
            if (most := _number(folder / limit)) is not None:
                kept = _entry(folder / "memory.stat", cache)
                yield most - (_number(folder / used) or 0) + kept
            if folder == top:
                break


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _entry(file: Path, key: str) -> int:
    """Return what the file says of `key`: page cache counts as used, and is given back when it is needed."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [key]), 0)
