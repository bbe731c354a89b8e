"""Seals: what every file of the workflow says of itself, and by which it is known to be whole and current.

    with sealed(output, {"weights": digest}) as temporary:   write a file or folder, sealed and whole
    seal = verify(path)                                      refuse it unless its content is what was sealed
    check_same([seal, other])                                refuse what was made of other weights or windows

A seal is a small JSON file: in a folder `.seal`, beside a file `.{name}.seal`. It holds the provenance of what
it seals (what it was made from, see `neuron_census.rerun.provenance`), sizes and sha256 of all its files, and
facts that name model, weights and windows.

Standard library only, for it is read while a run is planned.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.atomic import written_whole

NAME = ".seal"
VERSION = 1
# Snakemake leaves a file of its own in a folder that it has made.
NOT_SEALED = frozenset({NAME, ".snakemake_timestamp"})

_provenance: ContextVar[dict[str, Any] | None] = ContextVar("provenance", default=None)


@dataclass(frozen=True)
class Seal:
    """What is said of a sealed file or folder.

    `files` has size in bytes and sha256 of each file, by its path in the folder; of a single file by "".
    `provenance` is what it was made from, None outside a workflow; `facts` name weights, windows and the like.
    """

    path: Path
    files: Mapping[str, tuple[int, str]]
    provenance: Mapping[str, Any] | None
    facts: Mapping[str, str]


@contextmanager
def made_from(provenance: str | None) -> Iterator[None]:
    """Note in every seal that is written meanwhile what it was made from.

    Parameters
    ----------
    provenance
        the provenance as JSON, or None where there is none

    Raises CensusError for text that is not a JSON object.
    """
    given = None
    if provenance is not None:
        try:
            given = json.loads(provenance)
        except ValueError as error:
            raise CensusError(f"--provenance: expected a JSON object ({error}).") from error
        if not isinstance(given, dict):
            raise CensusError(f"--provenance: expected a JSON object, found {provenance!r}.")
    token = _provenance.set(given)
    try:
        yield
    finally:
        _provenance.reset(token)


@contextmanager
def sealed(target: Path, facts: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Yield a temporary path; what is made there becomes `target`, whole or not at all, under a seal.

    Parameters
    ----------
    target
        where the finished file or folder is to be
    facts
        what names weights, windows and the like of the content; may be filled until the block ends
    """
    with written_whole(target) as temporary:
        yield temporary
        files = _files(temporary, {})
        is_folder = temporary.is_dir()
        if is_folder:
            _write(temporary / NAME, files, facts or {})
    if not is_folder:
        _write(seal_path(target), files, facts or {})


def seal(
    path: Path,
    facts: Mapping[str, str] | None = None,
    digests: Mapping[str, str] | None = None,
) -> None:
    """Seal a finished file or folder.

    Parameters
    ----------
    path
        the file or folder
    facts
        what names weights, windows and the like of the content
    digests
        sha256 of files that have just been hashed, by their paths in the folder; the others are hashed
    """
    _write(seal_path(path), _files(path, digests or {}), facts or {})


def seal_path(path: Path) -> Path:
    """Return where the seal of a file or folder lies."""
    return path / NAME if path.is_dir() else path.with_name(f".{path.name}{NAME}")


def read_seal(path: Path) -> Seal:
    """Read the seal of a file or folder, without looking at what it seals.

    Raises CensusError if the content or its seal is missing, or if the seal is damaged.
    """
    if not path.exists():
        raise CensusError(f"{path}: expected a file or folder and found none.")
    where = seal_path(path)
    try:
        text = where.read_bytes()
    except FileNotFoundError as error:
        raise CensusError(
            f"{path}: has no seal, so nobody knows what it was made from; expected {where}. {MADE_AGAIN}"
        ) from error
    try:
        body, digest = text[:-65], text[-65:-1].decode()
        if hashlib.sha256(body).hexdigest() != digest or text[-1:] != b"\n":
            raise ValueError("its checksum does not match")
        said = json.loads(body)
        files = {name: (int(size), str(sha)) for name, (size, sha) in said["files"].items()}
        return Seal(path, files, said["provenance"], said["facts"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CensusError(f"{where}: the seal is damaged ({error}). {MADE_AGAIN}") from error


def verify(path: Path) -> Seal:
    """Return the seal of a file or folder after comparing every byte with it.

    Raises CensusError if the content, its seal, or a file in it is missing, damaged, or not what was sealed.
    """
    said = read_seal(path)
    _check_sizes(said)
    for name in said.files:
        _check_bytes(said, name)
    return said


def verify_if_touched(path: Path, always: str | None = None) -> Seal:
    """Return a seal after comparing sizes with it, and every byte if a file was touched since it was sealed.

    For what has checksums of its own, and for plans, which shall be quick. A seal that holds is marked as
    looked at, where it may be, so that the next look is quick again.

    Parameters
    ----------
    path
        the file or folder
    always
        name of files whose every byte is compared, touched or not

    Raises CensusError as `verify` does.
    """
    said = read_seal(path)
    _check_sizes(said)
    for name in said.files:
        if always and _file(path, name).name == always:
            _check_bytes(said, name)
    when = seal_path(path)
    sealed_at = _changed(when)
    if any(_changed(_file(path, name)) >= sealed_at for name in said.files):
        said = verify(path)
        try:
            os.utime(when)
        except OSError:
            # Results that may only be read, or lie on a disk that may, are compared at every look.
            return said
    return said


def check_same(seals: Iterable[Seal]) -> None:
    """Refuse files that were made of different weights, windows or thresholds.

    Parameters
    ----------
    seals
        seals of what is read together

    Raises CensusError that names two files and the fact in which they differ.
    """
    known: dict[str, tuple[Seal, str]] = {}
    for seal in seals:
        for fact, value in seal.facts.items():
            first, expected = known.setdefault(fact, (seal, value))
            if value != expected:
                raise CensusError(
                    f"{seal.path}: was made with the {fact} {value}, and {first.path} with {expected}; they do "
                    "not belong together. Delete the one that is out of date and run again; the workflow "
                    "rebuilds it."
                )


def _write(where: Path, files: Mapping[str, tuple[int, str]], facts: Mapping[str, str]) -> None:
    body = json.dumps(
        {
            "version": VERSION,
            "provenance": _provenance.get(),
            "facts": dict(facts),
            "files": files,
        },
        sort_keys=True,
        indent=1,
    ).encode()
    temporary = where.with_name(f"{where.name}.{os.getpid()}")
    temporary.write_bytes(body + hashlib.sha256(body).hexdigest().encode() + b"\n")
    os.replace(temporary, where)


def _files(path: Path, digests: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Size and sha256 of a file, or of every file in a folder; `digests` are known already."""
    files = {name: _file(path, name) for name in _names(path)}
    return {
        name: (file.stat().st_size, digests.get(name) or _sha256(file))
        for name, file in files.items()
    }


def _names(path: Path) -> list[str]:
    """Return the files in a folder, by their paths in it; of a file "" alone."""
    if not path.is_dir():
        return [""]
    return sorted(
        os.path.relpath(os.path.join(folder, name), path)
        for folder, _, names in os.walk(path)
        for name in names
        if name not in NOT_SEALED
    )


def _file(path: Path, name: str) -> Path:
    return path / name if name else path


def _check_sizes(seal: Seal) -> None:
    names = _names(seal.path)
    if list(names) != sorted(seal.files):
        lost = sorted(set(seal.files) - set(names))
        more = sorted(set(names) - set(seal.files))
        what = f"lacks {', '.join(lost[:3])}" if lost else f"has {', '.join(more[:3])} besides"
        raise CensusError(f"{seal.path}: {what}, against its seal. {MADE_AGAIN}")
    for name, (size, _) in seal.files.items():
        found = _file(seal.path, name).stat().st_size
        if found != size:
            raise CensusError(
                f"{_file(seal.path, name)}: has {found:,} bytes, and {size:,} were sealed. {MADE_AGAIN}"
            )


def _check_bytes(seal: Seal, name: str) -> None:
    file = _file(seal.path, name)
    if _sha256(file) != seal.files[name][1]:
        raise CensusError(f"{file}: damaged; its bytes do not match its seal. {MADE_AGAIN}")


def _changed(file: Path) -> int:
    """Return when a file was last written, renamed or touched, in nanoseconds."""
    found = file.stat()
    return max(found.st_mtime_ns, found.st_ctime_ns)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
