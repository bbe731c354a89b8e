"""One file from a hub, continued where an earlier attempt or run was cut, and checked."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from httpx2 import HTTPError
from huggingface_hub import get_session, hf_hub_url

# Both are documented, and left out of the module's list of exports.
from huggingface_hub.utils import (  # type: ignore[attr-defined]
    build_hf_headers,
    hf_raise_for_status,
)

from neuron_census.errors import CensusError
from neuron_census.hub.repository import (
    TIMEOUT_SECONDS,
    WAITS_SECONDS,
    HubFile,
    HubRepository,
    explain_refusals,
    may_pass,
)


def download(
    repository: HubRepository,
    file: HubFile,
    folder: Path,
    *,
    advance: Callable[[int], None],
    stop: Event,
) -> str:
    """Fetch a file into a folder unless it is there, check it, and return its sha256.

    What the folder holds of the file is continued; it is not trusted, for the whole is checked.

    Parameters
    ----------
    repository
        where it lies
    file
        its name, size and checksum
    folder
        gets the file under the same name
    advance
        told how many bytes came in; a negative number where bytes were thrown away
    stop
        gives up between two blocks when set, with the part fetched so far kept

    Raises CensusError where the hub does not give the file, or it is not what the hub says it is.
    """
    target = folder / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.stat().st_size > file.size:
        target.unlink()
    advance(size_of(target))
    with explain_refusals(repository.name, repository.revision):
        failures = 0
        while (before := size_of(target)) < file.size and not stop.is_set():
            try:
                fetch_rest(repository, file, target, advance=advance, stop=stop)
            except HTTPError as error:
                # As long as something comes in between two failures, it is worth going on.
                failures = 0 if size_of(target) > before else failures + 1
                if not may_pass(error) or failures > len(WAITS_SECONDS):
                    raise
                time.sleep(WAITS_SECONDS[max(failures - 1, 0)])
    # A file of no bytes is never asked for.
    target.touch()
    return "" if stop.is_set() else check_download(repository, file, target)


def size_of(path: Path) -> int:
    """Return the size in bytes of a file that may not be there yet."""
    return path.stat().st_size if path.exists() else 0


def fetch_rest(
    repository: HubRepository,
    file: HubFile,
    target: Path,
    *,
    advance: Callable[[int], None],
    stop: Event,
) -> None:
    """Ask once for what is missing of a file and append what comes."""
    start = size_of(target)
    # Compressed, an answer's length would not be the file's.
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    url = hf_hub_url(repository.name, file.name, revision=repository.commit)
    session = get_session()
    with session.stream("GET", url, headers=headers, timeout=TIMEOUT_SECONDS) as response:
        hf_raise_for_status(response)
        if start and response.status_code != 206:
            # The server sends the file from its beginning.
            advance(-start)
            start = 0
        with target.open("ab" if start else "wb") as stream:
            for block in response.iter_bytes():
                stream.write(block)
                advance(len(block))
                start += len(block)
                if stop.is_set() or start > file.size:
                    return


def check_download(repository: HubRepository, file: HubFile, target: Path) -> str:
    """Compare a whole file with what the hub says of it; remove it where it differs."""
    size = target.stat().st_size
    with target.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if file.sha256 is not None:
        kind, expected, found = "sha256", file.sha256, sha256
    else:
        # git's own checksum of a file: sha1 over a short heading and the content.
        content = target.read_bytes()
        heading = b"blob %d\0" % size
        kind, expected = "git object id", file.git_object or ""
        found = hashlib.sha1(heading + content, usedforsecurity=False).hexdigest()
    if size != file.size or found != expected:
        target.unlink()
        raise CensusError(
            f"{repository.name} at {repository.revision}: {file.name} arrived with {size:,} bytes "
            f"and {kind} {found}; the hub says {file.size:,} bytes and {expected}. The copy was "
            "removed: run again to fetch it anew. If it happens twice, a proxy or mirror between "
            "alters files."
        )
    return sha256
