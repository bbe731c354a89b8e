"""Texts that would run, hide or turn round: shown in the explorer, and nothing else."""

from __future__ import annotations

import polars as pl
import pytest

from helpers.browser.chromium import Chromium
from helpers.made.census import HOSTILE

# As they are to be read on the page.
SHOWN = {
    "\u202ereversed": "\\u{202e}reversed",
    "\x00\x07\x1b[31m": "\\u{0}\\u{7}\\u{1b}[31m",
    "\n\t": "\\n\\t",
    "a\u200bb": "a\\u{200b}b",
    "\u0301": "◌\u0301",
    "": "(no text)",
    "  ": "␣␣",
}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_it_is_shown_on_the_pages_of_neurons_and_of_search(
    page: Chromium, triggers: pl.DataFrame, text: str
) -> None:
    row = triggers.filter(
        (pl.col("model") == "first-model")
        & (pl.col("text") == text)
        & (pl.col("n") == 1)
        & pl.col("covered")
    ).row(0, named=True)
    page.goto(f"view=neuron&layer={row['layer']}&neuron={row['neuron']}")
    shown = SHOWN.get(text, text)
    assert shown in page.all(".triggers td:first-child")
    _nothing_was_made_of_it(page)
    page.script(
        "[...document.querySelectorAll('.triggers td:first-child')]"
        ".find((one) => one.textContent === arguments[0]).querySelector('a').click()",
        shown,
    )
    page.until(lambda: "view=search" in page.state(), "no search")
    page.settle()
    assert page.text("#who h2") == f"The token {shown}"
    _nothing_was_made_of_it(page)


def test_a_text_is_found_as_it_is_shown(page: Chromium) -> None:
    for typed, shown in (
        ("\\n", "\\n\\t"),
        ("a\\u{200b}b", "a\\u{200b}b"),
        ("<SCRIPT>", "<script>census_hacked = 1</script>"),
        ("␣␣", "␣␣"),
    ):
        page.search(typed)
        page.until(lambda shown=shown: shown in page.all(".ngrams a"), f"{typed} is not found")


def test_texts_that_turn_round_turn_nothing_else(page: Chromium) -> None:
    page.search("")
    assert page.script(
        "return [...document.querySelectorAll('.ngrams a')]"
        ".every((one) => one.children.length === 1 && ['BDI', 'SPAN'].includes(one.firstElementChild.tagName))"
    )
    assert not page.script(
        r"return /[\u202a-\u202e\u2066-\u2069\u0000-\u0008]/.test(document.body.innerText)"
    )


def _nothing_was_made_of_it(page: Chromium) -> None:
    assert page.all("main script, main img, main b, head title script") == []
    assert page.script("return window.census_hacked === undefined")
