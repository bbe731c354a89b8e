"""Figure 5: what a token detector does to all tokens, and to those that trigger it (paper, section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuron_census.draw.figures.neuron_name import neuron_name
from neuron_census.draw.figures.shown_detectors import (
    LISTED,
    PLACE,
    TOKENS,
    token_detectors,
    tokens_of,
)
from neuron_census.draw.figures.text_table import (
    DETECTED_COLOUR,
    LINE,
    Cell,
    Length,
    TextColumn,
    signed,
    text_area,
    write_column,
    write_tokens,
)
from neuron_census.draw.figures.text_width import fitting_size
from neuron_census.draw.model_tables import ModelTables
from neuron_census.draw.summary import suppressing_shares
from neuron_census.formats.tables.vocabulary import READINGS

STUDY = "ngrams"
MODELS = "models"

SHARES = tuple(f"suppressing_{reading}" for reading in READINGS)
SCHEMA = {
    "list": pl.String,
    **PLACE,
    **{name: dtype for name, dtype in TOKENS.items() if name != "list"},
    "detectors": pl.Int64,
    **dict.fromkeys(SHARES, pl.Float64),
}
CURVE_COLOUR = "#0072B2"
# Points.
CURVE_WIDTH, LISTS_WIDTH, SHARES_WIDTH, MARGIN = 178.0, 112.0, 192.0, 36.0
VALUE_WIDTH, SHARE_WIDTH = 34.0, 31.0
TITLE_SIZE = 9.0
TITLE_LEFT = 0.015  # share of the figure
NONE = "no token detector in the models shown"


def table(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return the parts of the figure one below another, each named by the column `list`.

    The detector shown is the token detector with the most activations at tokens, among those that suppress
    their tokens if there are any; of equally active ones that of the first model, lowest layer and lowest
    index. Parts:

    - model, one row per model: its detectors, and the share of them that suppress their tokens in each
      reading, 0 to 1;
    - detector, one row or none: layer, neuron, activations, value (mean projection on its tokens);
    - detected, promoted, suppressed: rank, token, text (a space at either end as ␣, what cannot be seen as
      a code), value, percentile, activations and occurrences, is_detected;
    - quantile: value of a projection, and its percentile among all tokens (0 most suppressed).

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    shares = []
    for model, tables in models.items():
        found = suppressing_shares(tables.census)
        shares.append(
            {
                "list": "model",
                "model": model,
                "detectors": int(tables.census["unigram_detector"].sum()),
                **{f"suppressing_{reading}": share for reading, share in found.items()},
            }
        )
    parts = [pl.DataFrame(shares, schema=SCHEMA)]
    ranked = token_detectors(models).sort("suppresses", descending=True, maintain_order=True)
    for detector in ranked.head(1).iter_rows(named=True):
        place = {name: detector[name] for name in PLACE}
        here = [pl.lit(value, SCHEMA[name]).alias(name) for name, value in place.items()]
        tables = models[detector["model"]]
        facts = {"list": "detector", **place, "activations": detector["activations"]}
        parts += [
            pl.DataFrame([facts | {"value": detector["suppression"]}], schema=SCHEMA),
            tokens_of(tables, detector).with_columns(here),
            # Last: a reader of the file guesses the type of a column from its first rows.
            _quantiles(tables, detector).with_columns(pl.lit("quantile").alias("list"), *here),
        ]
    return pl.concat(parts, how="diagonal").select(list(SCHEMA))


def draw(numbers: pl.DataFrame) -> Figure:
    """Return the detector's projections as a curve, its extreme tokens beside it, and the models' shares.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    models = numbers.filter(pl.col("list") == "model")
    listed = {
        name: numbers.filter(pl.col("list") == name).sort("rank").head(LISTED)
        for name in ("detected", "promoted", "suppressed")
    }
    lines = max(2 * LISTED + 3, max(1, len(listed["detected"])) + len(models) + 7)
    widths = (CURVE_WIDTH, LISTS_WIDTH, SHARES_WIDTH)
    figure, (curve, extremes, rest) = plt.subplots(
        1,
        3,
        figsize=((sum(widths) + MARGIN) / 72, (lines * LINE + MARGIN) / 72),
        width_ratios=widths,
    )
    _draw_curve(figure, curve, numbers)
    text_area(extremes, LISTS_WIDTH, lines)
    text_area(rest, SHARES_WIDTH, lines)
    _write_list(extremes, listed["promoted"], "promotes most", 0)
    # The most suppressed token is the last one, as it is in the curve.
    suppressed = listed["suppressed"].reverse()
    _write_list(extremes, suppressed, "suppresses most", lines - 1 - len(suppressed))
    total = len(numbers.filter(pl.col("list") == "detected"))
    shown = len(listed["detected"])
    more = f" ({shown} of {total:,})" if total > shown else ""
    _write_list(rest, listed["detected"], f"◆ detects{more}", 0, with_rank=True)
    _write_shares(rest, models, lines - len(models) - 2)
    return figure


def _quantiles(tables: ModelTables, detector: Mapping[str, object]) -> pl.DataFrame:
    """Return columns value and percentile."""
    here = (pl.col("layer") == detector["layer"]) & (pl.col("neuron") == detector["neuron"])
    values = tables.spectra.filter(here)["quantiles"].explode().cast(pl.Float64)
    return pl.DataFrame({"value": values}).with_columns(
        (pl.int_range(pl.len()) / max(1, len(values) - 1)).alias("percentile")
    )


def _draw_curve(figure: Figure, axes: Axes, numbers: pl.DataFrame) -> None:
    axes.set(ylim=(-0.03, 1.03), xlabel="projection on a token's embedding")
    axes.set_ylabel("rank among all tokens  (1: most promoted)")
    axes.grid(False)
    detectors = numbers.filter(pl.col("list") == "detector")
    if detectors.is_empty():
        axes.set_xticks([])
        axes.set_yticks([0, 0.5, 1])
        axes.text(0.5, 0.5, NONE, transform=axes.transAxes, ha="center", fontsize=8)
        return
    neuron = detectors.row(0, named=True)
    curve = numbers.filter(pl.col("list") == "quantile")
    axes.plot(curve["value"], curve["percentile"], color=CURVE_COLOUR, marker="", linestyle="-")
    axes.axvline(0, color="0.75", linewidth=0.8, zorder=0)
    own = numbers.filter(pl.col("list") == "detected")
    axes.plot(
        own["value"],
        own["percentile"],
        color=DETECTED_COLOUR,
        linestyle="none",
        marker="D",
    )
    verb = "suppresses" if neuron["value"] < 0 else "promotes"
    title = (
        f"{neuron_name(neuron)}: {verb} what it detects, {signed(neuron['value'], 3)} on average"
    )
    size = fitting_size(title, TITLE_SIZE, CURVE_WIDTH + LISTS_WIDTH + SHARES_WIDTH)
    figure.suptitle(title, x=TITLE_LEFT, ha="left", fontsize=size, parse_math=False)


def _write_list(
    axes: Axes, rows: pl.DataFrame, head: str, first: Length, with_rank: bool = False
) -> None:
    """Write tokens with their projections, and with their ranks among all where that is asked for."""
    if rows.is_empty():
        return
    width = axes.get_xlim()[1] - VALUE_WIDTH * (2 if with_rank else 1)
    columns = (
        TextColumn(0, width, head),
        TextColumn(width, VALUE_WIDTH, "", is_number=True),
    )
    write_tokens(axes, rows, columns, first, digits=3)
    if with_rank:
        ranks = [
            Cell(f"{value:.3f}", own)
            for value, own in rows.select("percentile", "is_detected").iter_rows()
        ]
        write_column(axes, TextColumn(width + VALUE_WIDTH, VALUE_WIDTH, "rank", ranks, True), first)


def _write_shares(axes: Axes, models: pl.DataFrame, first: Length) -> None:
    """Write how many token detectors each model has, and what share of them suppress their tokens."""
    width = SHARE_WIDTH
    left = SHARES_WIDTH - 4 * width - 6
    above = TextColumn(0, SHARES_WIDTH, "token detectors that suppress their tokens")
    write_column(axes, above, first)
    names = [Cell(model) for model in models["model"]]
    write_column(axes, TextColumn(0, left, "", names), first + 1)
    numbers = [Cell(f"{count:,}") for count in models["detectors"]]
    write_column(axes, TextColumn(left, width, "of", numbers, True), first + 1)
    for place, (reading, name) in enumerate(zip(READINGS, SHARES, strict=True), start=1):
        shares = ["none" if share is None else f"{100 * share:.0f}%" for share in models[name]]
        # The last column has room for its head.
        right = left + (place + 1) * width + (6 if reading == "majority" else 0)
        column = TextColumn(right - width - 5, width + 5, reading, [Cell(s) for s in shares], True)
        write_column(axes, column, first + 1)
