"""A file of a source, wherever it is, and its bytes, decompressed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import zstandard

from neuron_census.errors import CensusError
from neuron_census.text.unpacking import require_no_bomb

CHUNK = 1 << 20
PIECE = 1 << 12
"""Compressed bytes that are unpacked at a time: at most 128 MB come of them, whatever they hold."""
COMPRESSIONS = (".gz", ".zst")


@dataclass(frozen=True)
class SourceFile:
    """A file on a disk or in an archive.

    `name` is part of its documents' keys, and the same on every machine; `place` says where it is,
    for messages.
    """

    name: str
    place: str
    open: Callable[[], BinaryIO]

    @property
    def compression(self) -> str:
        """The ending of a compressed file, or an empty text."""
        return next((ending for ending in COMPRESSIONS if self.name.endswith(ending)), "")

    @property
    def kind(self) -> str:
        """The ending that tells the format, with its dot: '.jsonl' of 'a.jsonl.gz'."""
        stem = self.name.removesuffix(self.compression).rsplit("/", 1)[-1]
        return f".{stem.rsplit('.', 1)[1].lower()}" if "." in stem else ""

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the file, decompressed, in pieces of bounded size. Raises CensusError."""
        with self.open() as file:
            if self.compression:
                yield from self._decompressed(iter(lambda: file.read(PIECE), b""))
            else:
                yield from iter(lambda: file.read(CHUNK), b"")

    def content(self) -> bytes:
        """Return the whole file, decompressed. Raises CensusError if it is corrupt."""
        return b"".join(self.chunks())

    def lines(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the number of each line, from 1, the byte, decompressed, at which it begins, and the line."""
        number, first = 1, 0
        begun: list[bytes] = []
        for chunk in self.chunks():
            *ended, rest = chunk.split(b"\n")
            for part in ended:
                line = b"".join([*begun, part])
                begun.clear()
                yield number, first, line
                number, first = number + 1, first + len(line) + 1
            begun.append(rest)
        if line := b"".join(begun):
            yield number, first, line

    def _decompressed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The bytes of one frame after another; a file that ends within a frame is an error, not a short text."""
        frame: _Frame | None = None
        packed = unpacked = 0
        try:
            for piece in pieces:
                packed += len(piece)
                while piece:
                    frame = frame or _new_frame(self.compression)
                    content = frame.decompress(piece)
                    unpacked += len(content)
                    require_no_bomb(self.place, packed, unpacked)
                    yield content
                    piece = frame.unused_data if frame.eof else b""
                    frame = None if frame.eof else frame
        except (zlib.error, zstandard.ZstdError) as error:
            raise CensusError(
                f"{self.place}: cannot be decompressed ({error}); the file is corrupt, or not a "
                f"{self.compression} file. Fetch or write it again."
            ) from error
        if frame is not None:
            raise CensusError(
                f"{self.place}: ends in the middle of the compressed text; the file was cut short. "
                "Fetch or write it again."
            )


class _Frame(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _new_frame(compression: str) -> _Frame:
    if compression == ".gz":
        return zlib.decompressobj(wbits=31)
    return zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
