"""Figure 6: what token detectors detect, promote and suppress, as a table (paper, section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuron_census.draw.figures.neuron_name import neuron_name
from neuron_census.draw.figures.shown_detectors import (
    LISTS,
    PLACE,
    TOKENS,
    token_detectors,
    tokens_of,
)
from neuron_census.draw.figures.text_table import (
    LINE,
    SIZE,
    Cell,
    Length,
    TextColumn,
    signed,
    text_area,
    write_tokens,
)
from neuron_census.draw.figures.text_width import fitting_size, text_width
from neuron_census.draw.model_tables import ModelTables

STUDY = "ngrams"
MODELS = "models"

# How many detectors are shown, though at least one of each model, and how many lines their lists have.
SHOWN = 6
ROWS = 5
SCHEMA = {
    **PLACE,
    "neuron_activations": pl.Int64,
    "suppression": pl.Float64,
    "suppresses": pl.Boolean,
    **TOKENS,
}
HEADS = {"detected": "detects", "promoted": "promotes most", "suppressed": "suppresses most"}
WIDTH = 504.0  # points, as all lengths here
MARGIN = 14.0
VALUE_WIDTH = 38.0
BETWEEN = 22.0
HEAD_SIZE = 8.5
# Lines of a detector: its head, the names of its lists, the lists, and a gap.
BLOCK = ROWS + 3.2
NONE = "None of the models shown has a token detector."


def table(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per token in each list of the detectors shown; none where there is no detector.

    Candidates are the most active token detectors of every layer of a model; the most active candidates are
    shown, in the order of layers: six in all if there are that many, equally many of each model and at least
    one. Columns: model, layer, neuron, neuron_activations (at tokens), suppression (mean projection on the
    detected tokens), suppresses; list (detected, promoted, suppressed), rank, token, text (a space at either
    end as ␣, what cannot be seen as a code), value (projection on the token), percentile (rank among all
    tokens: 0 most suppressed), activations and occurrences of detected tokens, is_detected.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    each = max(1, SHOWN // len(models))
    ranked = token_detectors(models)
    parts = [pl.DataFrame(schema=SCHEMA)]
    for model, tables in models.items():
        of_model = ranked.filter(pl.col("model") == model)
        chosen = of_model.unique("layer", keep="first", maintain_order=True).head(each)
        for detector in chosen.sort("layer").iter_rows(named=True):
            facts = {
                **{name: detector[name] for name in PLACE},
                "neuron_activations": detector["activations"],
                "suppression": detector["suppression"],
                "suppresses": detector["suppresses"],
            }
            parts.append(
                tokens_of(tables, detector).select(
                    *[pl.lit(value, SCHEMA[name]).alias(name) for name, value in facts.items()],
                    *TOKENS,
                )
            )
    return pl.concat(parts)


def draw(numbers: pl.DataFrame) -> Figure:
    """Return the detectors one below another, with three lists each.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    detectors = numbers.select(list(PLACE)).unique(maintain_order=True)
    lines = max(BLOCK, BLOCK * len(detectors))
    figure, axes = plt.subplots(figsize=((WIDTH + MARGIN) / 72, lines * LINE / 72))
    text_area(axes, WIDTH, lines)
    if detectors.is_empty():
        axes.text(WIDTH / 2, lines / 2, NONE, ha="center", va="center")
    for number, detector in enumerate(detectors.iter_rows(named=True)):
        here = pl.all_horizontal(pl.col(name) == detector[name] for name in PLACE)
        _draw_detector(axes, numbers.filter(here), number * BLOCK)
    return figure


def _draw_detector(axes: Axes, rows: pl.DataFrame, top: Length) -> None:
    detector = rows.row(0, named=True)
    found = len(rows.filter(pl.col("list") == "detected"))
    tokens = "token" if found == 1 else f"{found:,} tokens"
    verb = "suppresses" if detector["suppression"] < 0 else "promotes"
    title = neuron_name(detector)
    says = (
        f"{verb} its {tokens}: {signed(detector['suppression'], 2)} on average; "
        f"{detector['neuron_activations']:,} activations"
    )
    axes.plot([0, WIDTH], [top, top], color="0.75", linewidth=0.8, marker="", linestyle="-")
    room = WIDTH - text_width(says, SIZE) - BETWEEN
    head = top + 0.75
    size = fitting_size(title, HEAD_SIZE, room)
    axes.text(0, head, title, fontsize=size, va="center", parse_math=False)
    axes.text(WIDTH, head, says, fontsize=SIZE, ha="right", va="center", parse_math=False)
    width = (WIDTH - 2 * BETWEEN) / 3
    for number, name in enumerate(LISTS):
        _draw_list(axes, rows, name, number * (width + BETWEEN), width, top + 1.4)


def _draw_list(
    axes: Axes, rows: pl.DataFrame, name: str, left: Length, width: Length, first: Length
) -> None:
    listed = rows.filter(pl.col("list") == name).sort("rank")
    shown = listed.head(ROWS if len(listed) <= ROWS or name != "detected" else ROWS - 1)
    more = []
    if len(shown) < len(listed) and name == "detected":
        more.append(Cell(f"and {len(listed) - len(shown):,} more"))
    token_width = width - VALUE_WIDTH
    columns = (
        TextColumn(left, token_width, HEADS[name], more),
        TextColumn(left + token_width, VALUE_WIDTH, "", is_number=True),
    )
    write_tokens(axes, shown, columns, first, digits=2)
