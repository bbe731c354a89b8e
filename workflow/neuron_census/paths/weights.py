"""Which names an index may give to files of weights.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from neuron_census.errors import CensusError
from neuron_census.paths.inside import require_inside

SUFFIXES = (".safetensors", ".bin")


def require_weights_beside(name: str, source: str) -> None:
    """Refuse a file of weights that does not lie beside its index, or is of another kind.

    Such files alone are looked at to tell whether weights have changed since they were recorded.

    Parameters
    ----------
    name
        as the index has it
    source
        who names it: the beginning of the message

    Raises CensusError for a name with a folder in it, a hidden one, or one that ends neither in
    .safetensors nor in .bin.
    """
    require_inside(name, source)
    path = PurePosixPath(name)
    if len(path.parts) > 1 or name.startswith(".") or path.suffix not in SUFFIXES:
        raise CensusError(
            f"{source} names the file {name!r}. Expected a file of weights beside the index, "
            f"{' or '.join(f'*{suffix}' for suffix in SUFFIXES)}: move or rename the file, and correct the "
            "index."
        )
