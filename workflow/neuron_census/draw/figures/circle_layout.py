"""How large circles can be: how many panels stand side by side, and how many lines a layer has.

The circles of a layer fill its band column by column, so that also a band of several lines is as long as
the layer has neurons, and the types still follow one another from left to right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# All lengths are in points, a 72nd of an inch.
PAGE_WIDTH = 518.0
PAGE_HEIGHT = 650.0
# Of a panel: the layer numbers at its side; its title and the counts below it. Of a figure: the name of
# the counts.
SIDE = 34.0
HEAD_AND_FOOT = 56.0
NAME = 16.0
LARGEST_PITCH = 7.0
# Circles at this distance are easily told apart: a single line of them is better than larger ones.
LEGIBLE_PITCH = 5.0
# The space between the bands of two layers, as a share of a circle, and the least of it.
GAP_SHARE = 0.5
LEAST_GAP = 2.0
MOST_ABREAST = 4
MOST_LINES = 64


@dataclass(frozen=True)
class CircleLayout:
    """How many panels stand side by side, and the lines, columns and distance of a panel's circles."""

    abreast: int
    lines: int
    columns: int
    pitch: float
    height: float

    @property
    def gap(self) -> float:
        """The space between two bands, in circles."""
        return max(GAP_SHARE, LEAST_GAP / self.pitch)

    @property
    def band(self) -> float:
        """The distance from one layer to the next, in circles."""
        return self.lines + self.gap


def choose_layout(layers: Sequence[int], most_neurons: int, title_width: float) -> CircleLayout:
    """Return the layout of a page with the most legible circles; of equal ones that with the fewest lines.

    Parameters
    ----------
    layers
        number of layers of each panel
    most_neurons
        the most circles that a layer has
    title_width
        width of the longest title, points: no panel is narrower
    """
    layouts = [
        _layout(layers, most_neurons, abreast, lines)
        for abreast in range(1, min(len(layers), MOST_ABREAST) + 1)
        for lines in range(1, MOST_LINES + 1)
        if abreast == 1 or title_width <= PAGE_WIDTH / abreast - SIDE / 2
    ]
    # More panels than a page holds make a higher page.
    limit = max(PAGE_HEIGHT, 1.5 * min(layout.height for layout in layouts))
    return max(
        (layout for layout in layouts if layout.height <= limit),
        key=lambda layout: (
            round(min(layout.pitch, LEGIBLE_PITCH), 3),
            -layout.lines,
            -layout.height,
        ),
    )


def _layout(layers: Sequence[int], most_neurons: int, abreast: int, lines: int) -> CircleLayout:
    width = PAGE_WIDTH / abreast - SIDE
    columns = max(-(-most_neurons // lines), int(width / LARGEST_PITCH))
    trial = CircleLayout(abreast, lines, columns, width / columns, 0.0)
    highest = [max(layers[first : first + abreast]) for first in range(0, len(layers), abreast)]
    height = NAME + len(highest) * HEAD_AND_FOOT + sum(highest) * trial.band * trial.pitch
    return CircleLayout(abreast, lines, columns, trial.pitch, height)
