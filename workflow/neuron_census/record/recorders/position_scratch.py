"""Position counts on their way into the recording: in a file, since they may be larger than memory."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from jaxtyping import Integer, UInt

from neuron_census.formats.recording import smallest_unsigned
from neuron_census.forward.outbox import Receive


class PositionScratch:
    """Counts `[domain, layer, T, ffn_dim]` in a file of raw numbers, read and written by (domain, layer).

    It is no mapped file: that would count as memory of the process, and a disk that is full would
    kill it without a word. Only one thread may use it.
    """

    def __init__(self, file: Path, shape: tuple[int, int, int, int], windows: int) -> None:
        self.shape = shape
        self.dtype = smallest_unsigned(windows)
        self._file = file
        self._opened = file.open("w+b")
        # Zeros that take no room until they are counted up.
        self._opened.truncate(int(np.prod(shape)) * self.dtype.itemsize)

    def read(self, domain: int, layer: int) -> UInt[np.ndarray, "T ffn_dim"]:
        """Read the counts of a layer in one domain."""
        block = np.empty(self.shape[2:], dtype=self.dtype)
        self._opened.seek(self._offset(domain, layer))
        if self._opened.readinto(block.data) < block.nbytes:
            raise OSError(f"{self._file}: became shorter while it was in use")
        return block

    def write(self, domain: int, layer: int, block: UInt[np.ndarray, "T ffn_dim"]) -> None:
        """Write the counts of a layer in one domain."""
        self._opened.seek(self._offset(domain, layer))
        self._opened.write(block.data)

    def add_arrivals_to(self, domain: int, layer: int) -> Receive:
        """Return what adds the counts that arrive to those of a layer in one domain."""

        def add(counts: Integer[np.ndarray, "T ffn_dim"]) -> None:
            block = self.read(domain, layer)
            block += counts.astype(self.dtype)
            self.write(domain, layer, block)

        return add

    def remove(self) -> None:
        """Close the file and remove it."""
        self._opened.close()
        os.unlink(self._file)

    def _offset(self, domain: int, layer: int) -> int:
        return (
            (domain * self.shape[1] + layer) * self.shape[2] * self.shape[3] * self.dtype.itemsize
        )
