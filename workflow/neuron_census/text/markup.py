"""HTML to plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_DROPPED = re.compile(r"<!--|<(?:(script)|(style))\b", re.IGNORECASE)
_ENDS = {
    None: re.compile("-->"),
    1: re.compile(r"</script\s*>", re.IGNORECASE),
    2: re.compile(r"</style\s*>", re.IGNORECASE),
}
"""What closes each of these, by the group that it opens with."""
_BLOCK = re.compile(
    r"</?(?:address|article|blockquote|body|br|caption|dd|div|dl|dt|figure|fullname|h[1-6]|head|hr|"
    r"html|important|li|note|ol|p|pre|section|table|td|th|title|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_OTHER = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NOUGHTS = re.compile(r"&#0+(?=[0-9])")
_BEYOND_UNICODE = re.compile(r"&#[0-9]{8,};?")


def strip_markup(text: str) -> str:
    """Return the text of an HTML fragment: one line per block, without tags, with entities resolved.

    White space is reduced to what HTML would show; a `<` that opens no tag stays. Takes time in proportion to
    the length, whatever the text holds.
    """
    text = _SPACE.sub(" ", "".join(_kept(text)))
    lines = _resolved(_OTHER.sub("", _BLOCK.sub("\n", text))).split("\n")
    return "\n".join(stripped for line in lines if (stripped := _SPACE.sub(" ", line).strip()))


def _kept(text: str) -> Iterator[str]:
    """The parts of a text around its comments, scripts and styles; one that is never closed is none."""
    unclosed: set[int | None] = set()
    kept_from = place = 0
    while opening := _DROPPED.search(text, place):
        kind = opening.lastindex
        closing = None if kind in unclosed else _ENDS[kind].search(text, opening.end())
        if closing is None:
            unclosed.add(kind)
            place = opening.end()
            continue
        yield text[kept_from : opening.start()]
        yield " "
        kept_from = place = closing.end()
    yield text[kept_from:]


def _resolved(text: str) -> str:
    """Entities as characters; `unescape` fails on numbers of thousands of digits."""
    if "&#" in text:
        text = _BEYOND_UNICODE.sub("\ufffd", _NOUGHTS.sub("&#", text))
    return unescape(text)
