"""An array of a store that is written piece by piece, so that the whole is never in memory.

array = AppendedArray(store, "1/trigger_ids", "trigger")
array.append(piece)     # as often as needed; all pieces have the same dtype
array.finish()
"""

from __future__ import annotations

from typing import Any

import numpy as np
import zarr

from neuron_census.formats.ngram_index import ROWS, create


class AppendedArray:
    """An array `[entry]` of a store; call `finish` when every piece is there."""

    def __init__(self, store: zarr.Group, name: str, dimension: str) -> None:
        self._store = store
        self._name = name
        self._dimension = dimension
        self._pieces: list[np.ndarray] = []
        self._waiting = 0
        self._array: zarr.Array[Any] | None = None

    def append(self, piece: np.ndarray) -> None:
        """Append a piece; all have the same dtype. Whole chunks are written at once."""
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= ROWS:
            self._write(self._waiting // ROWS * ROWS)

    def finish(self) -> None:
        """Write what is left."""
        if self._waiting or self._array is None:
            self._write(self._waiting)

    def _write(self, rows: int) -> None:
        waiting = np.concatenate(self._pieces)
        if self._array is None:
            self._array = create(self._store, self._name, waiting[:rows], (self._dimension,))
        else:
            written = self._array.shape[0]
            self._array.resize(written + rows)
            self._array[written:] = waiting[:rows]
        self._pieces = [waiting[rows:].copy()]
        self._waiting -= rows
