"""Kernels over post-ReLU activations: which are active, counted and packed.

Every kernel exists twice, with the same meaning to the bit: compiled loops for arrays in host
memory, tensor operations for a GPU, from which only the small results travel.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int64, Shaped, UInt, UInt8
from torch import Tensor

from neuron_census.active_loops import add_active, add_active_by_position, set_active_bits


def count_active(
    activations: Float[Tensor, "positions neurons"],
    rows: Int64[np.ndarray, " rows"],
    counts: Int64[np.ndarray, " neurons"],
) -> None:
    """Add to `counts` how many of `rows` have each neuron active (post-ReLU value > 0).

    Parameters
    ----------
    activations
        post-ReLU values, any float dtype, on any device
    rows
        the positions to read
    counts
        one counter a neuron, changed in place
    """
    if activations.device.type == "cpu":
        add_active(_comparable(activations), rows, counts)
    else:
        counts += counted(activations, rows).cpu().numpy()


def pack_active(
    activations: Float[Tensor, "positions neurons"],
    rows: Int64[np.ndarray, " rows"],
    bits: UInt8[np.ndarray, "bytes neurons"],
    first: int,
) -> None:
    """Set the bit of every active (row, neuron); the i-th row has bit `first + i`, little order.

    Parameters
    ----------
    activations
        post-ReLU values, any float dtype, on any device
    rows
        the positions to read
    bits
        bit t of a neuron is bit `t % 8` of byte `t // 8` of its column; zero where not yet written,
        changed in place
    first
        number of the first row's bit
    """
    if activations.device.type == "cpu":
        set_active_bits(_comparable(activations), rows, bits, first)
    else:
        octets = packed(activations, rows, first % 8).cpu().numpy()
        bits[first // 8 : first // 8 + len(octets)] |= octets


def count_positions(
    activations: Float[Tensor, "positions neurons"],
    counts: UInt[np.ndarray, "length neurons"],
) -> None:
    """Add to `counts[position]` how many full-length windows have each neuron active there.

    Parameters
    ----------
    activations
        post-ReLU values of whole windows, `[windows * T, neurons]`
    counts
        `[T, neurons]` of any unsigned dtype that holds the number of windows, changed in place
    """
    if activations.device.type == "cpu":
        add_active_by_position(_comparable(activations), counts)
    else:
        counts += counted_by_position(activations, len(counts)).cpu().numpy().astype(counts.dtype)


def counted(
    activations: Float[Tensor, "positions neurons"], rows: Int64[np.ndarray, " rows"]
) -> Int64[Tensor, " neurons"]:
    """How many of `rows` have each neuron active, by tensor operations on any device."""
    chosen = torch.from_numpy(rows).to(activations.device)
    return (activations[chosen] > 0).sum(dim=0)


def packed(
    activations: Float[Tensor, "positions neurons"], rows: Int64[np.ndarray, " rows"], first: int
) -> UInt8[Tensor, "bytes neurons"]:
    """The bits of `rows`, little order, after `first` (0 to 7) empty ones, by tensor operations."""
    chosen = torch.from_numpy(rows).to(activations.device)
    after = -(first + len(rows)) % 8
    active = torch.nn.functional.pad(activations[chosen] > 0, (0, 0, first, after))
    eights = active.view(-1, 8, active.shape[1]).to(torch.uint8)
    places = (1 << torch.arange(8, device=active.device, dtype=torch.uint8)).view(1, 8, 1)
    return (eights * places).sum(dim=1, dtype=torch.uint8)


def counted_by_position(
    activations: Float[Tensor, "positions neurons"], length: int
) -> Int64[Tensor, "length neurons"]:
    """How many windows of `length` have each neuron active at each position, by tensor operations."""
    return (activations > 0).view(-1, length, activations.shape[1]).sum(dim=0)


def _comparable(
    activations: Float[Tensor, "positions neurons"],
) -> Shaped[np.ndarray, "positions neurons"]:
    """A view that numpy can hold and whose `> 0` means the same.

    Half-precision floats are read as signed integers: their sign bit is the integer's, and every
    positive float has a positive pattern. (NaN is excluded before: the residual stream is checked.)
    """
    if activations.dtype in (torch.bfloat16, torch.float16):
        return activations.view(torch.int16).numpy()
    return activations.numpy()
