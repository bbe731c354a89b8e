"""Tables of text inside a figure: cells of a known width, into which texts are made to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from neuron_census.draw.figures.text_width import text_width
from neuron_census.draw.figures.token_label import FONT, shortened

# Points: of the text, and from one line to the next.
SIZE = 7.5
LINE = 11.5
HEAD_COLOUR = "0.35"
DETECTED_COLOUR = "#D55E00"


@dataclass(frozen=True)
class Cell:
    """A text, and whether it is one of the tokens that its neuron detects."""

    text: str
    detected: bool = False


@dataclass(frozen=True)
class TextColumn:
    """Cells below a head; `left` and `width` are in points, numbers are put to the right end."""

    left: float
    width: float
    head: str
    cells: Sequence[Cell]
    is_number: bool = False


def text_area(axes: Axes, width: float, lines: float) -> None:
    """Make an axes a sheet of paper: in x its unit is a point, in y a line, from the top.

    Parameters
    ----------
    axes
        of this size in the figure
    width
        points
    lines
        as many as fit
    """
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(lines, 0)


def write_column(axes: Axes, column: TextColumn, first: float) -> None:
    """Write a column on a sheet, its head in a line and its cells in the following ones.

    Parameters
    ----------
    axes
        a sheet
    column
        what is written
    first
        line of the head
    """
    write(axes, Cell(column.head), column, first, HEAD_COLOUR)
    for place, cell in enumerate(column.cells, start=1):
        write(axes, cell, column, first + place, DETECTED_COLOUR if cell.detected else "black")


def write(axes: Axes, cell: Cell, column: TextColumn, line: float, colour: str) -> None:
    """Write one cell into a line, cut where it would leave its column.

    Parameters
    ----------
    axes
        a sheet
    cell
        what is written
    column
        where
    line
        in which line
    colour
        of the text
    """
    axes.text(
        column.left + (column.width if column.is_number else 0),
        line + 0.5,
        fitted(cell.text, column.width),
        ha="right" if column.is_number else "left",
        va="center",
        fontsize=SIZE,
        family=FONT,
        color=colour,
        parse_math=False,
    )


def fitted(text: str, width: float) -> str:
    """Cut a text until it is no wider than this.

    Parameters
    ----------
    text
        one line
    width
        points
    """
    for length in range(len(text), 1, -1):
        cut = shortened(text, length)
        if text_width(cut, SIZE) <= width:
            return cut
    return shortened(text, 1)


def signed(value: float, digits: int) -> str:
    """Write a number with its sign, a minus as wide as a plus.

    Parameters
    ----------
    value
        the number
    digits
        behind the point
    """
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
