"""A file of a source, wherever it lies, and its bytes without their compression."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import zstandard

from neuron_census.errors import CensusError

CHUNK = 1 << 20
COMPRESSIONS = (".gz", ".zst")


@dataclass(frozen=True)
class SourceFile:
    """A file on a disk or in an archive.

    `name` is part of its documents' keys and the same on every machine; `place` is where to find
    it, for messages.
    """

    name: str
    place: str
    open: Callable[[], BinaryIO]

    @property
    def compression(self) -> str:
        """The ending of a compressed file, or nothing."""
        return next((ending for ending in COMPRESSIONS if self.name.endswith(ending)), "")

    @property
    def kind(self) -> str:
        """The ending that tells the format, with its dot: '.jsonl' of 'a.jsonl.gz'."""
        stem = self.name.removesuffix(self.compression).rsplit("/", 1)[-1]
        return f".{stem.rsplit('.', 1)[1].lower()}" if "." in stem else ""

    def chunks(self) -> Iterator[bytes]:
        """Read the file, decompressed, a bounded piece at a time. Raises CensusError."""
        with self.open() as file:
            pieces = iter(lambda: file.read(CHUNK), b"")
            yield from self._decompressed(pieces) if self.compression else pieces

    def content(self) -> bytes:
        """Read the whole file, decompressed. Raises CensusError if it is corrupt."""
        return b"".join(self.chunks())

    def lines(self) -> Iterator[tuple[int, int, bytes]]:
        """Give each line, its number (from 1) and the byte, decompressed, at which it begins."""
        number, first, rest = 1, 0, b""
        for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
            for line in whole:
                yield number, first, line
                number, first = number + 1, first + len(line) + 1
        if rest:
            yield number, first, rest

    def _decompressed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Decompress frame after frame; to end in the middle of one is an error, no short text."""
        frame: _Frame | None = None
        try:
            for piece in pieces:
                while piece:
                    frame = frame or _new_frame(self.compression)
                    yield frame.decompress(piece)
                    piece = frame.unused_data if frame.eof else b""
                    frame = None if frame.eof else frame
        except (zlib.error, zstandard.ZstdError) as error:
            raise CensusError(
                f"{self.place}: cannot be decompressed ({error}); the file is corrupt, or is no "
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
