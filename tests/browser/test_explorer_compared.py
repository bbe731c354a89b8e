"""What became of neurons between two checkpoints, on a page of the explorer."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from helpers.browser.chromium import Chromium
from neuron_census.formats.tables.comparison import KINDS


def cells(page: Chromium, table: str) -> list[list[str]]:
    """Texts of the cells of a table's body."""
    found: list[list[str]] = page.script(
        "return [...document.querySelectorAll(arguments[0] + ' tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))",
        table,
    )
    return found


def test_counts_and_changed_neurons_are_those_of_the_table(
    page: Chromium, comparison: Path
) -> None:
    table = pl.read_parquet(comparison)
    page.goto("view=compared&model=first-model")
    kinds = table.select("kind_before", "kind_after").rows()
    assert cells(page, "#fates") == [
        [was, *(f"{kinds.count((was, became)):,}" for became in KINDS)] for was in KINDS
    ]
    changed = table.filter(pl.col("kind_before") != pl.col("kind_after"))
    assert len(changed) > 25
    assert [row[:4] for row in cells(page, "#changed")] == [
        [str(layer), str(neuron), was, became]
        for layer, neuron, was, became in changed.select(
            "layer", "neuron", "kind_before", "kind_after"
        ).rows()[:25]
    ]
    assert (
        page.script("return document.querySelector('#pair').textContent") == "earlier → first-model"
    )
    page.script("document.querySelector('#changed tbody a').click()")
    page.settle()
    layer, neuron = changed.select("layer", "neuron").row(0)
    state = page.script("return location.hash")
    assert (
        f"layer={layer}" in state and f"neuron={neuron}" in state and "model=first-model" in state
    )


def test_a_model_that_is_compared_with_no_other_says_so(page: Chromium) -> None:
    page.goto("view=compared")
    page.script(
        "const model = document.getElementById('model'); model.selectedIndex = 1;"
        "model.dispatchEvent(new Event('change'))"
    )
    page.until(lambda: page.all("#fates") == [], "the other model is not shown")
    page.settle()
    assert "is compared with no other checkpoint of its training run" in page.text(".notice")
