"""Methods whose answers are worked out once.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from neuron_census.errors import CensusError


def remembered(make: Callable[..., str]) -> Callable[..., str]:
    """Return a method that works each answer out once, for any names that it is asked with.

    Parameters
    ----------
    make
        the method, of an object that keeps answers in `known`
    """

    @wraps(make)
    def once(self: Any, *names: str) -> str:
        which = (make.__name__, *names)
        if which not in self.known:
            try:
                self.known[which] = make(self, *names)
            except CensusError as error:
                # The user mends a file or the config, and the way here through the code is no help.
                raise error.with_traceback(None) from None
        known: str = self.known[which]
        return known

    return once
