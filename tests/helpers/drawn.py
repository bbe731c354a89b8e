"""What a figure shows, read off its axes: lines, bars, circles, ranges, cells of text, legend and titles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

Numbers = list[float | None]


@dataclass(frozen=True)
class DrawnLine:
    """A line with points; None stands for a gap. A quiet line is half transparent."""

    label: str
    x: Numbers
    y: Numbers
    colour: str
    style: str
    marker: str
    is_quiet: bool


@dataclass(frozen=True)
class DrawnCell:
    """A piece of text: where it begins (or ends, if flush right), its line from the top, and its colour."""

    text: str
    across: float
    line: float
    colour: str


def drawn_lines(axes: Axes) -> list[DrawnLine]:
    """Return the lines of a panel that have points, in the order in which they were drawn."""
    return [line for line in map(_line, axes.get_lines()) if line.x]


def lines_by_label(axes: Axes) -> dict[str, DrawnLine]:
    """Return the lines that have a label and points."""
    return {line.label: line for line in drawn_lines(axes) if not line.label.startswith("_")}


def drawn_bars(axes: Axes) -> dict[str, dict[float, tuple[float, float]]]:
    """Return of each label its bars: where each stands, and from where to where it reaches upwards."""
    return {
        str(bars.get_label()): {
            bar.get_center()[0]: (bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars
        }
        for bars in axes.containers
        if isinstance(bars, BarContainer)
    }


def bar_colours(axes: Axes) -> dict[str, set[str]]:
    """Return the colours of the bars of each label."""
    return {
        str(bars.get_label()): {to_hex(bar.get_facecolor()) for bar in bars}
        for bars in axes.containers
        if isinstance(bars, BarContainer)
    }


def legend_colours(figure: Figure) -> dict[str, str]:
    """Return the colour of each entry of the legend; of a marker with an edge that of its inside."""
    (legend,) = figure.legends
    found = {}
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        if isinstance(handle, Rectangle):
            colour = handle.get_facecolor()
        else:
            assert isinstance(handle, Line2D)
            colour = (
                handle.get_markerfacecolor()
                if handle.get_linestyle() == "None"
                else handle.get_color()
            )
        found[text.get_text()] = to_hex(colour)
    return found


def legend_looks(figure: Figure) -> dict[str, tuple[str, str, str]]:
    """Return colour, style and marker of each entry of a legend of lines."""
    (legend,) = figure.legends
    looks = {}
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        assert isinstance(handle, Line2D)
        line = _line(handle)
        looks[text.get_text()] = (line.colour, line.style, line.marker)
    return looks


def drawn_circles(axes: Axes) -> list[tuple[float, float, str, str]]:
    """Return place, inner and outer colour of each circle, from the bottom, and in a line from the left."""
    (circles,) = (part for part in axes.collections if isinstance(part, EllipseCollection))
    places = np.asarray(circles.get_offsets()).reshape(-1, 2).tolist()
    inside, edges = (
        [to_hex(colour) for colour in np.asarray(colours)]
        for colours in (circles.get_facecolor(), circles.get_edgecolor())
    )
    found = [(x, y, *both) for (x, y), *both in zip(places, inside, edges, strict=True)]
    return sorted(found, key=lambda circle: (circle[1], circle[0]))


def drawn_ranges(axes: Axes) -> dict[float, list[tuple[float, float]]]:
    """Return of each row of bars, by its place, where each of its bars begins and ends."""
    rows = {}
    for part in axes.collections:
        corners = [np.asarray(path.vertices) for path in part.get_paths()]
        if isinstance(part, PolyCollection) and corners:
            middle = float(np.mean([(bar[:, 1].min() + bar[:, 1].max()) / 2 for bar in corners]))
            rows[middle] = [(float(bar[:, 0].min()), float(bar[:, 0].max())) for bar in corners]
    return rows


def drawn_cells(axes: Axes) -> list[DrawnCell]:
    """Return all texts of a panel, from the top, and in a line from the left."""
    cells = [
        DrawnCell(text.get_text(), *text.get_position(), to_hex(text.get_color()))
        for text in axes.texts
        if text.get_text()
    ]
    return sorted(cells, key=lambda cell: (cell.line, cell.across))


def rows_of_text(axes: Axes) -> list[list[str]]:
    """Return the texts of each line of a panel, from the top, and in a line from the left."""
    lines: dict[float, list[str]] = defaultdict(list)
    for cell in drawn_cells(axes):
        lines[cell.line].append(cell.text)
    return list(lines.values())


def titles(figure: Figure) -> list[str]:
    """Return the title of each panel that is shown, wherever above the panel it is aligned."""
    return [
        "".join(axes.get_title(place) for place in ("left", "center", "right"))
        for axes in figure.axes
        if axes.axison
    ]


def labels(axes: Axes) -> tuple[str, str]:
    """Return what the axes of a panel are called: the one across, and the one upwards."""
    return axes.get_xlabel(), axes.get_ylabel()


def _line(line: Line2D) -> DrawnLine:
    x, y = (
        [None if value is None or np.isnan(value) else float(value) for value in np.asarray(values)]
        for values in (line.get_xdata(), line.get_ydata())
    )
    return DrawnLine(
        str(line.get_label()),
        x,
        y,
        to_hex(line.get_color()),
        str(line.get_linestyle()),
        str(line.get_marker()),
        line.get_alpha() is not None,
    )
