"""Files in the user's own folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from neuron_census.errors import CensusError
from neuron_census.paths.find import find_files
from neuron_census.text.source_file import SourceFile


def find_local_files(
    domain: str, patterns: Sequence[str], search_folders: Sequence[Path]
) -> list[SourceFile]:
    """Return the files of a domain, ordered by name.

    Parameters
    ----------
    domain
        name of the domain, for messages
    patterns
        globs, absolute or relative, `**` for folders at any depth; one with `!` in front takes files away
    search_folders
        where a relative pattern is looked up; the first folder with a match is taken

    Raises CensusError for a pattern that matches no file.
    """
    found = find_files(f"domains.{domain}.files", patterns, search_folders)
    return [_source_file(name, path) for name, path in found.items()]


def _source_file(name: str, path: Path) -> SourceFile:
    def open_file() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise CensusError(
                f"{path}: cannot be read: {error.strerror}. Make it readable, or leave it out."
            ) from error

    return SourceFile(name, str(path), open_file)
