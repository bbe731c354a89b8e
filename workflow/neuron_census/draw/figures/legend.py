"""A legend below all panels, where it covers no data, as wide as the figure allows."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend


def legend_below(figure: Figure, axes: Axes) -> None:
    """Put the legend of one panel below all panels, and make the figure that much higher.

    Entries are read row by row. There are as many columns as fit, and rows of about equal length.

    Parameters
    ----------
    figure
        with a constrained layout
    axes
        the panel whose lines the legend names
    """
    handles, labels = axes.get_legend_handles_labels()

    def legend(columns: int) -> Legend:
        # Matplotlib fills a legend column by column.
        order = [
            place for column in range(columns) for place in range(len(labels))[column::columns]
        ]
        return figure.legend(
            [handles[place] for place in order],
            [labels[place] for place in order],
            loc="outside lower center",
            ncols=columns,
        )

    columns = len(labels)
    while columns > 1:
        trial = legend(columns)
        fits = trial.get_window_extent().width <= figure.bbox.width
        trial.remove()
        if fits:
            break
        columns -= 1
    rows = -(-len(labels) // columns)
    below = legend(-(-len(labels) // rows))
    figure.set_figheight(figure.get_figheight() + below.get_window_extent().height / figure.dpi)
