"""A text and its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A text and its key: the path inside its source and, if a file holds several, which of them."""

    key: str
    text: str
