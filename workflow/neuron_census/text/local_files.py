"""Files that lie in the user's folders."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from neuron_census.errors import CensusError
from neuron_census.text.patterns import matches_any, wanted_and_unwanted
from neuron_census.text.source_file import SourceFile


def find_local_files(
    domain: str, patterns: Sequence[str], search_folders: Sequence[Path]
) -> list[SourceFile]:
    """Find the files of a domain, ordered by name.

    Parameters
    ----------
    domain
        name of the domain, for messages
    patterns
        globs, absolute or relative, `**` for folders at any depth; `!` in front takes files away
    search_folders
        where a relative pattern is looked up: in the first of these that has a match

    Raises CensusError for a pattern that matches no file.
    """
    wanted, unwanted = wanted_and_unwanted(patterns)
    found: dict[str, Path] = {}
    for pattern in wanted:
        found = {**_matches(domain, os.path.expanduser(pattern), search_folders), **found}
    kept = {name: path for name, path in found.items() if not matches_any(name, unwanted)}
    if not kept:
        raise CensusError(
            f"domains.{domain}.files: all {len(found)} files that were found are taken away again "
            f"by {', '.join('!' + pattern for pattern in unwanted)}."
        )
    return [_source_file(name, kept[name]) for name in sorted(kept)]


def _source_file(name: str, path: Path) -> SourceFile:
    def open_file() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise CensusError(f"{path}: cannot be read: {error.strerror}.") from error

    return SourceFile(name, str(path), open_file)


def _key(name: str) -> str:
    """A file's name as text, even where it is no UTF-8."""
    slashed = name.replace(os.sep, "/")
    return slashed.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _matches(domain: str, pattern: str, search_folders: Sequence[Path]) -> dict[str, Path]:
    roots = [Path("/")] if os.path.isabs(pattern) else list(search_folders)
    for root in roots:
        names = glob.glob(pattern, root_dir=root, recursive=True)
        files = {_key(name): root / name for name in names}
        files = {name: path for name, path in files.items() if path.is_file()}
        if files:
            return files
    tried = ", ".join(str(root / pattern) for root in roots)
    raise CensusError(
        f"domains.{domain}.files: no file matches '{pattern}' (tried {tried}). Expected a path or "
        "a glob, absolute, or relative to where the workflow runs or to the repository."
    )
