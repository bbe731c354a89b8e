"""Tables of text inside a figure: cells of a known width, into which texts are cut to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl
from matplotlib.axes import Axes

from neuron_census.draw.figures.text_width import text_width
from neuron_census.draw.figures.token_label import FONT, shortened

# Points: the size of the text, and the distance from one line to the next.
SIZE = 7.5
LINE = 11.5
HEAD_COLOUR = "0.35"

Length = int | float
DETECTED_COLOUR = "#D55E00"


@dataclass(frozen=True)
class Cell:
    """A text, and whether it is one of the tokens that its neuron detects."""

    text: str
    detected: bool = False


@dataclass(frozen=True)
class TextColumn:
    """Cells below a head; `left` and `width` are in points, and numbers are flush right."""

    left: Length
    width: Length
    head: str
    cells: Sequence[Cell] = ()
    is_number: bool = False


def text_area(axes: Axes, width: Length, lines: Length) -> None:
    """Turn axes into a sheet of paper, whose units are a point in x and a line in y, from the top.

    Parameters
    ----------
    axes
        as large in the figure
    width
        points
    lines
        how many fit
    """
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(lines, 0)


def write_column(axes: Axes, column: TextColumn, first: Length) -> None:
    """Write a column on a sheet, its head in one line and its cells in the following ones.

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


def write_tokens(
    axes: Axes,
    rows: pl.DataFrame,
    columns: tuple[TextColumn, TextColumn],
    first: Length,
    digits: int,
) -> None:
    """Write tokens, with their projections beside them, in the colour of detected tokens where they are such.

    Parameters
    ----------
    axes
        a sheet
    rows
        the tokens, in order, with columns text, value (their projection) and is_detected
    columns
        where the tokens and their projections stand; cells that they have already come after the tokens
    first
        line of the head
    digits
        of the projections, after the point
    """
    marked = rows["is_detected"].to_list()
    texts = [Cell(shortened(text), own) for text, own in zip(rows["text"], marked, strict=True)]
    values = [
        Cell(signed(value, digits), own) for value, own in zip(rows["value"], marked, strict=True)
    ]
    for column, cells in zip(columns, (texts, values), strict=True):
        write_column(axes, replace(column, cells=[*cells, *column.cells]), first)


def write(axes: Axes, cell: Cell, column: TextColumn, line: Length, colour: str) -> None:
    """Write one cell into a line, cut to the width of its column.

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


def fitted(text: str, width: Length) -> str:
    """Return a text, cut until it is no wider than `width`.

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
    """Return a number with its sign, a minus as wide as a plus.

    Parameters
    ----------
    value
        the number
    digits
        after the point
    """
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
