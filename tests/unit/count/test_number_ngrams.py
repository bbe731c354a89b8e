"""Numbered n-grams, against loops over every window."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.made.stores import let_decay
from helpers.made.windows import made_windows
from neuron_census.count.number_ngrams import number_ngrams
from neuron_census.errors import CensusError
from neuron_census.formats.ngram_index import SIZES, NgramIndex
from neuron_census.formats.windows import write_windows

BOS = 2
Ngram = tuple[int, ...]


def written(
    path: Path, lengths: list[int], ngrams: list[bool], shards: list[int], vocabulary: int = 6
) -> pl.DataFrame:
    """Return windows of few different tokens, so that n-grams repeat."""
    studies = [{"dead", "ngrams"} if has else {"dead"} for has in ngrams]
    table = made_windows(
        lengths, studies=studies, domains=["made"] * len(lengths), vocabulary=vocabulary
    ).with_columns(pl.Series("shard", shards, dtype=pl.Int32))
    write_windows(
        table,
        path,
        window_length=max(lengths),
        bos=BOS,
        vocabulary=vocabulary,
        shards=max(shards) + 1,
        domains=["made"],
    )
    return table


def by_loop(table: pl.DataFrame, n: int, shard: int) -> list[Ngram | None]:
    """Return the n-gram that ends at each position of the shard's n-gram windows."""
    found: list[Ngram | None] = []
    for row in table.filter(pl.col("ngrams") & (pl.col("shard") == shard)).iter_rows(named=True):
        tokens = row["tokens"]
        for place in range(len(tokens)):
            # BOS is at place 0 and part of no n-gram.
            found.append(tuple(tokens[place - n + 1 : place + 1]) if place >= n else None)
    return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 2)), min_size=1, max_size=9
    )
)
def test_every_position_has_the_ngram_that_ends_there(
    tmp_path: Path, rows: list[tuple[int, bool, int]]
) -> None:
    rows = [*sorted(rows, key=lambda row: row[2]), (5, True, 2)]
    lengths, ngrams, shards = (list(column) for column in zip(*rows, strict=True))
    table = written(tmp_path / "windows.parquet", lengths, ngrams, shards)
    number_ngrams(windows=tmp_path / "windows.parquet", output=tmp_path / "ngrams.zarr")
    index = NgramIndex.open(tmp_path / "ngrams.zarr")
    for n in SIZES:
        expected: Counter[Ngram] = Counter()
        for shard in range(3):
            ids = index.ids(n, shard)
            looped = by_loop(table, n, shard)
            assert len(ids) == len(looped)
            assert [number < 0 for number in ids] == [ngram is None for ngram in looped]
            has = ids >= 0
            tokens = index.tokens(n, ids[has])
            assert list(map(tuple, tokens.tolist())) == [ngram for ngram in looped if ngram]
            expected.update(ngram for ngram in looped if ngram)
        assert index.distinct(n) == len(expected)
        every = [tuple(row) for row in index.tokens(n, np.arange(index.distinct(n))).tolist()]
        assert every == sorted(expected), "numbers follow the order of tokens"
        assert index.occurrences(n).tolist() == [expected[ngram] for ngram in every]


def test_the_largest_ids_are_kept_apart(tmp_path: Path) -> None:
    largest = (1 << 21) - 1
    table = made_windows([5, 5], studies=[{"ngrams"}] * 2, domains=["made"] * 2, vocabulary=1 << 21)
    tokens = [[BOS, largest, largest, largest, 0], [BOS, 0, largest, largest - 1, largest]]
    table = table.with_columns(pl.Series("tokens", tokens, dtype=pl.List(pl.Int32)))
    shape: dict[str, Any] = {"window_length": 5, "bos": BOS, "shards": 1, "domains": ["made"]}
    write_windows(table, tmp_path / "windows.parquet", vocabulary=1 << 21, **shape)
    number_ngrams(windows=tmp_path / "windows.parquet", output=tmp_path / "ngrams.zarr")
    index = NgramIndex.open(tmp_path / "ngrams.zarr")
    assert index.tokens(3, index.ids(3, 0)[[3, 4, 8, 9]]).tolist() == [
        [largest] * 3,
        [largest, largest, 0],
        [0, largest, largest - 1],
        [largest, largest - 1, largest],
    ]
    write_windows(table, tmp_path / "windows.parquet", vocabulary=(1 << 21) + 1, **shape)
    with pytest.raises(CensusError, match="has 2097153 ids; n-grams can be numbered with up to"):
        number_ngrams(windows=tmp_path / "windows.parquet", output=tmp_path / "more.zarr")
    assert not (tmp_path / "more.zarr").exists()


@pytest.mark.parametrize(
    ("lengths", "ngrams", "said"),
    [
        ([5, 5], [False, False], "the n-gram study has no tokens"),
        ([3, 2], [True, True], "no window of the n-gram study has 3 tokens after BOS"),
    ],
)
def test_a_study_without_ngrams_is_refused(
    tmp_path: Path, lengths: list[int], ngrams: list[bool], said: str
) -> None:
    written(tmp_path / "windows.parquet", lengths, ngrams, [0, 0])
    with pytest.raises(CensusError, match=f"windows.parquet: {said}"):
        number_ngrams(windows=tmp_path / "windows.parquet", output=tmp_path / "ngrams.zarr")
    assert not (tmp_path / "ngrams.zarr").exists()


def test_other_sizes_and_shards_are_refused_and_damage_is_named(tmp_path: Path) -> None:
    written(tmp_path / "windows.parquet", [9], [True], [0])
    number_ngrams(windows=tmp_path / "windows.parquet", output=tmp_path / "ngrams.zarr")
    index = NgramIndex.open(tmp_path / "ngrams.zarr")
    for n in (0, 4):
        with pytest.raises(CensusError, match=f"n-grams of {n} tokens: expected a size of 1, 2 or"):
            index.ids(n, 0)
    with pytest.raises(CensusError, match=r"ngrams\.zarr: there is no shard 1; expected 0 to 0"):
        index.ids(1, 1)
    chunk = next(path for path in (tmp_path / "ngrams.zarr" / "ids").rglob("0") if path.is_file())
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 4
    let_decay(tmp_path / "ngrams.zarr", chunk, bytes(content))
    with pytest.raises(
        CensusError, match=r"ngrams\.zarr: array 'ids/.*do not match their checksum"
    ):
        for n in SIZES:
            index.ids(n, 0)
    chunk.unlink()
    with pytest.raises(CensusError, match=r"ngrams\.zarr: lacks ids/.*, against its seal"):
        NgramIndex.open(tmp_path / "ngrams.zarr")
