"""Host memory that a GPU copies from and to by itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def pinned_memory(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return fresh page-locked host memory, into and out of which a GPU copies while the host goes on."""
    return torch.empty(tuple(shape), dtype=dtype, pin_memory=True)
