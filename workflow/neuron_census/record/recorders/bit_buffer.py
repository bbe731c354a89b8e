"""One layer's bits on their way into the recording: gathered until a file of the store is full."""

from __future__ import annotations

from typing import Any

import numpy as np
import zarr
from jaxtyping import UInt8

from neuron_census.formats.recording import TOKENS_PER_FILE
from neuron_census.record.recorders.writers import Writers


class BitBuffer:
    """Bits `[bytes, ffn_dim]` of consecutive tokens; what fills a file is handed to the writers.

    Only one thread may use it.
    """

    def __init__(self, array: zarr.Array[Any], tokens: int, writers: Writers) -> None:
        self._array = array
        self._left = tokens  # that are not yet written
        self._bits = np.zeros((0, array.shape[0]), dtype=np.uint8)
        self._gathered = 0  # tokens in the buffer
        self._written = 0  # bytes in the store
        self._writers = writers

    def room_for(self, tokens: int) -> tuple[UInt8[np.ndarray, "bytes ffn_dim"], int]:
        """Return the buffer with room for `tokens` more, and the number of their first bit in it."""
        needed = -(-(self._gathered + tokens) // 8)
        if len(self._bits) < needed:
            usual = -(-min(self._left, TOKENS_PER_FILE) // 8)
            grown = np.zeros((max(needed, usual), self._bits.shape[1]), dtype=np.uint8)
            grown[: len(self._bits)] = self._bits
            self._bits = grown
        return self._bits, self._gathered

    def merge(self, octets: UInt8[np.ndarray, "bytes ffn_dim"], tokens: int) -> None:
        """Add the bits of `tokens`, packed so that they fit behind those that are there."""
        bits, first = self.room_for(tokens)
        bits[first // 8 : first // 8 + len(octets)] |= octets
        self.advance(tokens)

    def advance(self, tokens: int) -> None:
        """Take note that the bits of `tokens` more are in the buffer; hand over every file that is full."""
        self._gathered += tokens
        while self._gathered >= TOKENS_PER_FILE:
            self._hand_over(TOKENS_PER_FILE)

    def finish(self) -> None:
        """Hand over what is left."""
        if self._gathered:
            self._hand_over(self._gathered)

    def _hand_over(self, tokens: int) -> None:
        count = -(-tokens // 8)
        full, start = self._bits, self._written
        # The writers keep the memory of the full part; the buffer goes on in memory of its own.
        self._bits = full[count:].copy()
        self._gathered -= tokens
        self._left -= tokens
        self._written += count
        self._writers.submit(
            self._array, (slice(None), slice(start, start + count)), full[:count].T
        )
