"""How wide a line of text is, before there is a figure to put it into."""

from __future__ import annotations

import matplotlib
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath


def text_width(text: str, size: float) -> float:
    """Width of one line in the font of the style, in points.

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
