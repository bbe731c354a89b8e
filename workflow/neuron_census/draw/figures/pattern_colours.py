"""The types of positional patterns, in the order in which figures show them, and their colours."""

from __future__ import annotations

from matplotlib.colors import to_rgb

from neuron_census.formats.tables.vocabulary import PATTERNS, STRENGTHS

__all__ = ["COLOURS", "PATTERNS", "STRENGTHS", "fill"]

# Okabe and Ito's blue, vermillion and bluish green, and grey for what has no type of its own.
COLOURS = {
    "oscillatory": "#0072B2",
    "both extremes": "#D55E00",
    "one extreme": "#009E73",
    "other": "#4D4D4D",
}
# The circle of a weak pattern is filled with this share of its colour, and its edge has all of it.
WEAK_INTENSITY = 0.25


def fill(pattern: str, strength: str) -> tuple[float, float, float]:
    """Return the colour that fills a neuron's circle: that of its pattern, paler if it is weak.

    Parameters
    ----------
    pattern
        one of `PATTERNS`
    strength
        one of `STRENGTHS`
    """
    intensity = WEAK_INTENSITY if strength == "weak" else 1.0
    red, green, blue = (1 - intensity * (1 - part) for part in to_rgb(COLOURS[pattern]))
    return red, green, blue
