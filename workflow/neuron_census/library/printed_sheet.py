"""A neuron on the terminal, one part after the other; parts of which nothing is known are left out."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS
from neuron_census.library.neuron_sheet import NeuronSheet
from neuron_census.library.printed_contexts import contexts_table
from neuron_census.library.terminal import heading, shortened, sparkline, visible

LABEL_WIDTH = 12
CURVE_WIDTH = 64
LONGEST_NGRAM = 40
LONGEST_TOKEN = 18


def print_sheet(sheet: NeuronSheet, console: Console, most: int) -> None:
    """Print a neuron.

    Parameters
    ----------
    sheet
        all that is known of it
    console
        where to
    most
        how many rows of a kind are shown
    """
    layers, neurons = sheet.size
    row = sheet.row
    console.print(
        heading(
            f"{sheet.model}, layer {row['layer']}, neuron {row['neuron']}",
            f"of {layers} layers of {neurons:,} neurons, both counted from 0",
        )
    )
    console.print(_kinds(sheet))
    console.print()
    parts = (
        _activity(sheet),
        _ngrams(sheet),
        _triggers(sheet, most),
        _projections(sheet, most),
        _ablation(sheet),
        _positions(sheet),
        contexts_table(sheet, most),
    )
    for part in parts:
        if part is not None:
            console.print(part)
            console.print()


def _kinds(sheet: NeuronSheet) -> Text:
    """What it is, in a few words."""
    row = sheet.row
    said = [("dead", "bold red") if row["dead"] else ("alive", "green")]
    for name, n in NGRAM_LENGTHS.items():
        if row.get(f"{name}_detector"):
            said.append(("token detector" if n == 1 else f"{name} detector", "bold green"))
    if row.get("suppresses") is not None:
        said.append(
            ("suppresses its tokens" if row["suppresses"] else "promotes its tokens", "magenta")
        )
    if row.get("positional"):
        said.append((f"positional: {row['strength']}, {row['pattern']}", "bold cyan"))
    return Text(", ").join(Text(words, style=style) for words, style in said)


def _activity(sheet: NeuronSheet) -> Table:
    row = sheet.row
    table = pairs()
    table.add_row(
        "active",
        f"{row['activations']:,} of {row['tokens']:,} tokens, {_percent(row['frequency'])}",
    )
    by_domain = row.get("activations_by_domain")
    if by_domain:
        shares = [
            f"{domain} {_percent(count / tokens)}"
            for (domain, tokens), count in zip(sheet.domains.items(), by_domain, strict=True)
        ]
        table.add_row("by domain", ", ".join(shares))
    return table


def _ngrams(sheet: NeuronSheet) -> Table | None:
    """Covers and detectors, of every length; nothing outside the analysed layers."""
    row = sheet.row
    if row.get("unigram_activations") is None:
        return None
    table = _columns("n-grams", "activations", "different", "cover", right=(1, 2, 3))
    table.add_column("")
    for name in NGRAM_LENGTHS:
        cover = row[f"{name}_cover"]
        table.add_row(
            f"{name}s",
            f"{row[f'{name}_activations']:,}",
            f"{row[f'{name}_distinct']:,}",
            "-" if cover is None else f"{cover:,}",
            Text("detector", style="bold green") if row[f"{name}_detector"] else "",
        )
    return table


def _triggers(sheet: NeuronSheet, most: int) -> Table | None:
    rows = sheet.tables.get("triggers", pl.DataFrame())
    if rows.is_empty():
        return None
    table = _columns("triggers", "active", "of", "share", right=(1, 2, 3))
    table.add_column("")
    for n in NGRAM_LENGTHS.values():
        of_length = rows.filter(pl.col("n") == n)
        for row in of_length.head(most if n == 1 else -(-most // 2)).iter_rows(named=True):
            table.add_row(
                Text(shortened(visible(row["text"]), LONGEST_NGRAM), style="bold"),
                f"{row['activations']:,}",
                f"{row['occurrences']:,}",
                _percent(row["activations"] / row["occurrences"]),
                Text("covered", style="green") if row["covered"] else "",
            )
    return table


def _projections(sheet: NeuronSheet, most: int) -> Table | None:
    rows = sheet.tables.get("projections", pl.DataFrame())
    if rows.is_empty():
        return None
    table = _columns("promotes most", "", "suppresses most", "", right=(1, 3))
    promoted = rows.filter(pl.col("rank") > 0).sort("rank")
    suppressed = rows.filter(pl.col("rank") < 0).sort("rank", descending=True)
    columns = [
        (
            [
                Text(shortened(visible(text), LONGEST_TOKEN), style="bold")
                for text in listed["text"]
            ],
            [f"{value:+.3f}" for value in listed["value"]],
        )
        for listed in (promoted.head(most), suppressed.head(most))
    ]
    (up, up_values), (down, down_values) = columns
    for cells in zip(up, up_values, down, down_values, strict=False):
        table.add_row(*cells)
    return table


def _ablation(sheet: NeuronSheet) -> Table | None:
    """What is lost at the tokens that trigger it when it is silenced: effects with their 95% intervals."""
    rows = sheet.tables.get("ablations", pl.DataFrame())
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    table = pairs()
    table.add_row("ablated", f"at {row['firings']:,} firings in {row['documents']:,} documents")
    for effect, name in (("total", "logit"), ("log_probability", "log-prob.")):
        if row[effect] is not None:
            low, high = row[f"{effect}_low"], row[f"{effect}_high"]
            table.add_row(
                name, f"{row[effect]:+.3f} at its token with it, 95% {low:+.3f} to {high:+.3f}"
            )
    return table


def _positions(sheet: NeuronSheet) -> Table | None:
    """Mutual information, and the curve over all domains: each bar is the share of windows at some positions."""
    row, curve = sheet.row, sheet.curve
    information = row.get("position_mi")
    if information is None and curve is None:
        return None
    table = pairs()
    if information is not None:
        table.add_row("position", f"mutual information with activity {information:.4f}")
    if curve is not None and len(curve):
        pooled = (
            curve.group_by("position")
            .agg(pl.col("activations").sum() / pl.col("windows").sum())
            .sort("position")["activations"]
        )
        table.add_row("curve", f"{sparkline(pooled.to_list(), CURVE_WIDTH)}  0 to 100%")
        last = str(len(pooled) - 1)
        width = min(CURVE_WIDTH, len(pooled))
        table.add_row("", f"0{last:>{max(1, width - 1)}}  position in the window")
    return table


def pairs() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(style="dim", width=LABEL_WIDTH)
    table.add_column()
    return table


def _columns(*names: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1), pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(
            name,
            justify="right" if place in right else "left",
            min_width=0 if place in right else LABEL_WIDTH,
        )
    return table


def _percent(share: float) -> str:
    """A share in percent; what is above 0 never reads 0%, and what is below 1 never 100%."""
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{share:.1%}" if 0.001 <= share <= 0.999 else f"{100 * share:.4g}%"
