"""How a training run uses its processor: deterministically, and without asking the system for memory in every step."""

from __future__ import annotations

import ctypes
import os
import sys

import torch

# Of glibc's malloc.h: above which size an array is mapped anew, and how much free memory is kept.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = (1 << 31) - 1
MAPPED_BYTES = 1 << 30


def machine(device: str, threads: int) -> str:
    """Return what a model card says of the machine that made the weights."""
    if device == "cuda":
        return f"a GPU ({torch.cuda.get_device_name()})"
    features = torch.backends.cpu.get_cpu_capability()
    return f"a CPU ({features}, {threads} thread{'s' if threads > 1 else ''})"


def compute_deterministically(device: str) -> None:
    """Make everything that torch computes on a device a function of its input and the number of threads."""
    # Memory that nothing has written to yet is never read here, so that filling it has no effect but time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if device == "cpu":
        torch.use_deterministic_algorithms(True)
        return
    # Some kernels of a GPU have no deterministic form; torch then warns and names them.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)


def keep_freed_memory() -> None:
    """Let this process keep the memory of arrays that it has freed, for the arrays of the next step.

    Otherwise each array of some megabytes is mapped and cleared by the system whenever a step makes it, which
    takes a third of a step on a CPU. Elsewhere than with glibc this does nothing.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
