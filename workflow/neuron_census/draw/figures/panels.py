"""One panel per model, in a grid that fills the width of a page."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Int64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neuron_census.draw.figures.text_width import fitting_size

PAGE_WIDTH = 7.2  # inches, as all lengths here
LONE_WIDTH = 4.4
PANEL_HEIGHT = 2.1
LEAST_PANEL_HEIGHT = 1.75
FOOT = 0.4
# How many panels stand side by side, by the largest number of panels; more of them stand four abreast.
ABREAST = {1: 1, 2: 2, 3: 3, 4: 2, 6: 3}
MOST_ABREAST = 4
MOST_NUMBERS = 6
# Points: the size of a model's name, and the space to the left of a panel.
TITLE_SIZE = 9.0
SIDE = 34.0


def panels(count: int, counted: str) -> tuple[Figure, list[Axes]]:
    """Return a figure and its panels, row by row, whose axes are layers and counts of something.

    A single panel is narrower than the page. Only outer panels are labelled: counts at the left, layers
    where no panel is below.

    Parameters
    ----------
    count
        number of panels, at least one
    counted
        what is counted, for the labels
    """
    abreast = next((n for most, n in ABREAST.items() if count <= most), MOST_ABREAST)
    rows = -(-count // abreast)
    figure, grid = plt.subplots(
        rows,
        abreast,
        figsize=(
            PAGE_WIDTH if count > 1 else LONE_WIDTH,
            rows * (PANEL_HEIGHT if rows == 1 else LEAST_PANEL_HEIGHT) + FOOT,
        ),
        squeeze=False,
    )
    axes = list(grid.flat)
    for empty in axes[count:]:
        empty.set_axis_off()
    for place, panel in enumerate(axes[:count]):
        panel.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
        if place % abreast == 0:
            panel.set_ylabel(counted)
        if place + abreast >= count:
            panel.set_xlabel("layer (from 0)")
    return figure, axes[:count]


def name_model(axes: Axes, model: str) -> None:
    """Write the name of a model above its panel, in a smaller font where it would not fit.

    Parameters
    ----------
    axes
        the panel
    model
        its name
    """
    columns = axes.get_subplotspec().get_gridspec().ncols  # type: ignore[union-attr]
    room = 72 * (PAGE_WIDTH if columns > 1 else LONE_WIDTH) / columns - SIDE
    axes.set_title(model, fontsize=fitting_size(model, TITLE_SIZE, room), parse_math=False)


def name_layers(axes: Axes, layers: Int64[np.ndarray, " layer"]) -> None:
    """Number some layers: evenly spaced ones, the first among them, and not too many.

    Parameters
    ----------
    axes
        the panel
    layers
        counted from 0, ascending
    """
    axes.set_xticks(layers[:: -(-len(layers) // MOST_NUMBERS)])
