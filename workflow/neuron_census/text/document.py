"""A text and its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A text and its key: the path inside its source and, where a file holds many, which one."""

    key: str
    text: str
