"""The domain table: order, split, what is refused, what is left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.made.text import json_lines, save
from neuron_census.errors import CensusError
from neuron_census.formats.domain_table import (
    SCHEMA,
    make_domain_table,
    scan_domain_table,
    source_of,
)
from neuron_census.formats.seal import seal
from neuron_census.text.document import Document
from neuron_census.tokenize.read_domain import read_domain

TEXTS = {f"notes/{number}.txt": f"text {number} ü" for number in range(300)}


def run(folder: Path, seed: int = 0, **specification: Any) -> pl.DataFrame:
    output = folder / "results" / "made.parquet"
    read_domain(
        domain="made",
        spec=json.dumps(specification),
        seed=seed,
        search_folders=[folder / "none", folder],
        output=output,
    )
    return scan_domain_table(output).collect()


def test_every_document_is_there_once_with_its_text(tmp_path: Path) -> None:
    table = run(save(tmp_path, TEXTS), files="notes/*.txt", held_out=0.25)
    assert table.schema == SCHEMA
    assert dict(zip(table["key"], table["text"], strict=True)) == TEXTS
    assert table["document"].to_list() == list(range(300))
    assert table["key"].to_list() != sorted(TEXTS)
    # Three standard deviations of a binomial of 300 at 0.25.
    assert abs(int(table["held_out"].sum()) - 75) < 3 * 7.5
    source = source_of(tmp_path / "results" / "made.parquet")
    assert source == {
        "name": "made",
        "files": ["notes/*.txt"],
        "text": "text",
        "held_out": 0.25,
        "seed": 0,
    }


def test_the_same_input_gives_the_same_bytes_and_another_seed_another_order(tmp_path: Path) -> None:
    save(tmp_path, TEXTS)
    first = run(tmp_path, files="notes/*.txt", held_out=0.3)
    content = (tmp_path / "results" / "made.parquet").read_bytes()
    assert run(tmp_path, files="notes/*.txt", held_out=0.3).equals(first)
    assert (tmp_path / "results" / "made.parquet").read_bytes() == content
    other = run(tmp_path, seed=1, files="notes/*.txt", held_out=0.3)
    assert other["key"].to_list() != first["key"].to_list()
    assert source_of(tmp_path / "results" / "made.parquet")["seed"] == 1
    assert set(other.filter("held_out")["key"]) != set(first.filter("held_out")["key"])


def test_what_was_read_and_what_was_left_out_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {f"{number}.txt": "1234567890" * (number % 4 > 0) for number in range(400)}
    table = run(save(tmp_path, texts), files="*.txt", held_out=0.25)
    kept = int(table["held_out"].sum())
    assert 0 < kept < 300
    said = capsys.readouterr().err
    assert f"made: 300 documents (0.0 MB), of which the studies read {kept}; " in said
    assert "left out 100 empty documents and 0 repeated passages." in said


def test_without_held_out_studies_read_everything(tmp_path: Path) -> None:
    assert run(save(tmp_path, TEXTS), files="notes/*.txt")["held_out"].all()


@given(
    st.sets(st.text(max_size=5), min_size=40, max_size=60),
    st.integers(0, 3),
    st.floats(0.3, 0.7),
)
def test_more_documents_move_none_across_the_split(
    keys: set[str], seed: int, held_out: float
) -> None:
    documents = [Document(key, key) for key in sorted(keys)]
    whole = make_domain_table("made", documents, seed=seed, held_out=held_out)
    part = make_domain_table("made", documents[::-1][:-5], seed=seed, held_out=held_out)
    columns = ["key", "held_out", "text"]
    kept = whole.filter(pl.col("key").is_in(part["key"].to_list()))
    assert kept.select(columns).equals(part.select(columns))


BAD: dict[str, tuple[dict[str, bytes | str], dict[str, Any], list[str]]] = {
    "a missing file": ({}, {"files": "notes/a.txt"}, ["notes/a.txt", "none", "tried"]),
    "an empty file": ({"a.txt": ""}, {"files": "a.txt"}, ["a.txt", "empty"]),
    "no record that is wanted": (
        {"a.jsonl": json_lines([{"text": "a", "kind": 1}])},
        {"files": "a.jsonl", "where": {"kind": 2}},
        ["domains.made", "{'kind': 2}", "a.jsonl"],
    ),
    "a key that no string has": (
        {"a.json": '{"a": "b"}'},
        {"files": "a.json"},
        ["a.json", "`text`"],
    ),
    "one document cannot be parted": (
        {"a.txt": "a"},
        {"files": "a.txt", "held_out": 0.5},
        ["domains.made.held_out", "none of the 1 documents"],
    ),
    "not UTF-8": ({"a.txt": b"\xff"}, {"files": "a.txt"}, ["a.txt", "UTF-8"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_error_and_leaves_nothing(tmp_path: Path, case: str) -> None:
    files, specification, said = BAD[case]
    save(tmp_path, files)
    with pytest.raises(CensusError) as error:
        run(tmp_path, **specification)
    assert all(part in str(error.value) for part in said), str(error.value)
    assert not list((tmp_path / "results").glob("**/*"))


def test_a_specification_that_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"domains\.made, the specification: broken JSON"):
        read_domain(domain="made", spec="{files", output=tmp_path / "made.parquet")


def test_two_documents_of_one_key_are_refused() -> None:
    with pytest.raises(CensusError, match="two documents have the key 'a'"):
        make_domain_table("made", [Document("a", "1"), Document("a", "2")], seed=0, held_out=None)


@pytest.mark.parametrize("content", [b"", b"no parquet"])
def test_what_is_not_a_domain_table_is_named(tmp_path: Path, content: bytes) -> None:
    path = save(tmp_path, {"made.parquet": content}) / "made.parquet"
    seal(path)
    with pytest.raises(CensusError, match=r"made\.parquet: cannot be read as a domain table"):
        scan_domain_table(path)
    pl.DataFrame({"text": ["a"]}).write_parquet(path)
    seal(path)
    with pytest.raises(CensusError, match=r"made\.parquet: has the columns"):
        scan_domain_table(path)
