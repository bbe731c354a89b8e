"""Kernels over pre-activations: which neurons are active, counted and packed, and whether all are finite.

A neuron is active where its pre-activation, the input of ReLU, is above zero: then its output is as well.
The kernels that count and pack exist twice, with the same meaning to the bit: compiled loops for arrays in
host memory, which change their target in place, and tensor operations for a GPU, from which only the small
results travel.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float, Int32, Int64, Shaped, UInt, UInt8
from torch import Tensor

from neuron_census.loops.activity import add_active, add_active_by_position, set_active_bits


def count_active(
    values: Float[Tensor, "positions neurons"],
    rows: Int64[np.ndarray, " rows"],
    counts: Int64[np.ndarray, " neurons"],
) -> None:
    """Add to `counts` at how many of `rows` each neuron is active (pre-activation > 0).

    Parameters
    ----------
    values
        pre-activations, any float dtype, in host memory
    rows
        the positions to read
    counts
        one counter per neuron, changed in place
    """
    add_active(_comparable(values), rows, counts)


def pack_active(
    values: Float[Tensor, "positions neurons"],
    rows: Int64[np.ndarray, " rows"],
    bits: UInt8[np.ndarray, "bytes neurons"],
    first: int,
) -> None:
    """Set the bit of every active (row, neuron); the i-th row has bit `first + i`, little order.

    Parameters
    ----------
    values
        pre-activations, any float dtype, in host memory
    rows
        the positions to read
    bits
        bit t of a neuron is bit `t % 8` of byte `t // 8` of its column; zero where not yet written,
        changed in place
    first
        number of the first row's bit
    """
    set_active_bits(_comparable(values), rows, bits, first)


def count_positions(
    values: Float[Tensor, "positions neurons"],
    counts: UInt[np.ndarray, "length neurons"],
) -> None:
    """Add to `counts[position]` in how many full-length windows each neuron is active there.

    Parameters
    ----------
    values
        pre-activations of whole windows, `[windows * T, neurons]`, in host memory
    counts
        `[T, neurons]` of any unsigned dtype that holds the number of windows, changed in place
    """
    add_active_by_position(_comparable(values), counts)


def count_by_position(
    active: Bool[Tensor, "positions neurons"], length: int
) -> Int32[Tensor, "length neurons"]:
    """Return in how many windows of `length` each neuron is active at each position, by tensor operations."""
    return active.view(-1, length, active.shape[1]).sum(dim=0, dtype=torch.int32)


def pack_bits(
    active: Bool[Tensor, "positions neurons"], first: int
) -> UInt8[Tensor, "bytes neurons"]:
    """Return the bits of all positions, little order, after `first` (0 to 7) empty ones, by tensor operations."""
    after = -(first + len(active)) % 8
    if first or after:
        active = torch.nn.functional.pad(active, (0, 0, first, after))
    # Eight neurons, a byte each, are shifted at a time as one number: no bit leaves its byte.
    octets = active.view(torch.uint8)
    lanes = octets if octets.shape[1] % 8 else octets.view(torch.int64)
    eights = lanes.view(-1, 8, lanes.shape[1])
    gathered = eights[:, 0].clone()
    for place in range(1, 8):
        gathered |= eights[:, place] << place
    return gathered.view(torch.uint8)


def all_finite(values: Float[Tensor, "positions neurons"]) -> bool:
    """Return whether no value is NaN or infinite, in one pass that a matrix product hides."""
    # Both show in the least and the greatest value.
    least, greatest = torch.aminmax(values)
    return bool(least.isfinite() & greatest.isfinite())


def finite_rows(values: Float[Tensor, "positions neurons"]) -> Bool[Tensor, " positions"]:
    """Return at which positions no value is NaN or infinite."""
    return values.amin(dim=1).isfinite() & values.amax(dim=1).isfinite()


def _comparable(
    values: Float[Tensor, "positions neurons"],
) -> Shaped[np.ndarray, "positions neurons"]:
    """Return a view that numpy can hold and whose `> 0` means the same.

    Half-precision floats are read as signed integers: their sign bit is the integer's, and every
    positive float has a positive pattern. (NaN is refused before.)
    """
    if values.dtype in (torch.bfloat16, torch.float16):
        return values.view(torch.int16).numpy()
    return values.numpy()
