"""What source files hold, in one short text: for rules that must rerun when text or weights change.

Times of modification are left out: a clone, a copy or a `touch` changes them and nothing else.
Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

WHOLE_UP_TO = 64 << 20
SAMPLE = 1 << 20


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a short digest of files: of their names and of what they hold, in any order given.

    A file of up to 64 MiB is hashed whole. Of a bigger one the size and the first, middle and last
    MiB are: an edit in place that touches none of these goes unseen (weights that are trained on,
    text that is added to or cut do not). Names count relative to the folder that holds
    all the files, so that a fingerprint survives a move.

    Parameters
    ----------
    paths
        files; of a folder, every file in it at any depth

    Raises OSError for a path that does not exist or cannot be read.
    """
    files = sorted({file for path in paths for file in files_of(path)})
    if not files:
        return hashlib.sha256(b"no files").hexdigest()
    root = Path(os.path.commonpath([file.parent for file in files]))
    total = hashlib.sha256()
    for file in files:
        name = file.relative_to(root).as_posix().encode("utf-8", "surrogateescape")
        # Both parts have a length that is known, so that no two lists of files run together.
        total.update(len(name).to_bytes(8, "little") + name + content_digest(file))
    return total.hexdigest()


def files_of(path: Path) -> list[Path]:
    """Return the file itself, or every file of a folder, as absolute paths."""
    path = path.absolute()
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file()]
    return [path]


def content_digest(file: Path) -> bytes:
    """Return 32 bytes that stand for what a file holds: all of it, or size and three samples."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        digest.update(size.to_bytes(8, "little"))
        if size <= WHOLE_UP_TO:
            while block := stream.read(SAMPLE):
                digest.update(block)
        else:
            for start in (0, (size - SAMPLE) // 2, size - SAMPLE):
                stream.seek(start)
                digest.update(stream.read(SAMPLE))
    return digest.digest()
