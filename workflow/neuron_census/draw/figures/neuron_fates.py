"""What became of neurons from checkpoint to checkpoint: bands between columns, as wide as there are neurons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from neuron_census.draw.figures.panels import PAGE_WIDTH
from neuron_census.draw.figures.text_width import fitting_size
from neuron_census.formats.tables.comparison import KINDS

# Okabe and Ito's palette; what is none of these is grey.
COLOURS = {
    "dead": "#000000",
    "detector": "#D55E00",
    "detector and positional": "#CC79A7",
    "positional": "#0072B2",
    "other": "#B8B8B8",
}
CALLED = {
    "dead": "dead",
    "detector": "n-gram detectors",
    "detector and positional": "detectors, positional",
    "positional": "positional",
    "other": "other",
}
OTHER = "other"
BAND_OPACITY = 0.45
HEIGHT = 3.4  # inches
# Points: room of a label, the least gap between two bars, width of a bar and of the room for labels at its side.
LABEL_SIZE = 7.5
LABEL_ROOM = 11.0
GAP = 9.0
BAR = 9.0
SIDE = 96.0
TITLE_SIZE = 9.0
ROOM_OF_A_NAME = 110.0
BARS_HEIGHT = 190.0


def table(comparisons: Sequence[tuple[str, str, pl.DataFrame]]) -> pl.DataFrame:
    """Return one row per comparison and pair of kinds: how many neurons were the one and became the other.

    Columns: before, after (models), kind_before, kind_after, neurons (also where there are none).

    Parameters
    ----------
    comparisons
        earlier model, later model, and comparison of their censuses; each begins where the last one ended
    """
    pairs = pl.DataFrame(
        [(was, became) for was in KINDS for became in KINDS],
        schema={"kind_before": pl.String, "kind_after": pl.String},
        orient="row",
    )
    return pl.concat(
        pairs.join(
            frame.group_by("kind_before", "kind_after").len("neurons"),
            on=["kind_before", "kind_after"],
            how="left",
            maintain_order="left",
        ).select(
            pl.lit(before).alias("before"),
            pl.lit(after).alias("after"),
            "kind_before",
            "kind_after",
            pl.col("neurons").fill_null(0).cast(pl.Int64),
        )
        for before, after, frame in comparisons
    )


def draw(numbers: pl.DataFrame) -> Figure:
    """Return the picture: a column per checkpoint, a bar per kind, and a band for each change of kind.

    Neurons that are of no special kind in one checkpoint and in the next have no band, for they would dwarf
    all others.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    models = [numbers["before"][0], *numbers["after"].unique(maintain_order=True)]
    flows = [numbers.filter(before=before, after=after) for before, after in pairwise(models)]
    figure, axes = plt.subplots(figsize=(PAGE_WIDTH, HEIGHT))
    axes.set_axis_off()
    width = 72 * PAGE_WIDTH
    axes.set_xlim(0, width)
    axes.set_ylim(-BARS_HEIGHT - 30, 34)
    step = (width - 2 * SIDE - BAR) / (len(models) - 1)
    lefts = [SIDE + step * place for place in range(len(models))]
    bars = _bars(flows, len(models))
    scale = _scale(bars)
    columns = [_placed(column, scale) for column in bars]
    for place, flow in enumerate(flows):
        _draw_bands(
            axes,
            flow,
            columns[place],
            columns[place + 1],
            lefts[place] + BAR,
            lefts[place + 1],
            scale,
        )
    for place, (model, column, left) in enumerate(zip(models, columns, lefts, strict=True)):
        is_first = place == 0
        # Where columns are close, the colours say in the middle what the names say at the sides.
        is_named = is_first or place == len(models) - 1 or step >= ROOM_OF_A_NAME
        counts = _totals(flows, place)
        axes.text(
            left + BAR / 2,
            20,
            model,
            ha="center",
            fontsize=fitting_size(model, TITLE_SIZE, min(step, 2 * SIDE)),
            parse_math=False,
        )
        for kind, (top, height) in column.items():
            axes.add_patch(
                Rectangle((left, top - height), BAR, height, color=COLOURS[kind], linewidth=0)
            )
            axes.text(
                left - 4 if is_first else left + BAR + 4,
                top - height / 2,
                f"{CALLED[kind] if is_named else ''} {counts[kind]:,}".strip(),
                ha="right" if is_first else "left",
                va="center",
                fontsize=LABEL_SIZE,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6},
            )
    stay = ", ".join(f"{_unmoved(flow):,}" for flow in flows)
    axes.text(
        width / 2,
        -BARS_HEIGHT - 26,
        f"The height of a band is the number of neurons. Not drawn: those that were other and stayed so ({stay}).",
        ha="center",
        fontsize=LABEL_SIZE,
    )
    return figure


Column = dict[str, tuple[float, float]]
"""Top and height of the bar of each kind, in points."""


def _bars(flows: Sequence[pl.DataFrame], columns: int) -> list[dict[str, int]]:
    """Return how many neurons the bar of each kind stands for, in each column."""
    bars: list[dict[str, int]] = [{} for _ in range(columns)]
    for place, flow in enumerate(flows):
        moving = flow.filter(~_stays_other())
        for side, column in (("before", bars[place]), ("after", bars[place + 1])):
            for kind, neurons in (
                moving.group_by(f"kind_{side}").agg(pl.col("neurons").sum()).rows()
            ):
                column[kind] = max(column.get(kind, 0), neurons)
    return [{kind: column[kind] for kind in KINDS if column.get(kind)} for column in bars]


def _scale(bars: Sequence[dict[str, int]]) -> float:
    """Return points per neuron, at which the highest column just fits."""
    low, high = 0.0, BARS_HEIGHT
    for _ in range(60):
        middle = (low + high) / 2
        fits = max(_height(column, middle) for column in bars) <= BARS_HEIGHT
        low, high = (middle, high) if fits else (low, middle)
    return low


def _height(column: dict[str, int], scale: float) -> float:
    """Return how high a column is, with room for the label of every bar, in points."""
    return sum((max(neurons * scale, LABEL_ROOM) + GAP for neurons in column.values()), 0.0)


def _placed(column: dict[str, int], scale: float) -> Column:
    """Return where the bars of a column are, each in room enough for its label."""
    placed: Column = {}
    top = 0.0
    for kind, neurons in column.items():
        height = neurons * scale
        room = max(height, LABEL_ROOM)
        placed[kind] = (top - (room - height) / 2, height)
        top -= room + GAP
    return placed


def _draw_bands(
    axes: Axes,
    flow: pl.DataFrame,
    first: Column,
    second: Column,
    left: float,
    right: float,
    scale: float,
) -> None:
    """Draw the bands between two columns, which leave and reach each bar in the order of kinds."""
    leaving = {kind: top for kind, (top, _) in first.items()}
    reaching = {kind: top for kind, (top, _) in second.items()}
    bands: list[tuple[str, str, float, float]] = []
    for was, became, neurons in _moving(flow):
        height = neurons * scale
        bands.append((was, became, leaving[was], height))
        leaving[was] -= height
    bands.sort(key=lambda band: (KINDS.index(band[1]), KINDS.index(band[0])))
    middle = (left + right) / 2
    for was, became, top, height in bands:
        end = reaching[became]
        reaching[became] -= height
        corners = [
            (left, top),
            (middle, top),
            (middle, end),
            (right, end),
            (right, end - height),
            (middle, end - height),
            (middle, top - height),
            (left, top - height),
            (left, top),
        ]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        colour = COLOURS[became if became != OTHER else was]
        axes.add_patch(
            PathPatch(
                Path(corners, codes),
                facecolor=colour,
                alpha=BAND_OPACITY,
                linewidth=0,
                label=f"{was} to {became}",
            )
        )


def _moving(flow: pl.DataFrame) -> Iterator[tuple[str, str, int]]:
    """Yield what neurons were, what they became, and how many, where a band is drawn."""
    drawn = flow.filter((pl.col("neurons") > 0) & ~_stays_other())
    yield from drawn.select("kind_before", "kind_after", "neurons").iter_rows()


def _stays_other() -> pl.Expr:
    return (pl.col("kind_before") == OTHER) & (pl.col("kind_after") == OTHER)


def _unmoved(flow: pl.DataFrame) -> int:
    return int(flow.filter(_stays_other())["neurons"].sum())


def _totals(flows: Sequence[pl.DataFrame], place: int) -> dict[str, int]:
    """Return how many neurons of each kind the checkpoint of a column has, those without a band included."""
    flow, side = (flows[place], "before") if place < len(flows) else (flows[-1], "after")
    return dict(flow.group_by(f"kind_{side}").agg(pl.col("neurons").sum()).rows())
