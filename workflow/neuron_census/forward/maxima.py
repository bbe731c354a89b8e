"""The largest pre-activation of each neuron in each window, and where it is.

Twice, with the same meaning to the bit: compiled loops for arrays in host memory, and tensor operations for a
GPU. Of several positions with the largest value the first one counts; the BOS position is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int32, Int64, Shaped
from torch import Tensor

from neuron_census.loops.maxima import find_half_maxima, find_maxima

HALVES = (torch.bfloat16, torch.float16)
"""Types that loops read as the integers of the same bits."""


@dataclass(frozen=True)
class Maxima:
    """The largest value of each window, `-inf` where it holds no token of text, and the first position that has it."""

    values: Float[Tensor, "windows neurons"]
    positions: Int32[Tensor, "windows neurons"]


def maxima_by_loops(
    values: Float[Tensor, "rows neurons"],
    starts: Int64[np.ndarray, " windows"],
    lengths: Int64[np.ndarray, " windows"],
) -> Maxima:
    """Return the maxima of windows in host memory.

    Parameters
    ----------
    values
        pre-activations without NaN, any float dtype
    starts
        the row of each window's BOS
    lengths
        tokens of each window, BOS included
    """
    shape = (len(starts), values.shape[1])
    if values.dtype in HALVES:
        keys = np.full(shape, np.iinfo(np.int16).min, dtype=np.int16)
        places = np.zeros(shape, dtype=np.int16)
        find_half_maxima(values.view(torch.int16).numpy(), starts, lengths, keys, places)
        return Maxima(_as_halves(keys, values.dtype), torch.from_numpy(places.astype(np.int32)))
    array = values.numpy()
    maxima = np.full(shape, -np.inf, dtype=array.dtype)
    # As wide as the values, so that one instruction compares and moves both.
    positions = np.zeros(shape, dtype=np.int32 if array.itemsize == 4 else np.int64)
    find_maxima(array, starts, lengths, maxima, positions)
    return Maxima(torch.from_numpy(maxima), torch.from_numpy(positions.astype(np.int32)))


def maxima_by_tensors(
    values: Float[Tensor, "windows length neurons"], inside: Bool[Tensor, "windows length"] | None
) -> Maxima:
    """Return the maxima of windows by tensor operations.

    Parameters
    ----------
    values
        pre-activations without NaN
    inside
        which positions hold a token; None where all do
    """
    text = values[:, 1:]
    if inside is not None:
        text = torch.where(inside[:, 1:, None], text, -torch.inf)
    if text.shape[1] == 0:
        nothing = values.new_full((len(values), values.shape[2]), -torch.inf)
        return Maxima(nothing, torch.zeros_like(nothing, dtype=torch.int32))
    found = text.max(dim=1)
    return Maxima(found.values, (found.indices + 1).int())


def _as_halves(
    keys: Shaped[np.ndarray, "windows neurons"], dtype: torch.dtype
) -> Float[Tensor, "windows neurons"]:
    """Return the values of which the loops made numbers in their order; the least number stands for no token."""
    magnitude = np.abs(keys.astype(np.int32))
    bits = np.where(keys < 0, magnitude | 0x8000, magnitude).astype(np.uint16)
    values = torch.from_numpy(bits.view(np.int16)).view(dtype)
    none = torch.from_numpy(keys == np.iinfo(np.int16).min)
    return torch.where(none, -torch.inf, values)
