"""The one kind of error that a user can cause and mend."""

from __future__ import annotations

MADE_AGAIN = "Delete it and run again; the workflow rebuilds it."
"""What to do about a result that is damaged or out of date."""


class CensusError(Exception):
    """Bad input: one paragraph that names the file or key, what was found, what was expected and what to do."""


def one_of(found: str, allowed: list[str]) -> str:
    """Say which names are allowed, with the nearest one first where `found` looks like a slip.

    Parameters
    ----------
    found
        the name that was given
    allowed
        the names that would have been accepted
    """
    from difflib import get_close_matches

    near = get_close_matches(found, allowed, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}Allowed: {', '.join(sorted(allowed)) or 'nothing'}."
