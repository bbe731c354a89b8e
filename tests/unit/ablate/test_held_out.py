"""Which windows are read for ablations, in which order, and tokens of matched frequency."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from neuron_census.ablate.held_out import choose_windows, chunks
from neuron_census.ablate.matched import MatchedTokens, count_tokens


def table(rows: list[tuple[str, int, int, int, bool]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "domain": pl.String,
            "document": pl.Int32,
            "part": pl.Int32,
            "length": pl.Int32,
            "ngrams": pl.Boolean,
        },
        orient="row",
    ).with_row_index("window")


WINDOWS = table(
    [
        ("a", 0, 0, 11, True),
        ("a", 0, 1, 11, False),
        ("a", 0, 2, 6, False),
        ("a", 1, 0, 11, False),
        ("a", 2, 0, 4, False),
        ("b", 0, 0, 11, False),
        ("b", 0, 1, 11, False),
        ("c", 0, 0, 11, False),
    ]
)


def test_documents_come_in_turn_and_domains_alternate() -> None:
    found = choose_windows(WINDOWS, {"a": None, "b": None})
    assert found["window"].to_list() == [1, 5, 3, 6, 4, 2]
    assert found["order"].to_list() == list(range(6))


def test_windows_are_taken_until_they_hold_the_tokens() -> None:
    # Windows 1 and 3 hold 10 tokens of text each, window 4 three.
    assert choose_windows(WINDOWS, {"a": 20})["window"].to_list() == [1, 3]
    assert choose_windows(WINDOWS, {"a": 21})["window"].to_list() == [1, 3, 4]
    assert choose_windows(WINDOWS, {"a": 1, "c": 1})["window"].to_list() == [1, 7]


def test_where_the_ngram_study_reads_all_there_is_nothing() -> None:
    read = WINDOWS.with_columns(ngrams=pl.lit(True))
    found = choose_windows(read, {"a": None})
    assert found.is_empty() and "order" in found.columns
    assert not list(chunks(found))


def test_a_chunk_is_in_the_order_of_a_forward_pass_and_all_are_there() -> None:
    found = choose_windows(WINDOWS, {"a": None, "b": None})
    parts = list(chunks(found, tokens=30))
    assert [sorted(part["order"].to_list()) for part in parts] == [[0, 1, 2], [3, 4, 5]]
    for part in parts:
        keys = list(zip(part["domain"], -part["length"], part["order"], strict=True))
        assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("token", "excluded", "expected"),
    [
        (3, set(), 4),  # 7 occurrences beside 8: nearer than 10
        (3, {4}, 2),
        (3, {2, 4}, 1),
        (0, set(), 1),
        (3, {0, 1, 2, 4}, -1),
        (5, set(), -1),  # never occurs
    ],
)
def test_a_matched_token_has_the_nearest_frequency(
    token: int, excluded: set[int], expected: int
) -> None:
    tokens = np.repeat(np.arange(5), [30, 12, 10, 8, 7])
    matched = MatchedTokens(count_tokens(tokens, 6))
    assert matched.match(token, frozenset(excluded)) == expected
