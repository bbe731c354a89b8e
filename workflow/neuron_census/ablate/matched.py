"""Tokens of matched frequency: what an ablation is compared with that cannot be about the trigger."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64


class MatchedTokens:
    """Tokens by how often they occur in the text of all studies."""

    def __init__(self, occurrences: Int64[np.ndarray, " token"]) -> None:
        self._occurrences = occurrences
        ids = np.arange(len(occurrences))
        # Rows of the embedding that belong to no token, and tokens that never occur, match nothing.
        occurring = ids[occurrences > 0]
        self._order = occurring[np.lexsort((occurring, -occurrences[occurring]))]
        self._place = {int(token): place for place, token in enumerate(self._order)}

    def match(self, token: int, excluded: frozenset[int]) -> int:
        """Return the token whose frequency is nearest to that of another, and which is not excluded.

        Parameters
        ----------
        token
            the trigger
        excluded
            tokens that may not be taken; the trigger never is

        Returns -1 where there is none.
        """
        place = self._place.get(token)
        if place is None:
            return -1
        own = int(self._occurrences[token])
        best, smallest = -1, -1
        for step in (1, -1):
            at = place + step
            while 0 <= at < len(self._order):
                candidate = int(self._order[at])
                if candidate != token and candidate not in excluded:
                    distance = abs(int(self._occurrences[candidate]) - own)
                    if best < 0 or distance < smallest:
                        best, smallest = candidate, distance
                    break
                at += step
        return best


def count_tokens(
    tokens: Int64[np.ndarray, " position"], vocabulary: int
) -> Int64[np.ndarray, " token"]:
    """Return how often each token of a vocabulary occurs."""
    return np.bincount(tokens, minlength=vocabulary).astype(np.int64)
