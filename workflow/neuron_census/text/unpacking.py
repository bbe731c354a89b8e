"""A limit on what a compressed file may unpack to: small files that unpack without end fill every memory."""

from __future__ import annotations

from neuron_census.errors import CensusError

ALWAYS_ALLOWED = 1 << 30
"""Bytes that any file may unpack to."""
LARGEST_RATIO = 200
"""How many times its own size a larger file may unpack to; of text it is rarely more than 20 times."""


def require_no_bomb(place: str, packed: int, unpacked: int) -> None:
    """Refuse a compressed file that unpacks to far more than any text does.

    Parameters
    ----------
    place
        the file or archive, for the message
    packed
        bytes that have been read of it
    unpacked
        bytes that these have become, or will become

    Raises CensusError beyond `ALWAYS_ALLOWED` bytes and `LARGEST_RATIO` times `packed`.
    """
    if unpacked > max(ALWAYS_ALLOWED, LARGEST_RATIO * packed):
        raise CensusError(
            f"{place}: its first {packed:,} bytes unpack to {unpacked:,} or more; expected at most "
            f"{ALWAYS_ALLOWED:,}, or {LARGEST_RATIO} times the compressed size. The file is damaged or made to "
            "fill a memory: leave it out, or unpack it by hand if it is text after all."
        )
