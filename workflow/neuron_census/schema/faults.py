"""What is wrong with a config, said at once however much it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from neuron_census.errors import CensusError

MOST_SHOWN = 20


def refuse(faults: Iterable[str]) -> None:
    """Raise a CensusError that says every fault, one as a paragraph and several as a list; nothing if there is none.

    Parameters
    ----------
    faults
        what is wrong: each names the key or file, what was found, what was expected and what to do
    """
    found = list(dict.fromkeys(faults))
    if not found:
        return
    if len(found) == 1:
        raise CensusError(found[0])
    shown = "".join(f"\n  - {fault}" for fault in found[:MOST_SHOWN])
    rest = f"\n  and {len(found) - MOST_SHOWN} more." if len(found) > MOST_SHOWN else ""
    raise CensusError(f"The config has {len(found)} faults:{shown}{rest}")


def fault_of(check: Callable[[], object]) -> Iterator[str]:
    """Yield what a check says where it raises a CensusError, and nothing otherwise."""
    try:
        check()
    except CensusError as error:
        yield str(error)
