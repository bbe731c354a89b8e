"""The text behind a neuron on the terminal: a line for each context, the token that it is about in « »."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from rich.table import Table
from rich.text import Text

from neuron_census.library.neuron_sheet import NeuronSheet
from neuron_census.library.terminal import visible

BEFORE, AFTER = 44, 20
"""Characters that are shown before the token that a context is about, and after it."""
TITLES = {"top": "most active in", "sampled": "active in, at random"}


def contexts_table(sheet: NeuronSheet, most: int) -> Table | None:
    """Return the contexts of a neuron, so many of each kind; None where there are none.

    Parameters
    ----------
    sheet
        all that is known of it
    most
        how many contexts of a kind are shown
    """
    rows = sheet.tables.get("contexts", pl.DataFrame())
    if rows.is_empty():
        return None
    table = Table(box=None, header_style="dim", padding=(0, 1), pad_edge=False)
    table.add_column("contexts", no_wrap=True)
    table.add_column("activation", justify="right")
    table.add_column("domain")
    for kind, title in TITLES.items():
        of_kind = rows.filter(pl.col("kind").cast(pl.String) == kind).sort("rank").head(most)
        if len(of_kind):
            table.add_row(Text(title, style="dim"))
        for row in of_kind.iter_rows(named=True):
            table.add_row(_line(row), f"{row['activation']:.2f}", str(row["domain"]))
    return table


def _line(context: dict[str, Any]) -> Text:
    """The text of a context; active tokens stand out in colour."""
    at = context["position"] - context["start"]
    texts = [visible(text).replace("␣", " ") if text else "" for text in context["texts"]]
    styles = ["green" if value > 0 else "" for value in context["activations"]]
    first = _fitting(texts[:at][::-1], BEFORE)
    last = _fitting(texts[at + 1 :], AFTER)
    line = Text("… " if first < at else "", style="dim")
    for place in range(at - first, at + 1 + last):
        if place == at:
            line.append(f"«{texts[place]}»", style="bold green")
        else:
            line.append(texts[place], style=styles[place])
    if last < len(texts) - at - 1:
        line.append(" …", style="dim")
    return line


def _fitting(texts: Sequence[str], width: int) -> int:
    """Return how many of the first texts fit in so many characters.

    >>> _fitting(["of", " the"], 5), _fitting(["of", " the"], 6)
    (1, 2)
    """
    used = 0
    for count, text in enumerate(texts):
        used += len(text)
        if used > width:
            return count
    return len(texts)
