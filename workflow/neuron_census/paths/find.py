"""Where the user's own files are: a relative path is looked up in some folders, one after the other.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.paths.patterns import matches_any, wanted_and_unwanted


def find_path(key: str, path: str, folders: Sequence[Path]) -> Path:
    """Return the path of a file or folder.

    Parameters
    ----------
    key
        the key of the config that names it, for messages
    path
        absolute, or relative; `~` is the home folder
    folders
        where a relative path is looked up; the first folder that has it is taken

    Raises CensusError if there is none.
    """
    given = Path(path).expanduser()
    candidates = [given] if given.is_absolute() else [folder / given for folder in folders]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise CensusError(
        f"{key}: '{path}' is not there; tried {_listed(candidates)}. Expected a path that is absolute, "
        "or relative to the folder in which the workflow runs or to the repository."
    )


def find_files(key: str, patterns: Sequence[str], folders: Sequence[Path]) -> dict[str, Path]:
    """Return files that match globs, by name and ordered by it; `!` takes files away again.

    A file is there once, however many patterns find it and however they spell its path; so is one that is
    also found through a symbolic link. Its name is the shortest spelling relative to the folder, if there is one.

    Parameters
    ----------
    key
        the key of the config that has the patterns, for messages
    patterns
        globs, absolute or relative, `**` for folders at any depth
    folders
        where a relative pattern is looked up; the first folder with a match is taken

    Raises CensusError for a pattern that matches no file.
    """
    wanted, unwanted = wanted_and_unwanted(patterns)
    found: dict[str, Path] = {}
    for pattern in wanted:
        found.update(_matches(key, os.path.expanduser(pattern), folders))
    once: dict[Path, str] = {}
    for name in sorted(found, key=lambda name: (os.path.isabs(name), len(name), name)):
        once.setdefault(found[name].resolve(), name)
    spelled = [_normal(os.path.expanduser(pattern)) for pattern in unwanted]
    roots = [folder.resolve() for folder in folders]
    kept = {
        name: found[name]
        for real, name in once.items()
        if not spelled
        or not any(matches_any(path, spelled) for path in _spellings(name, real, roots))
    }
    if not kept:
        raise CensusError(
            f"{key}: all {len(once)} files that were found are taken away again by "
            f"{', '.join('!' + pattern for pattern in unwanted)}. Take fewer away."
        )
    return dict(sorted(kept.items()))


def _spellings(name: str, real: Path, roots: Sequence[Path]) -> set[str]:
    """Paths by which a pattern can mean a file: as it was found, in full, and from each of the folders."""
    relative = [str(real.relative_to(root)) for root in roots if real.is_relative_to(root)]
    return {name, _as_text(str(real)), *map(_as_text, relative)}


def _normal(path: str) -> str:
    """A path or pattern without `.`, without `..` behind a name, and with single slashes."""
    return os.path.normpath(path).replace(os.sep, "/")


def _matches(key: str, pattern: str, folders: Sequence[Path]) -> dict[str, Path]:
    roots = [Path(os.sep)] if os.path.isabs(pattern) else list(folders)
    for root in roots:
        names = glob.glob(pattern, root_dir=root, recursive=True)
        files = {_as_text(_normal(name)): root / name for name in names}
        files = {name: path for name, path in files.items() if path.is_file()}
        if files:
            return files
    raise CensusError(
        f"{key}: no file matches '{pattern}'; tried {_listed([root / pattern for root in roots])}. "
        "Expected a path or a glob that is absolute, or relative to the folder in which the workflow "
        "runs or to the repository."
    )


def _as_text(name: str) -> str:
    """A file's name as text, even if it is not UTF-8."""
    slashed = name.replace(os.sep, "/")
    return slashed.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _listed(paths: Sequence[Path]) -> str:
    return " and ".join(str(path) for path in paths)
