"""A digest of weights that does not depend on how they are laid out in files."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from neuron_census.checkpoint.tensors import StoredTensor, bytes_of, read_range

LEAF_BYTES = 1 << 23


def digest_of_tensors(tensors: Mapping[str, StoredTensor], heading: str, threads: int) -> str:
    """Return the hex digest (sha256) of tensors: their names, types, shapes and bytes.

    Each tensor is cut into leaves of 8 MiB that are hashed side by side; the digest is the hash of
    the leaves' hashes.

    Parameters
    ----------
    tensors
        tensors by name, in any order, from any number of files
    heading
        a text that the digest covers as well
    threads
        number of leaves that are read and hashed at a time, each with a buffer of 8 MiB
    """
    names = sorted(tensors)
    buffers = threading.local()
    with ExitStack() as stack:
        descriptors: dict[Path, int] = {}
        for file in {tensor.file for tensor in tensors.values()}:
            descriptors[file] = os.open(file, os.O_RDONLY)
            stack.callback(os.close, descriptors[file])

        def leaf(item: tuple[StoredTensor, int, int]) -> bytes:
            tensor, start, length = item
            if not tensor.contiguous:
                # Rare: the elements must be put in order first, so the whole tensor is one piece
                # of work.
                whole = bytes_of(tensor.read())
                return hashlib.sha256(whole[start : start + length]).digest()
            if not hasattr(buffers, "memory"):
                buffers.memory = memoryview(bytearray(LEAF_BYTES))
            memory: memoryview = buffers.memory[:length]
            read_range(descriptors[tensor.file], tensor.offset + start, memory, tensor.file)
            return hashlib.sha256(memory).digest()

        pool = stack.enter_context(ThreadPoolExecutor(threads))
        leaves = pool.map(leaf, pieces(tensors[name] for name in names))
        total = hashlib.sha256(f"neuron-census weights 1\n{heading}\n".encode())
        for name in names:
            tensor = tensors[name]
            total.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
            for _ in range(leaf_count(tensor)):
                total.update(next(leaves))
    return total.hexdigest()


def pieces(tensors: Iterator[StoredTensor]) -> Iterator[tuple[StoredTensor, int, int]]:
    """Cut tensors into leaves: each its tensor, its first byte and its length in bytes."""
    for tensor in tensors:
        for index in range(leaf_count(tensor)):
            start = index * LEAF_BYTES
            yield tensor, start, min(LEAF_BYTES, tensor.size_bytes - start)


def leaf_count(tensor: StoredTensor) -> int:
    """Return the number of leaves of a tensor."""
    return -(-tensor.size_bytes // LEAF_BYTES)
