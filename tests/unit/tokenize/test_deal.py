"""Cutting documents into windows, and dealing windows into shards."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.made.tokenizers import BOS
from helpers.oracles.forward_order import assert_in_forward_order
from neuron_census.formats.windows import STUDIES
from neuron_census.tokenize.tokenize import cut, deal


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=12),
    window=st.integers(2, 12),
)
def test_cut(sizes: list[int], window: int) -> None:
    encoded = [np.arange(100, 100 + size, dtype=np.int32) for size in sizes]
    table = cut(np.arange(len(sizes), dtype=np.int32) * 3, encoded, window, BOS)
    assert table["length"].to_list() == table["tokens"].list.len().to_list()
    assert table["length"].is_between(2, window).all()
    for number, tokens in enumerate(encoded):
        parts = table.filter(document=3 * number)
        assert parts["part"].to_list() == list(range(len(parts)))
        assert len(parts) == -(-len(tokens) // (window - 1))
        assert (parts["length"][:-1] == window).all()
        joined = [token for part in parts["tokens"] for token in part.to_list()[1:]]
        assert joined == tokens.tolist()
        assert all(part[0] == BOS for part in parts["tokens"].to_list())


@st.composite
def dealable(draw: st.DrawFn) -> tuple[pl.DataFrame, int]:
    count = draw(st.integers(30, 80))
    lengths = draw(st.lists(st.integers(2, 9), min_size=count, max_size=count))
    flags = st.tuples(st.booleans(), st.booleans(), st.booleans()).filter(any)
    read = draw(st.lists(flags, min_size=count, max_size=count))
    table = pl.DataFrame(
        {
            "document": pl.Series(range(count), dtype=pl.Int32),
            "part": pl.Series([0] * count, dtype=pl.Int32),
            "length": pl.Series(lengths, dtype=pl.Int32),
            "tokens": pl.Series([[BOS] * length for length in lengths], dtype=pl.List(pl.Int32)),
            "domain": draw(st.lists(st.sampled_from("zab"), min_size=count, max_size=count)),
            **{study: [flag[place] for flag in read] for place, study in enumerate(STUDIES)},
        }
    )
    return table, draw(st.integers(1, 6))


@settings(deadline=None)
@given(dealable())
def test_shards_part_the_windows_evenly_and_by_study(given: tuple[pl.DataFrame, int]) -> None:
    table, shards = given
    dealt = deal(table, ["z", "a", "b"], shards)
    assert (
        dealt.drop("window", "shard")
        .sort("document")
        .equals(table.select(dealt.drop("window", "shard").columns))
    )
    assert sorted(dealt["shard"].unique()) == list(range(shards))
    sizes = dealt.group_by("shard").agg(pl.col("length").sum())["length"]
    fair, longest = table["length"].sum() / shards, max(table["length"])
    assert all(abs(size - fair) <= longest for size in sizes)
    # Windows of positions come first, then those of ngrams, so that few shards carry either.
    kinds = dealt.select(
        pl.when("positions").then(0).when("ngrams").then(1).otherwise(2).alias("kind"), "shard"
    )
    found = kinds.group_by("kind").agg(first=pl.col("shard").min(), last=pl.col("shard").max())
    ordered = found.sort("kind").rows()
    assert all(before[2] <= after[1] for before, after in pairwise(ordered))
    assert_in_forward_order(dealt, ["z", "a", "b"])
    # They are dealt by studies, then in the order of domains and documents.
    by_turns = dealt.sort(
        *[~pl.col(study) for study in ("positions", "ngrams", "dead")],
        pl.col("domain").replace_strict({"z": 0, "a": 1, "b": 2}),
        "document",
    )
    assert by_turns["shard"].is_sorted()


@pytest.mark.parametrize(
    ("lengths", "shards", "expected"),
    [
        ([9, 2], 2, [0, 1]),
        ([2, 9], 2, [0, 1]),
        ([5, 5, 5, 5], 2, [0, 0, 1, 1]),
        # 28 tokens in three shards, of 9.33 each: the middles are at 4.5, 10, 15, 20, 22 and 25.5.
        ([9, 2, 8, 2, 2, 5], 3, [0, 1, 1, 2, 2, 2]),
    ],
)
def test_a_window_goes_to_the_shard_in_which_its_middle_is(
    lengths: list[int], shards: int, expected: list[int]
) -> None:
    table = pl.DataFrame(
        {
            "document": pl.Series(range(len(lengths)), dtype=pl.Int32),
            "part": pl.Series([0] * len(lengths), dtype=pl.Int32),
            "length": pl.Series(lengths, dtype=pl.Int32),
            "tokens": pl.Series([[BOS] * length for length in lengths], dtype=pl.List(pl.Int32)),
            "domain": ["a"] * len(lengths),
            **{study: [study == "dead"] * len(lengths) for study in STUDIES},
        }
    )
    assert deal(table, ["a"], shards).sort("document")["shard"].to_list() == expected
