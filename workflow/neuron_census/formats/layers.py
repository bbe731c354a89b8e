"""The first half of a model's layers, in which the paper looks for n-grams (section 4).

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations


def first_half(layers: int) -> int:
    """Return how many layers the first half of a model has: those with `layer < layers / 2`.

    >>> first_half(12), first_half(5), first_half(1)
    (6, 3, 1)
    """
    return -(-layers // 2)
