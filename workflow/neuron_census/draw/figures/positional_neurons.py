"""A circle per positional neuron, a row per layer, a panel per model (Figures 8, 10, 15, 16)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neuron_census.draw.figures.circle_layout import PAGE_WIDTH, CircleLayout, choose_layout
from neuron_census.draw.figures.legend import legend_below
from neuron_census.draw.figures.pattern_colours import COLOURS, PATTERNS, STRENGTHS, fill
from neuron_census.draw.figures.published import published_name
from neuron_census.draw.figures.text_width import text_width
from neuron_census.draw.model_tables import ModelTables

DIAMETER = 0.84  # share of the distance between two circles
TITLE_SIZE = 8.5
# Layers without a positional neuron are seen, too.
BAND_COLOUR = "#F1F1F1"
LEAST_DISTANCE_OF_LAYER_NUMBERS = 9.0


def table(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per model, layer, pattern and strength: how many of a layer's neurons have them.

    Columns: model, layer, ffn_dim (neurons of the layer), pattern, strength, neurons (also where there are
    none).

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    kinds = pl.DataFrame(
        [(pattern, strength) for pattern in PATTERNS for strength in STRENGTHS],
        schema={"pattern": pl.String, "strength": pl.String},
        orient="row",
    ).with_row_index("kind")
    parts = []
    for model, tables in models.items():
        # The categories of different files differ.
        census = tables.census.select(
            "layer", pl.col("positional"), pl.col("pattern", "strength").cast(pl.String)
        )
        layers = census.group_by("layer").agg(pl.len().cast(pl.Int64).alias("ffn_dim"))
        found = census.filter("positional").group_by("layer", "pattern", "strength").len("neurons")
        parts.append(
            layers.join(kinds, how="cross")
            .join(found, on=["layer", "pattern", "strength"], how="left")
            .sort("layer", "kind")
            .select(
                pl.lit(model).alias("model"),
                "layer",
                "ffn_dim",
                "pattern",
                "strength",
                pl.col("neurons").fill_null(0).cast(pl.Int64),
            )
        )
    return pl.concat(parts)


def draw(numbers: pl.DataFrame, titles: Mapping[str, str] | None = None) -> Figure:
    """Return one panel per model, circles of equal size in all, and one legend that counts each kind.

    Parameters
    ----------
    numbers
        as `table` returns them
    titles
        titles of models, where they are not their names
    """
    models = list(numbers["model"].unique(maintain_order=True))
    panels = [numbers.filter(pl.col("model") == model) for model in models]
    heads = [
        f"{(titles or {}).get(model, model)}\n{_share(panel)}"
        for model, panel in zip(models, panels, strict=True)
    ]
    depths = [panel["layer"].n_unique() for panel in panels]
    fullest = numbers.group_by("model", "layer").agg(pl.col("neurons").sum())["neurons"]
    layout = choose_layout(
        depths,
        max([0, *fullest]),
        max(text_width(line, TITLE_SIZE) for head in heads for line in head.splitlines()),
    )
    starts = range(0, len(panels), layout.abreast)
    highest = [max(depths[start : start + layout.abreast]) for start in starts]
    figure, grid = plt.subplots(
        len(highest),
        layout.abreast,
        figsize=(PAGE_WIDTH / 72, layout.height / 72),
        height_ratios=highest,
        squeeze=False,
    )
    for place, axes in enumerate(grid.flat):
        if place >= len(panels):
            axes.set_axis_off()
            continue
        _draw_panel(axes, panels[place], layout)
        axes.set_ylim(-layout.gap, highest[place // layout.abreast] * layout.band)
        # Right above the model's highest layer, which may be far below that of its neighbour.
        axes.annotate(
            heads[place],
            (0, depths[place] * layout.band),
            xytext=(0, 5),
            textcoords="offset points",
            fontsize=TITLE_SIZE,
            parse_math=False,
        )
        if place % layout.abreast == 0:
            axes.set_ylabel("layer (from 0)")
        if place + layout.abreast >= len(panels):
            axes.set_xlabel("positional neurons")
    _name_kinds(grid.flat[0], numbers)
    # Narrow enough for the four patterns in a row, the weak ones below the strong ones.
    with matplotlib.rc_context(
        {"legend.handlelength": 1, "legend.handletextpad": 0.4, "legend.columnspacing": 1.6}
    ):
        legend_below(figure, grid.flat[0])
    return figure


def _draw_panel(axes: Axes, numbers: pl.DataFrame, layout: CircleLayout) -> None:
    """Draw the circles of one model, the lowest layer at the bottom."""
    layers = sorted(numbers["layer"].unique())
    offsets, fills, edges = [], [], []
    for row, layer in enumerate(layers):
        bottom = row * layout.band
        axes.axhspan(bottom, bottom + layout.lines, color=BAND_COLOUR, linewidth=0, zorder=0)
        place = 0
        for found in numbers.filter(pl.col("layer") == layer).iter_rows(named=True):
            for circle in range(place, place + found["neurons"]):
                column, line = divmod(circle, layout.lines)
                offsets.append((column + 0.5, bottom + layout.lines - line - 0.5))
                fills.append(fill(found["pattern"], found["strength"]))
                edges.append(COLOURS[found["pattern"]])
            place += found["neurons"]
    edge_width = 0.1 * layout.pitch
    # Half of the line around a circle lies outside it.
    diameter = np.full(len(offsets), DIAMETER - 0.1)
    # Width and height are both in units of the x axis: a circle is one whatever the shape of the panel.
    circles = EllipseCollection(
        diameter,
        diameter,
        np.zeros(len(offsets)),
        units="x",
        offsets=np.array(offsets).reshape(-1, 2),
        offset_transform=axes.transData,
        facecolors=fills,
        edgecolors=edges,
        linewidths=edge_width,
    )
    axes.add_collection(circles, autolim=False)
    axes.set_xlim(0, layout.columns)
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    step = int(-(-LEAST_DISTANCE_OF_LAYER_NUMBERS // (layout.band * layout.pitch)))
    axes.set_yticks(
        [row * layout.band + layout.lines / 2 for row in range(len(layers))][::step],
        [str(layer) for layer in layers][::step],
    )
    room = layout.columns * layout.lines
    counts = [
        count
        for count in MaxNLocator(5, integer=True).tick_values(0, room)
        if count <= room and count == int(count)
    ]
    axes.set_xticks([count / layout.lines for count in counts], [f"{int(n)}" for n in counts])


def _name_kinds(axes: Axes, numbers: pl.DataFrame) -> None:
    """Add the entries of the legend, strong kinds first, with the counts of all panels together."""
    for strength in STRENGTHS:
        for pattern in PATTERNS:
            such = numbers.filter((pl.col("pattern") == pattern) & (pl.col("strength") == strength))
            axes.plot(
                [],
                [],
                linestyle="none",
                marker="o",
                markersize=6.5,
                markerfacecolor=fill(pattern, strength),
                markeredgecolor=COLOURS[pattern],
                markeredgewidth=0.7,
                label=f"{pattern}, {strength}: {such['neurons'].sum():,}",
            )


def _share(numbers: pl.DataFrame) -> str:
    """Return how many neurons of a model are positional, of how many."""
    everyone = numbers.unique("layer")["ffn_dim"].sum()
    share = f"{numbers['neurons'].sum():,} of {everyone:,} neurons"
    published = published_name("neurons")
    if published in numbers.columns and numbers[published].count():
        share += f" (paper: {numbers[published].sum():,.0f})"
    return share
