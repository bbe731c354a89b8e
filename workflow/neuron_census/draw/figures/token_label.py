r"""Texts of tokens that any figure can show: nothing in them is invisible or moves its neighbours.

Spaces at either end are written as ␣, and so are all spaces of a token that has nothing else. Line breaks,
tabs, control and format characters, characters of right-to-left scripts, marks without a letter, and
characters that the font lacks are shown by their codes, as \n or \u0627.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font

# The font comes with matplotlib, so that a token looks the same on every machine and in every style.
FONT = "DejaVu Sans"
SPACE = "␣"
LONGEST = 24
EMPTY = "(empty)"
NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def visible(text: str) -> str:
    r"""Return a token's text, written so that every character of it can be seen.

    It is to be drawn in `FONT` and with `parse_math=False`, so that a dollar sign stays one.

    Parameters
    ----------
    text
        of a token or an n-gram
    """
    if not text:
        return EMPTY
    leading = len(text) - len(text.lstrip(" "))
    trailing = len(text) - len(text.rstrip(" "))
    shown: list[str] = []
    for place, character in enumerate(text):
        at_the_end = place < leading or place >= len(text) - trailing
        if character == " ":
            shown.append(SPACE if at_the_end else " ")
        elif unicodedata.category(character)[0] == "M" and (not shown or shown[-1][0] in " ␣\\"):
            # A mark would sit on what stands before it, which is no letter.
            shown.append(_code(character))
        else:
            shown.append(character if _can_be_drawn(character) else _code(character))
    return "".join(shown)


def shortened(label: str, longest: int = LONGEST) -> str:
    """Return a label, cut to so many characters and ended with … if it is longer.

    Parameters
    ----------
    label
        as `visible` writes it
    longest
        how many characters are left, … among them
    """
    return label if len(label) <= longest else label[: longest - 1] + "…"


def _can_be_drawn(character: str) -> bool:
    if character in NAMED or unicodedata.bidirectional(character) in RIGHT_TO_LEFT:
        return False
    # Letters, marks, numbers, punctuation and symbols; no separators, and nothing that controls.
    return unicodedata.category(character)[0] in "LMNPS" and ord(character) in _glyphs()


def _code(character: str) -> str:
    code = ord(character)
    if character in NAMED:
        return NAMED[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@cache
def _glyphs() -> frozenset[int]:
    """Return the characters that the font has, by code."""
    return frozenset(FT2Font(findfont(FONT, fallback_to_default=False)).get_charmap())
