"""The bits of a recording, read for counting: chunks go from their files to where they are counted.

The files are those of Zarr (version 3, sharded): one file for every `TOKENS_PER_FILE` tokens of a layer holds one
chunk for every `CHUNK_NEURONS` neurons, each compressed with zstd and followed by a crc32c, and at the end an
index of offsets and lengths with a crc32c of its own. Zarr would make three copies in memory to read the same.

    bits = BitChunks.open(path, open_recording(path), layer)
    words = np.zeros((bits.chunk_neurons, bits.octets), dtype=np.uint8)
    bits.read(0, words)     # the bits of the first chunk of neurons
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
import numpy as np
import zarr
from jaxtyping import UInt8, UInt64
from zstandard import ZstdDecompressor

from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.recording import TOKENS_PER_FILE

CHECKSUM_BYTES = 4
CHUNK_BYTES = TOKENS_PER_FILE // 8


@dataclass(frozen=True)
class BitChunks:
    """`active/{layer}` of one recording.

    `octets` are its bytes along the tokens, `chunk_neurons` the neurons of a chunk.
    """

    path: Path
    layer: int
    ffn_dim: int
    octets: int
    chunk_neurons: int
    _files: list[Path]
    _indices: list[UInt64[np.ndarray, "chunk 2"]]

    @classmethod
    def open(cls, path: Path, group: zarr.Group, layer: int) -> BitChunks:
        """Return the bits of a layer, after reading where their chunks are.

        Parameters
        ----------
        path, group
            the recording, open
        layer
            from 0; it must have been recorded token by token

        Raises CensusError for an index that does not match its checksum.
        """
        array = group[f"active/{layer}"]
        assert isinstance(array, zarr.Array)
        ffn_dim, octets = array.shape
        folder = path / "active" / str(layer) / "c" / "0"
        files = [folder / str(number) for number in range(-(-octets // CHUNK_BYTES))]
        neurons = array.chunks[0]
        indices = [_read_index(path, file, -(-ffn_dim // neurons)) for file in files]
        return cls(path, layer, ffn_dim, octets, neurons, files, indices)

    def read(self, block: int, out: UInt8[np.ndarray, "neuron octets"]) -> None:
        """Read the bits of the neurons of a chunk into an array; the last chunk may have fewer.

        Parameters
        ----------
        block
            number of the chunk along the neurons
        out
            uint8 `[neuron, octet]`, where they go; rows need not be contiguous

        Raises CensusError for a chunk that does not match its checksum.
        """
        zstd = ZstdDecompressor()
        for number, file in enumerate(self._files):
            chunk = np.frombuffer(
                zstd.decompress(self._stored(file, number, block)), dtype=np.uint8
            )
            chunk = chunk.reshape(self.chunk_neurons, CHUNK_BYTES)
            first = number * CHUNK_BYTES
            width = min(CHUNK_BYTES, self.octets - first)
            out[:, first : first + width] = chunk[: len(out), :width]

    def _stored(self, file: Path, number: int, block: int) -> memoryview:
        """Return the compressed bytes of a chunk, after checking them."""
        offset, length = self._indices[number][block].tolist()
        with file.open("rb", buffering=0) as opened:
            stored = os.pread(opened.fileno(), length, offset)
        if len(stored) != length or not _matches(stored):
            name = file.relative_to(self.path).as_posix()
            raise CensusError(
                f"{self.path}: array 'active/{self.layer}', chunk ({block}, {number}) in {name}: the "
                f"stored bytes do not match their checksum. {MADE_AGAIN}"
            )
        return memoryview(stored)[:-CHECKSUM_BYTES]


def _read_index(path: Path, file: Path, chunks: int) -> UInt64[np.ndarray, "chunk 2"]:
    size = 16 * chunks + CHECKSUM_BYTES
    with file.open("rb", buffering=0) as opened:
        opened.seek(max(0, opened.seek(0, os.SEEK_END) - size))
        stored = opened.read(size)
    if len(stored) != size or not _matches(stored):
        name = file.relative_to(path).as_posix()
        raise CensusError(
            f"{path}: array '{name.partition('/c/')[0]}', the index of {name}: the stored bytes do not "
            f"match their checksum. {MADE_AGAIN}"
        )
    return np.frombuffer(stored[:-CHECKSUM_BYTES], dtype="<u8").reshape(chunks, 2)


def _matches(stored: bytes) -> bool:
    """Return whether the last bytes are the crc32c of those before them."""
    expected = int.from_bytes(stored[-CHECKSUM_BYTES:], "little")
    return len(stored) > CHECKSUM_BYTES and (
        google_crc32c.value(stored[:-CHECKSUM_BYTES]) == expected
    )
