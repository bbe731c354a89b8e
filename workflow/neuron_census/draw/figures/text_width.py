"""How wide a line of text is, and how large it can be, before there is a figure to put it into."""

from __future__ import annotations

import matplotlib
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath


def text_width(text: str, size: float) -> float:
    """Return the width of one line in the font of the style, in points.

    Parameters
    ----------
    text
        the line
    size
        size of the font, points
    """
    font = FontProperties(family=matplotlib.rcParams["font.family"])
    # A dollar sign in a name begins no formula.
    plain = text.replace("$", r"\$")
    return float(TextPath((0, 0), plain, size=size, prop=font).get_extents().width)


def fitting_size(text: str, size: float, room: float) -> float:
    """Return the size at which a line is no wider than `room`, at most `size`, in points.

    Parameters
    ----------
    text
        the line, not empty
    size
        size of the font where there is room, points
    room
        points
    """
    return min(size, size * room / text_width(text, size))
