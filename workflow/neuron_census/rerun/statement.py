"""How a provenance is written: the code of a stage, its settings, and digests of what it reads.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.rerun.code_digest import code_digest
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.stages import module_of

PACKAGE = Path(__file__).parents[1]
# Hexadecimal digits of a digest: 128 bits.
DIGITS = 32


def modules_in(folder: str) -> list[str]:
    """Name the modules in a folder of the package, which are imported by names that files hold."""
    return [
        f"{folder.replace('/', '.')}.{file.stem}"
        for file in sorted((PACKAGE / folder).glob("[!_]*.py"))
    ]


def statement(
    stage: str | None,
    *modules: str,
    settings: Mapping[str, Any] | None = None,
    content: Mapping[str, str] | None = None,
    made_from: Mapping[str, str] | None = None,
) -> str:
    """Return a provenance as JSON.

    Parameters
    ----------
    stage
        the command, whose code counts; None where any code makes the same
    modules
        modules that the stage imports by names that files hold
    settings
        the part of the configuration that it depends on
    content
        digests of the user's files, by what they are
    made_from
        the provenance of every file that is read, by its path
    """
    said: dict[str, Any] = {}
    if stage is not None:
        said |= {"stage": stage, "code": code_digest(module_of(stage), *modules)[:DIGITS]}
    said |= {
        "settings": settings or {},
        "content": content or {},
        "from": {file: statement_digest(upstream) for file, upstream in (made_from or {}).items()},
    }
    return json.dumps({key: value for key, value in said.items() if value}, sort_keys=True)


def statement_digest(text: str) -> str:
    """Return a digest of a provenance, which stands for it in those of what is made from it."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def hub_content(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands for a repository of the hub: its revision."""
    return {f"the revision of {entry['hub']}": entry["revision"]}


def folder_content(folder: Path, patterns: tuple[str, ...]) -> str:
    """Return a digest of the files in a folder that matter: a card or a note beside them does not.

    Raises CensusError if the folder has none of them.
    """
    files = [file for pattern in patterns for file in folder.glob(pattern)]
    if not files:
        raise CensusError(
            f"{folder}: has none of {', '.join(patterns)}. Expected a folder in Hugging Face's format."
        )
    return fingerprint(files)
