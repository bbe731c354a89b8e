"""Floating-point elements from one type to another, and whether they are numbers."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from neuron_census.loops.conversion import any_has_all, look_up

# The integer type of an element's bits, and its exponent with all bits set: NaN or infinity.
BITS = {
    torch.float16: (torch.int16, 0x7C00),
    torch.bfloat16: (torch.int16, 0x7F80),
    torch.float32: (torch.int32, 0x7F80_0000),
    torch.float64: (torch.int64, 0x7FF0_0000_0000_0000),
}
# Elements that torch converts in the calling thread; it calls others to help with more.
ALONE = 1 << 15


def convert(source: Tensor, into: Tensor) -> None:
    """Convert elements as `into.copy_(source)` does, to the bit, in the calling thread alone.

    Parameters
    ----------
    source
        floating-point, one axis, contiguous, in host memory
    into
        of any floating-point type, of the same shape; overwritten
    """
    if source.dtype.itemsize == 2 and into.device.type == "cpu":
        bits, _ = BITS[into.dtype]
        values = source.view(torch.uint16).numpy()
        look_up(values, _table(source.dtype, into.dtype).numpy(), into.view(bits).numpy())
        return
    for start in range(0, len(source), ALONE):
        into[start : start + ALONE] = source[start : start + ALONE]


def all_finite(tensor: Tensor) -> bool:
    """Return whether no element is NaN or infinite: exact, in one pass without a temporary, in this thread.

    Parameters
    ----------
    tensor
        floating-point, of any shape, in host memory
    """
    bits, exponent = BITS[tensor.dtype]
    elements = tensor.reshape(-1).view(bits).numpy()
    return not any_has_all(elements, elements.dtype.type(exponent))


@cache
def _table(source: torch.dtype, target: torch.dtype) -> Tensor:
    """Return what torch makes of each of the 65,536 values of a type, as bits."""
    values = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(source)
    return values.to(target).view(BITS[target][0])
