"""Threads that compress and write, behind a queue with a bound."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import zarr

# Bytes of blocks that may wait to be written; one more may always come, whatever its size.
MOST_WAITING = 1 << 28


class Writers:
    """Writes blocks into Zarr arrays on threads; blocks must not share a chunk."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="write")
        self._pending: deque[tuple[Future[None], int]] = deque()
        self._waiting = 0

    def submit(self, array: zarr.Array[Any], selection: Any, block: np.ndarray) -> None:
        """Write `array[selection] = block` soon; waits for the oldest blocks while too many do.

        Raises what a writing thread raised.
        """
        while self._pending and self._waiting + block.nbytes > MOST_WAITING:
            self._wait_for_oldest()
        self._waiting += block.nbytes
        self._pending.append((self._pool.submit(_write, array, selection, block), block.nbytes))

    def wait(self) -> None:
        """Wait until everything is written; raises what a writing thread raised."""
        while self._pending:
            self._wait_for_oldest()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _wait_for_oldest(self) -> None:
        future, size = self._pending.popleft()
        self._waiting -= size
        future.result()


def _write(array: zarr.Array[Any], selection: Any, block: np.ndarray) -> None:
    # A transposed block is put in order here, and not by the thread that computes.
    array[selection] = np.ascontiguousarray(block)
