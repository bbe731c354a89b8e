"""What reruns: seals decide it, whatever Snakemake remembers.

Snakemake compares params with those in its own folder, `.snakemake`. Where that folder is lost, or shared
results were made by another run, or a file was replaced, it would take a stale file for a current one. So the
question is answered from the seal of every output: a job runs again where an output has none, has other sizes,
or was made from something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.formats.seal import verify_if_touched
from neuron_census.rerun.difference import differences


def why_stale(output: Path, provenance: str) -> list[str]:
    """Say why a file or folder that is there must be made again; nothing if it is whole and current.

    Parameters
    ----------
    output
        the file or folder
    provenance
        what it should be made from, as `Provenance` tells it
    """
    try:
        seal = verify_if_touched(output)
    except CensusError as error:
        return [str(error).partition(". ")[0]]
    return differences(seal.provenance, json.loads(provenance))


_changes: dict[str, set[str]] = {}


def reasons_by_change() -> dict[str, set[str]]:
    """Return what `decide_by_seals` has found so far: files that must be made again, by what changed."""
    told = " is to be made from something else"
    return {change: files for change, files in _changes.items() if not change.endswith(told)}


def decide_by_seals() -> None:
    """Make Snakemake ask seals, in this process, whether what a job has made is current."""
    from snakemake.persistence import NO_PARAMS_CHANGE, ParamsChange, PersistenceBase

    if PersistenceBase.params_changed.__module__ == __name__:
        return

    class Stale(ParamsChange):  # type: ignore[misc]
        """Outputs that must be made again, and why, in words."""

        def __str__(self) -> str:
            return "; ".join(sorted(self.only_new))

    def params_changed(self: Any, job: Any, file: Any = None) -> Any:
        provenance = job.params.get("provenance")
        if provenance is None:
            return NO_PARAMS_CHANGE
        outputs = (
            [file] if file is not None else [path for path in job.output if Path(path).exists()]
        )
        reasons = set()
        for path in outputs:
            why = why_stale(Path(path), provenance)
            for change in why:
                _changes.setdefault(change, set()).add(str(path))
            if why:
                reasons.add(f"{path}: {', '.join(why)}")
        return Stale(only_new=reasons, files=set(outputs)) if reasons else NO_PARAMS_CHANGE

    PersistenceBase.params_changed = params_changed
    PersistenceBase.has_metadata = lambda self, job: True
    PersistenceBase.has_outdated_metadata = lambda self, job: False
