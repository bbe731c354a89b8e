"""Texts of tokens in a terminal, and curves as lines of bars."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_census.library.terminal import shortened, sparkline, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" the", "␣the"),
        ("  ", "␣␣"),
        ("a b ", "a b␣"),
        ("\r\n", r"\r\n"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202eabc", r"\u202eabc"),
        ("\u05d0", r"\u05d0"),
        ("e\u0301", r"e\u0301"),
        ("\U000e0001", r"\U000e0001"),
        ("naïve", "naïve"),
        ("日本", "日本"),
        ("[bold]", "[bold]"),
        ("", "(empty)"),
    ],
)
def test_every_character_can_be_seen(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_that_commands_a_terminal_is_left(text: str) -> None:
    assert not any(
        unicodedata.category(character)[0] in "CZ" for character in visible(text).replace(" ", "")
    )


def test_what_is_too_long_is_cut() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


def test_a_line_of_bars_averages_neighbours() -> None:
    assert sparkline([0, 1], 10) == "▁█"
    assert sparkline([0, 1, 1, 0], 2) == sparkline([0.5, 0.5], 2)
    assert len(sparkline([0.3] * 2048, 64)) == 64
    assert sparkline([], 10) == ""
