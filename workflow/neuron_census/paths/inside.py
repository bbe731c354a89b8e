"""File names that come from elsewhere: from an index, an archive, a hub."""

from __future__ import annotations

from pathlib import PurePosixPath

from neuron_census.errors import CensusError


def require_inside(name: str, source: str) -> None:
    """Refuse a file name that would lead out of the folder that it is relative to.

    Parameters
    ----------
    name
        a relative path with forward slashes
    source
        what names it: the beginning of the message

    Raises CensusError for a name that is empty or absolute, or has `..`, a backslash, a colon or a
    NUL in it.
    """
    relative = PurePosixPath(name)
    odd = any(character in name for character in "\\:\0")
    if not relative.parts or relative.is_absolute() or ".." in relative.parts or odd:
        raise CensusError(
            f"{source} names the file {name!r}, which leads out of its folder. Every file must be "
            "inside; use this source only if you know where it comes from, and correct the name."
        )
