"""Neuron Census: what the feed-forward neurons of language models do.

    import neuron_census

    census = neuron_census.Census.open("results")       # what a run has found
    census.neurons("opt-mini-l")                        # one row per neuron, a polars frame
    neuron_census.project(checkpoint, layer, neuron)    # what a neuron promotes and suppresses
    neuron_census.activations(checkpoint, "some text")  # what every neuron does at each token

docs/library.md shows more. Nothing heavy is imported before a name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuron_census.errors import CensusError
    from neuron_census.library.activations import Activations, activations
    from neuron_census.library.census import Census
    from neuron_census.library.project import project

__version__ = "0.1.0"
__all__ = ["Activations", "Census", "CensusError", "activations", "project"]

_MODULES = {
    "Activations": "library.activations",
    "Census": "library.census",
    "CensusError": "errors",
    "activations": "library.activations",
    "project": "library.project",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    # From now on the name is found without coming here.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
