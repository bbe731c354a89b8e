r"""What the commands print: text that shows what it is, in colours where a terminal takes them.

Texts of tokens come from anywhere. Spaces at either end are written as ␣, and whatever is invisible or could
move or command the terminal by its code, as \n or \u202e.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from rich.console import Console
from rich.text import Text

WIDTH = 100
"""Columns where nobody says how many there are: in a pipe or a file."""
BARS = "▁▂▃▄▅▆▇█"
NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def open_console() -> Console:
    """Return a console on standard output: with colours on a terminal, 100 columns wide elsewhere."""
    width = None if sys.stdout.isatty() else WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def visible(text: str) -> str:
    r"""Return a token's text with every character of it to be seen.

    >>> visible(" the"), visible("\n\n"), visible("\x1b[31m"), visible("")
    ('␣the', '\\n\\n', '\\x1b[31m', '(empty)')
    """
    inside = text.strip(" ")
    leading = len(text) - len(text.lstrip(" "))
    shown = "".join(map(_shown, inside))
    return "␣" * leading + shown + "␣" * (len(text) - leading - len(inside)) or "(empty)"


def shortened(text: str, longest: int) -> str:
    """Return a text, cut to so many characters and ended with … if it is longer.

    >>> shortened("circumstance", 7), shortened("of", 7)
    ('circum…', 'of')
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return values from 0 to 1 as a line of bars, each the mean of neighbours where there are too many.

    >>> sparkline([0, 0.5, 1], 3), sparkline([0, 0, 1, 1], 2)
    ('▁▅█', '▁█')
    """
    count = min(width, len(values))
    bounds = [place * len(values) // count for place in range(count + 1)] if count else [0]
    means = [sum(values[first:end]) / (end - first) for first, end in pairwise(bounds)]
    top = len(BARS) - 1
    return "".join(BARS[round(top * min(1.0, max(0.0, mean)) + 1e-9)] for mean in means)


def heading(title: str, note: str = "") -> Text:
    """Return a heading, in bold, with a note after it that stands back."""
    return Text.assemble((title, "bold"), (f"   {note}" if note else "", "dim"))


def _shown(character: str) -> str:
    """A character, or its code where it is invisible, runs from right to left, or is a mark without a letter."""
    if character in NAMED:
        return NAMED[character]
    category = unicodedata.category(character)
    plain = character == " " or category[0] in "LNPS"
    if plain and unicodedata.bidirectional(character) not in RIGHT_TO_LEFT:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
