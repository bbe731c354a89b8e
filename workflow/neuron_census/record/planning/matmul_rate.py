"""How fast a device multiplies matrices of a model's shape, measured in a moment."""

from __future__ import annotations

import time

import torch

# The largest matrices tried: larger ones are no faster.
TOKENS = {"cpu": 256, "cuda": 1 << 13}
WIDTH = {"cpu": 1 << 10, "cuda": 1 << 12}
SECONDS = 0.02
TIMES = 5
"""Short measurements, of which the best counts: what else a machine is doing slows down some of them, seldom all."""


def matmul_rate(width: int, ffn_dim: int, dtype: torch.dtype, device: torch.device) -> float:
    """Return the floating-point operations per second of `[tokens, width] @ [width, ffn_dim]`, at their best.

    Parameters
    ----------
    width, ffn_dim
        widths of the model; cut down where they are large
    dtype, device
        precision and place of the forward pass
    """
    tokens = TOKENS[device.type]
    width, ffn_dim = min(width, WIDTH[device.type]), min(ffn_dim, 4 * WIDTH[device.type])
    values = torch.ones(tokens, width, dtype=dtype, device=device)
    weight = torch.ones(ffn_dim, width, dtype=dtype, device=device)

    def seconds(repeats: int) -> float:
        _finish(device)
        start = time.perf_counter()
        for _ in range(repeats):
            torch.nn.functional.linear(values, weight)
        _finish(device)
        return time.perf_counter() - start

    seconds(1)
    repeats = 1
    while (best := seconds(repeats)) < SECONDS:
        repeats *= 2
    best = min(best, *(seconds(repeats) for _ in range(TIMES - 1)))
    return 2 * tokens * width * ffn_dim * repeats / best


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
