"""The files inside an archive, a wheel or a source distribution, read without unpacking it."""

from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.text.unpacking import require_no_bomb

DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,  # an encrypted member, and a compression that Python does not know
)
"""What the libraries raise for an archive that they cannot read."""


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name as patterns see it, its place in the archive's list, its size in bytes."""

    name: str
    number: int
    size: int


def list_members(archive: Path) -> list[Member]:
    """Return the files in an archive; links and folders are left out.

    Names are as in a wheel: without the folder `name-version` around a source distribution.

    Parameters
    ----------
    archive
        a wheel, or a tar file however compressed

    Raises CensusError for an archive that is damaged, or unpacks to far more than text does.
    """
    members = []
    packed, unpacked = archive.stat().st_size, 0
    with _damage_named(archive):
        for member in _listed(archive):
            members.append(member)
            unpacked += member.size
            # Before the next one is looked for, behind all that this one unpacks to.
            require_no_bomb(str(archive), packed, unpacked)
    return members


def _listed(archive: Path) -> Iterator[Member]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            for number, info in enumerate(wheel.infolist()):
                if not info.is_dir():
                    yield Member(_as_text(info.filename), number, info.file_size)
        return
    with tarfile.open(archive) as source:
        for number, member in enumerate(source):
            if member.isfile():
                name = member.name.partition("/")[2] or member.name
                yield Member(_as_text(name), number, member.size)


def read_members(archive: Path, members: Collection[Member]) -> dict[str, bytes]:
    """Return the bytes of some files of an archive by their names, in one pass over the archive.

    Parameters
    ----------
    archive
        a wheel, or a tar file however compressed
    members
        of those that `list_members` gives

    Raises CensusError for an archive that is damaged or encrypted, and where two of the files have one name.
    """
    _require_one_of_each(archive, members)
    names = {member.number: member.name for member in members}
    contents: dict[str, bytes] = {}
    with _damage_named(archive):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel:
                for number, info in enumerate(wheel.infolist()):
                    if number in names:
                        contents[names[number]] = wheel.read(info)
        else:
            with tarfile.open(archive) as source:
                for number, member in enumerate(source):
                    if number in names:
                        extracted = source.extractfile(member)
                        assert extracted is not None
                        contents[names[number]] = extracted.read()
    return contents


def _require_one_of_each(archive: Path, members: Collection[Member]) -> None:
    seen = set()
    for member in members:
        if member.name in seen:
            raise CensusError(
                f"{archive}: holds two files that are called '{member.name}', and which is meant cannot be "
                "told. Take that file away with a pattern that begins with '!', or use another distribution."
            )
        seen.add(member.name)


@contextmanager
def _damage_named(archive: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise CensusError(
            f"{archive}: cannot be read as an archive: {error}. Remove it, so that it is fetched again; if it "
            "is encrypted, use another distribution."
        ) from error


def _as_text(name: str) -> str:
    """A member's name as text, even if it is not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
