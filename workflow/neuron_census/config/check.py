"""Check a config by itself: `python -m neuron_census.config.check config/mine.yaml`.

Of a file given with `--configfile` that is not valid YAML, Snakemake says only that. This command names the line,
and every fault with which a run would end before it begins.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from neuron_census.config.configuration import configure, unpinned
from neuron_census.config.local_sources import check_local_sources
from neuron_census.config.selection import Selection
from neuron_census.errors import CensusError

REPOSITORY = Path(__file__).parents[3]
DEFAULT = REPOSITORY / "config" / "config.yaml"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return what a config file says. Raises CensusError that names the file and, for broken YAML, the line."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CensusError(f"{path}: cannot be read: {error.strerror}. Correct the path.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise CensusError(
            f"{path}{at}: broken YAML: {said}. Correct that line, or the one above."
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CensusError(
            f"{path}: cannot be read as YAML: {reason}. Write it as UTF-8 text."
        ) from error
    if not isinstance(read, dict):
        raise CensusError(f"{path}: found {type(read).__name__}, expected keys as in {DEFAULT}.")
    return read


def merged(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config merged over another as Snakemake does it: mappings are merged, all else is replaced."""
    found = deepcopy(dict(base))
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merged(found[key], value) if both else value
    return found


def check(paths: Sequence[Path]) -> list[str]:
    """Return the warnings for a config: the defaults, with the given files merged over them in this order.

    Parameters
    ----------
    paths
        the files, in the order in which they are given to `--configfile`

    Raises CensusError that says every fault.
    """
    config = read_yaml(DEFAULT)
    for path in paths:
        config = merged(config, read_yaml(path))
    config = configure(config)
    check_local_sources(Selection(config, folders=(Path(), REPOSITORY)))
    return unpinned(config)


if __name__ == "__main__":
    try:
        for entry in check([Path(argument) for argument in sys.argv[1:]]):
            print(f"warning: {entry} is not a commit.", file=sys.stderr)
    except CensusError as error:
        sys.exit(f"error: {error}")
    print("The config is in order.")
