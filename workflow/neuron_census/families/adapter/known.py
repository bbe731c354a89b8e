"""The families that there are, each found by the model_type that its config.json says.

A family is imported by that name, so that the code of one counts for its own models alone: adding a family
records nothing anew. Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuron_census.families.adapter.family import Family

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

FOLDER = Path(__file__).parents[1]
PAPER = "opt"
"""The family of the paper: of what the workflow trains, and of a repository of which no family is said."""


@cache
def known_types() -> tuple[str, ...]:
    """Return the model_type of every family, in alphabetical order."""
    return tuple(sorted(file.stem for file in FOLDER.glob("[!_]*.py")))


def family_named(model_type: str) -> Family:
    """Return a family by its model_type; ValueError for one that there is not."""
    if model_type not in known_types():
        raise ValueError(f"no family of models is called {model_type!r}")
    family: Family = import_module(f"neuron_census.families.{model_type}").FAMILY
    return family


def family_of(config: PreTrainedConfig) -> Family:
    """Return the family of a configuration that was read."""
    return family_named(config.model_type)


def module_of_family(model_type: str) -> str:
    """Return the module of a family, inside the package, for digests of code."""
    return f"families.{model_type}"


def family_in_gguf(architecture: str) -> str | None:
    """Return the model_type of the family that a GGUF file calls so; None if none is read from such files."""
    for model_type in known_types():
        names = family_named(model_type).gguf
        if names is not None and names.architecture == architecture:
            return model_type
    return None


def published_content(repository: str) -> dict[str, Any] | None:
    """Return what config.json of a repository or distribution says, if it is known here; None for any other."""
    for model_type in known_types():
        found = family_named(model_type).published.get(repository)
        if found is not None:
            return {"model_type": model_type, **found}
    return None


def published_repositories() -> tuple[str, ...]:
    """Return the repositories whose configuration is known here."""
    return tuple(
        name for model_type in known_types() for name in family_named(model_type).published
    )
