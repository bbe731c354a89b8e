"""What is kept of the activations: counts, packed bits, counts by position.

Each recorder observes the streaming forward (`neuron_census.forward.stream`), takes what one study
needs and writes it into its arrays of the recording store.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from neuron_census.active import count_active, count_positions, pack_active
from neuron_census.forward.decoder import Activations
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.recording import SHARD_TOKENS, create_bits, create_counts, smallest_unsigned


class ActiveCounts:
    """How often each neuron is active, per layer and domain, over the windows of the dead study.

    The BOS of each window is counted apart, so that the reading of `count_bos` stays open.
    """

    def __init__(self, layers: int, domains: int, ffn_dim: int) -> None:
        self.active = np.zeros((layers, domains, ffn_dim), dtype=np.int64)
        self.active_at_bos = np.zeros_like(self.active)

    def observe(self, layer: int, batch: MicroBatch, activations: Activations) -> None:
        if batch.dead:
            count_active(activations, batch.text_rows, self.active[layer, batch.domain])
            count_active(activations, batch.bos_rows, self.active_at_bos[layer, batch.domain])

    def super_batch_done(self) -> None:
        """Nothing to do: the counts stay in memory."""

    def write(self, group: zarr.Group) -> None:
        """Write `counts/active` and `counts/active_at_bos`."""
        for name, counts in (("active", self.active), ("active_at_bos", self.active_at_bos)):
            create_counts(group, f"counts/{name}", counts.shape, counts.dtype)[:] = counts


class ActiveBits:
    """One bit a (neuron, token), for the lower layers, over the windows of the n-gram study.

    A layer's bits gather in a buffer `[bytes, ffn_dim]`; each time a Zarr shard of tokens is full it
    is handed to the writing threads, of which `writers` bounds how many blocks wait.
    """

    def __init__(
        self, group: zarr.Group, layers: int, ffn_dim: int, tokens: int, writers: Writers
    ) -> None:
        self._arrays = [create_bits(group, layer, ffn_dim, tokens) for layer in range(layers)]
        self._buffers = [np.zeros((0, ffn_dim), dtype=np.uint8) for _ in range(layers)]
        self._gathered = [0] * layers  # tokens in the buffer
        self._written = [0] * layers  # bytes in the store
        self._writers = writers

    def observe(self, layer: int, batch: MicroBatch, activations: Activations) -> None:
        if not batch.ngrams or layer >= len(self._arrays):
            return
        first = self._gathered[layer]
        needed = -(-(first + batch.tokens) // 8)
        self._reserve(layer, needed)
        pack_active(activations, batch.rows, self._buffers[layer], first)
        self._gathered[layer] += batch.tokens
        while self._gathered[layer] >= SHARD_TOKENS:
            self._hand_over(layer, SHARD_TOKENS // 8)
            self._gathered[layer] -= SHARD_TOKENS

    def super_batch_done(self) -> None:
        """Nothing to do: full shards were handed over as they came."""

    def finish(self) -> None:
        """Hand over what is left of every layer."""
        for layer, tokens in enumerate(self._gathered):
            if tokens:
                self._hand_over(layer, -(-tokens // 8))
            self._gathered[layer] = 0

    def _reserve(self, layer: int, needed: int) -> None:
        buffer = self._buffers[layer]
        if len(buffer) < needed:
            grown = np.zeros((max(needed, SHARD_TOKENS // 8 + 1), buffer.shape[1]), dtype=np.uint8)
            grown[: len(buffer)] = buffer
            self._buffers[layer] = grown

    def _hand_over(self, layer: int, count: int) -> None:
        buffer, start = self._buffers[layer], self._written[layer]
        block = np.ascontiguousarray(buffer[:count].T)
        rest = buffer[count:].copy()
        buffer[: len(rest)] = rest
        buffer[len(rest) :] = 0
        self._written[layer] += count
        array = self._arrays[layer]
        self._writers.submit(array, (slice(None), slice(start, start + count)), block)


class PositionCounts:
    """How often each neuron is active at each position, over full-length windows.

    The counts lie in a scratch file, since they may be larger than memory (T x neurons x layers x
    domains), and move into the store at the end.
    """

    def __init__(
        self, scratch: Path, domains: int, layers: int, window: int, ffn_dim: int, windows: int
    ) -> None:
        self._scratch = scratch
        self._counts = np.lib.format.open_memmap(
            scratch,
            mode="w+",
            dtype=smallest_unsigned(windows),
            shape=(domains, layers, window, ffn_dim),
        )

    def observe(self, layer: int, batch: MicroBatch, activations: Activations) -> None:
        if batch.positions:
            count_positions(activations, self._counts[batch.domain, layer])

    def super_batch_done(self) -> None:
        """Nothing to do: the system writes the scratch file back as it likes."""

    def write(self, group: zarr.Group, writers: Writers) -> None:
        """Write `counts/positions` and remove the scratch file."""
        counts = self._counts
        array = create_counts(group, "counts/positions", counts.shape, counts.dtype)
        for domain, layer in np.ndindex(counts.shape[:2]):
            writers.submit(array, (domain, layer), counts[domain, layer])
        writers.wait()
        del self._counts
        self._scratch.unlink()


class Writers:
    """Threads that compress and write blocks, with a bound on how many may wait."""

    def __init__(self, threads: int, waiting: int = 4) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="write")
        self._most = threads + waiting
        self._pending: list[Future[None]] = []

    def submit(self, array: zarr.Array[Any], selection: Any, block: np.ndarray[Any, Any]) -> None:
        """Write `array[selection] = block` soon; waits for the oldest block when too many do."""
        while len(self._pending) >= self._most:
            self._pending.pop(0).result()
        self._pending.append(self._pool.submit(array.__setitem__, selection, block))

    def wait(self) -> None:
        """Wait until everything is written; raises what a writing thread raised."""
        while self._pending:
            self._pending.pop(0).result()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)
