"""Limits of an axis on which counts or shares are drawn, from nought up."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes

from neuron_census.draw.figures.published import published_name

# Of the height: free above the highest value, and below nought so that a line there is seen whole.
ABOVE, BELOW = 0.06, 0.03


def set_limits_from_nought(
    axes: Axes, numbers: pl.DataFrame, columns: Sequence[str], least: float
) -> None:
    """Make a panel hold every value of some columns, ours and the published ones.

    Parameters
    ----------
    axes
        the panel
    numbers
        what is drawn
    columns
        the columns drawn in this panel
    least
        the panel reaches at least this far, so that noughts are a flat line on a readable scale
    """
    shown = [*columns, *map(published_name, columns)]
    values = [
        value for name in shown if name in numbers.columns for value in numbers[name].drop_nulls()
    ]
    top = (1 + ABOVE) * max([least, *values])
    axes.set_ylim(-BELOW * top, top)
