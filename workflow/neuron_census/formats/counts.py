"""counts/{model}.zarr: exact sufficient statistics of one model, without any threshold.

    counts = Counts.open(path)
    counts.active()             # activations in the dead study, [layer, domain, neuron], BOS left out
    counts.tokens               # tokens of text of each domain in the dead study, [domain]
    read_checked(counts.group, "positions", (domain, layer), path)      # [position, neuron]

Arrays are sharded: there is one file for all of `active`, and one for each domain and layer of `positions`,
in chunks of neurons, so that a few neurons can be read at all positions without their neighbours. Every chunk
is compressed with zstd and carries a crc32c.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Int64, UInt8
from zarr.codecs import BloscCodec, Crc32cCodec

from neuron_census.formats.documents import StudyDocuments
from neuron_census.formats.recording import POSITIONS, TOTALS, WINDOW_BITS
from neuron_census.formats.zarr_store import WHOLE, open_complete, read_checked

FORMAT = "neuron-census counts"
VERSION = 3
DOCUMENT_BITS = "documents/active"
CHUNK_NEURONS = 512
"""Neurons of a chunk of `positions`, which holds 4 MiB for windows of 2048 tokens."""


@dataclass(frozen=True)
class Counts:
    """A finished counts store, open for reading.

    `tokens` (BOS left out) and `windows` are those of the dead study in each domain, `[domain]`.
    """

    path: Path
    group: zarr.Group
    domains: list[str]
    tokens: Int64[np.ndarray, " domain"]
    windows: Int64[np.ndarray, " domain"]

    @classmethod
    def open(cls, path: Path) -> Counts:
        """Return a counts store, open for reading; CensusError if there is none or it is not finished."""
        group = open_complete(path, FORMAT, VERSION)
        attributes: dict[str, Any] = dict(group.attrs.asdict())
        return cls(
            path,
            group,
            list(attributes["domains"]),
            np.array(attributes["tokens"], dtype=np.int64),
            np.array(attributes["dead_windows"], dtype=np.int64),
        )

    @property
    def recorded(self) -> dict[str, Any]:
        """What the recordings were made from: model, revision, digest of the weights, dtype, versions."""
        keys = ("model", "revision", "weights", "dtype", "versions", "windows")
        return {key: self.group.attrs.get(key) for key in keys}

    @property
    def ngram_layers(self) -> int:
        """Number of layers, from the first, whose n-grams were recorded."""
        return int(str(self.group.attrs["ngram_layers"]))

    def active(self) -> Int64[np.ndarray, "layer domain neuron"]:
        """Return the activations of each neuron in each domain, BOS left out."""
        return self._read("active")

    def active_at_bos(self) -> Int64[np.ndarray, "layer domain neuron"]:
        """Return the windows of each domain in which a neuron is active at the BOS."""
        return self._read("active_at_bos")

    @property
    def has_documents(self) -> bool:
        """Whether it was recorded in which documents neurons are active."""
        return DOCUMENT_BITS in self.group

    @property
    def has_contexts(self) -> bool:
        """Whether contexts were recorded."""
        return "contexts" in self.group

    def of_documents(self, name: str) -> np.ndarray:
        """Return `domain`, `number`, `tokens` or `windows` of the documents of the dead study, `[document]`."""
        return read_checked(self.group, f"documents/{name}", ..., self.path)

    def document_bits(self, layer: int, *, count_bos: bool) -> UInt8[np.ndarray, "neuron octet"]:
        """Return which documents activate each neuron of a layer, bits packed along documents, little order.

        Parameters
        ----------
        layer
            0-based
        count_bos
            whether the BOS counts as a token like any other
        """
        found = read_checked(self.group, DOCUMENT_BITS, (0, layer), self.path)
        if count_bos:
            found = found | read_checked(self.group, DOCUMENT_BITS, (1, layer), self.path)
        return found

    def margins(self, name: str) -> np.ndarray:
        """Return `value`, `window` or `position` of the margins, `[bos, half, layer, neuron]`."""
        return read_checked(self.group, f"margins/{name}", ..., self.path)

    def contexts(self, kind: str, name: str, layer: int) -> np.ndarray:
        """Return an array of one kind of contexts of a layer, `[neuron, rank]`, or with tokens as a last axis."""
        return read_checked(self.group, f"contexts/{kind}/{name}", layer, self.path)

    def _read(self, name: str) -> Int64[np.ndarray, "layer domain neuron"]:
        return read_checked(self.group, name, ..., self.path)


def create_totals(
    store: zarr.Group, name: str, layers: int, domains: int, ffn_dim: int
) -> zarr.Array[Any]:
    """Create `active` or `active_at_bos`, int64 `[layer, domain, neuron]`: one file, one chunk per layer."""
    shape = (layers, domains, ffn_dim)
    return _create(store, name, TOTALS, shape, np.dtype(np.int64), (1, domains, ffn_dim), shape)


def create_positions(
    store: zarr.Group, domains: int, layers: int, window_length: int, ffn_dim: int
) -> zarr.Array[Any]:
    """Create `positions`, uint32 `[domain, layer, position, neuron]`: one file per domain and layer."""
    neurons = min(CHUNK_NEURONS, ffn_dim)
    return _create(
        store,
        "positions",
        POSITIONS,
        (domains, layers, window_length, ffn_dim),
        np.dtype(np.uint32),
        (1, 1, window_length, neurons),
        (1, 1, window_length, -(-ffn_dim // neurons) * neurons),
    )


def create_document_bits(
    store: zarr.Group, layers: int, ffn_dim: int, documents: int
) -> zarr.Array[Any]:
    """Create `documents/active`, uint8 `[bos, layer, neuron, octet]`: bits of documents, a chunk for each layer."""
    octets = -(-documents // 8)
    shape = (2, layers, ffn_dim, octets)
    chunk = (1, 1, ffn_dim, max(1, octets))
    return _create(store, DOCUMENT_BITS, WINDOW_BITS, shape, np.dtype(np.uint8), chunk, chunk)


def write_document_facts(store: zarr.Group, documents: StudyDocuments) -> None:
    """Write domain, number, tokens and windows of each document of the dead study."""
    for name in ("domain", "number", "tokens", "windows"):
        values = getattr(documents, name)
        size = (max(1, len(values)),)
        array = _create(
            store, f"documents/{name}", ("document",), values.shape, values.dtype, size, size
        )
        array[...] = values


def _create(
    store: zarr.Group,
    name: str,
    dimensions: tuple[str, ...],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    chunk: tuple[int, ...],
    shard: tuple[int, ...],
) -> zarr.Array[Any]:
    return store.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunk,
        shards=shard,
        compressors=[BloscCodec(cname="zstd", clevel=3), Crc32cCodec()],
        dimension_names=dimensions,
        config=WHOLE,
    )
