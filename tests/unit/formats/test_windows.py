"""The window table: what goes in comes out, one look-up away."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from helpers.made.windows import made_windows
from neuron_census.errors import CensusError
from neuron_census.formats.seal import seal
from neuron_census.formats.windows import SCHEMA, STUDIES, Windows, write_windows

READ = [{"dead", "ngrams", "positions"}, {"ngrams"}, {"dead"}, {"dead", "ngrams"}, {"positions"}]
DOMAINS = ["prose", "code", "prose", "prose", "code"]
LENGTHS = [8, 5, 2, 8, 8]


def made(shards: int = 2) -> pl.DataFrame:
    table = made_windows(LENGTHS, studies=READ, domains=DOMAINS, vocabulary=50)
    shard = pl.Series("shard", [0, 0, 1, 1, 1] if shards == 2 else [0] * 5, dtype=pl.Int32)
    return table.with_columns(shard)


def save(table: pl.DataFrame, path: Path, shards: int = 2, bos: int = 2) -> Windows:
    write_windows(
        table,
        path,
        window_length=8,
        bos=bos,
        vocabulary=50,
        shards=shards,
        domains=["prose", "code"],
    )
    return Windows.open(path)


@pytest.fixture
def windows(tmp_path: Path) -> Windows:
    return save(made(), tmp_path / "windows.parquet")


def test_everything_is_one_look_up_away(windows: Windows) -> None:
    assert_frame_equal(windows.table, made())
    assert windows.table.schema == SCHEMA
    for number in range(5):
        row = windows.table.row(number, named=True)
        assert row["tokens"] == made()["tokens"][number].to_list()
        assert row["domain"] == DOMAINS[number]
        assert row["document"] == number
        assert {study for study in STUDIES if row[study]} == READ[number]
    assert (windows.window_length, windows.bos, windows.vocabulary) == (8, 2, 50)
    assert (windows.domains, windows.shards) == (["prose", "code"], 2)


def test_shards_and_studies_are_rows_of_the_table(windows: Windows) -> None:
    assert windows.shard(0)["window"].to_list() == [0, 1]
    assert windows.shard(1)["window"].to_list() == [2, 3, 4]
    assert windows.study("ngrams")["window"].to_list() == [0, 1, 3]
    assert windows.study("dead", "prose")["window"].to_list() == [0, 2, 3]
    assert windows.study("dead", "code").is_empty()


def test_tokens_of_a_study_leave_the_bos_out(windows: Windows) -> None:
    assert windows.study_tokens == {
        "dead": {"prose": 7 + 1 + 7},
        "ngrams": {"prose": 7 + 7, "code": 4},
        "positions": {"prose": 7, "code": 7},
    }
    assert list(windows.study_tokens["positions"]) == ["prose", "code"], "in the order of domains"
    assert windows.tokens_of_study("ngrams") == 18
    assert windows.tokens_of_study("dead", "code") == 0


def test_the_digest_is_that_of_the_rows(windows: Windows, tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    assert save(made(), path).digest == windows.digest
    changes = [
        made().with_columns(pl.Series("document", [0, 1, 2, 3, 9], dtype=pl.Int32)),
        made().with_columns(pl.Series("domain", [*DOMAINS[:4], "prose"])),
        made().with_columns(pl.lit(True).alias("dead")),
        made().with_columns(
            tokens=pl.Series([[9] * length for length in LENGTHS], dtype=pl.List(pl.Int32))
        ),
    ]
    digests = {save(changed, path).digest for changed in changes}
    digests |= {save(made(1), path, shards=1).digest, save(made(), path, bos=3).digest}
    assert len(digests) == 6
    assert windows.digest not in digests


@pytest.mark.parametrize("number", [-1, 2])
def test_a_shard_that_is_not_there(windows: Windows, number: int) -> None:
    with pytest.raises(CensusError, match=f"no shard {number}; expected 0 to 1"):
        windows.shard(number)


def test_what_is_not_a_table_of_windows_is_named(tmp_path: Path, windows: Windows) -> None:
    path = tmp_path / "other.parquet"
    with pytest.raises(CensusError, match=r"other\.parquet: expected a file or folder and found"):
        Windows.open(path)
    path.write_bytes(windows.path.read_bytes()[:-20])
    seal(path)
    with pytest.raises(CensusError, match=r"other\.parquet: cannot be read"):
        Windows.open(path)
    pl.DataFrame({"text": ["a"]}).write_parquet(path)
    seal(path)
    with pytest.raises(CensusError, match="found the columns text, expected window, shard"):
        Windows.open(path)


def test_every_study_has_a_column_that_says_which_windows_it_reads(windows: Windows) -> None:
    assert STUDIES == ("dead", "ngrams", "positions")
    for study in STUDIES:
        assert windows.table[study].to_list() == [study in read for read in READ]


def test_some_columns_of_all_windows(windows: Windows) -> None:
    found = windows.columns("shard", "domain")
    assert found.rows() == list(zip([0, 0, 1, 1, 1], DOMAINS, strict=True))
