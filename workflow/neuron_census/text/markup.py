"""HTML to plain text."""

from __future__ import annotations

import re
from html import unescape

_DROPPED = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:address|article|blockquote|body|br|caption|dd|div|dl|dt|figure|fullname|h[1-6]|head|hr|"
    r"html|important|li|note|ol|p|pre|section|table|td|th|title|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_OTHER = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def strip_markup(text: str) -> str:
    """Give the text of an HTML fragment: a line for each block, without tags, entities resolved.

    White space is as little as HTML would show; a `<` that opens no tag stays.
    """
    text = _SPACE.sub(" ", _DROPPED.sub(" ", text))
    lines = unescape(_OTHER.sub("", _BLOCK.sub("\n", text))).split("\n")
    return "\n".join(stripped for line in lines if (stripped := _SPACE.sub(" ", line).strip()))
