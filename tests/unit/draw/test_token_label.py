"""Text of tokens in figures: all of it is seen, in one font, whatever it is."""

from __future__ import annotations

import unicodedata
import warnings

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuron_census.draw.figures.token_label import EMPTY, FONT, LONGEST, shortened, visible


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (" title", "␣title"),
        ("title", "title"),
        ("of the ", "of the␣"),
        ("  ", "␣␣"),
        ("", EMPTY),
        ("\n\t\r", r"\n\t\r"),
        ("\x00\x7f", r"\x00\x7f"),
        ("$x$ \\alpha", "$x$ \\alpha"),
        ("é", "é"),
        ("e\u0301", "e\u0301"),
        ("\u0301", r"\u0301"),
        (" \u0301", r"␣\u0301"),
        ("\n\u0301", r"\n\u0301"),
        ("a\u200bb\u202e", r"a\u200bb\u202e"),
        ("\xa0\u3000", r"\xa0\u3000"),
        ("\u05e9\u0627\u0661", r"\u05e9\u0627\u0661"),
        ("日", r"\u65e5"),
        ("\U0001f600x", "\U0001f600x"),
        ("\U00013000", r"\U00013000"),
        ("\ue000\ufffe", r"\ue000\ufffe"),
        (r"\xe2\x80", r"\xe2\x80"),
    ],
)
def test_labels(text: str, label: str) -> None:
    assert visible(text) == label


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_labels_are_of_characters_that_move_nothing(text: str) -> None:
    label = visible(text)
    assert label
    assert not label.startswith(" ") and not label.endswith(" ")
    for character in label:
        assert character == " " or unicodedata.category(character)[0] in "LMNPS"
        assert unicodedata.bidirectional(character) not in ("R", "AL", "AN", "RLE", "RLO", "RLI")
    assert visible(label) == label, "a label of a label is that label"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=12))
def test_the_font_has_a_glyph_for_everything(text: str) -> None:
    figure = plt.figure(figsize=(3, 1))
    figure.text(0, 0.5, visible(text), family=FONT, parse_math=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.canvas.draw()
    plt.close(figure)


def test_long_labels_are_cut_and_say_so() -> None:
    assert shortened("a" * LONGEST) == "a" * LONGEST
    cut = shortened("ab" * LONGEST)
    assert len(cut) == LONGEST and cut == ("ab" * LONGEST)[: LONGEST - 1] + "…"
    assert shortened("abcdef", 3) == "ab…"
