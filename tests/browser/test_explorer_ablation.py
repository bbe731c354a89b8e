"""What silencing a neuron does, in a browser: what is shown beside what the table says."""

from __future__ import annotations

import pytest

from helpers.browser.chromium import Chromium


def shown(page: Chromium, neuron: int) -> tuple[list[str], list[list[str]], list[list[str]]]:
    """Return the lead of the section, and the rows of its two tables."""
    page.goto(f"view=neuron&layer=1&neuron={neuron}")
    effects, lens = (
        page.script(
            f"return [...document.querySelectorAll('#{table} tbody tr')]"
            ".map((row) => [...row.cells].map((cell) => cell.textContent))"
        )
        for table in ("effects", "lens")
    )
    return page.all("#ablation"), effects, lens


@pytest.mark.parametrize(
    ("neuron", "kind", "verb", "total"),
    [
        (3, "It is a token detector.", "suppresses", ["-1", "-1.125 to -0.875"]),
        (
            5,
            "It is no detector, only near to one (0.75).",
            "promotes",
            ["0.5", "0.375 to 0.625"],
        ),
    ],
)
def test_effects_are_shown_with_their_intervals(
    page: Chromium, neuron: int, kind: str, verb: str, total: list[str]
) -> None:
    (lead,), effects, lens = shown(page, neuron)
    assert lead.startswith(kind) and "at 64 firings in 40 documents" in lead
    assert lead.endswith(f"In total it {verb} the token that activates it.")
    assert [row[0] for row in effects] == [
        "direct, on the logit",
        "total, on the logit",
        "total, beyond the controls",
        "total, on the log-probability",
    ]
    assert effects[1][1:] == total
    # Its own layer is 1, of four.
    assert lens == [["1", "4", "2.5"], ["2", "5", "2.5"], ["3", "6", "2.5"]]


def test_too_few_firings_are_said_and_nothing_else(page: Chromium) -> None:
    (lead,), effects, lens = shown(page, 7)
    assert "only 12 firings in 9 documents, too few to say anything" in lead
    assert effects == lens == []


def test_a_neuron_that_was_not_ablated_has_no_such_section(page: Chromium) -> None:
    assert shown(page, 4) == ([], [], [])
