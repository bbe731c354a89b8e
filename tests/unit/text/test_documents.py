"""From records to documents: conditions, groups, markup, repeats, limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.made.text import json_lines, parquet, read, save
from neuron_census.errors import CensusError
from neuron_census.text.documents import Dropped
from neuron_census.text.markup import strip_markup
from neuron_census.text.specification import DomainSpecification


def test_where_reads_dotted_keys(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"text": "a", "meta": {"set": "Wikipedia (en)", "year": 1}},
        {"text": "b", "meta": {"set": "Wikipedia (en)", "year": 2}},
        {"text": "c", "meta": {"set": "Github", "year": 1}},
        {"text": "d", "meta": None},
        {"text": "e", "meta": {"set": "Wikipedia (en)"}, "meta.year": 1},
    ]
    wanted = {"meta.set": "Wikipedia (en)", "meta.year": 1}
    save(tmp_path / "lines", {"a.jsonl": json_lines(records)})
    # In a table every row has every column, so that the last record would be another one.
    save(tmp_path / "table", {"a.parquet": parquet(records[:4])})
    assert [found.text for found in read(tmp_path / "lines", files="*", where=wanted)] == ["a", "e"]
    assert [found.text for found in read(tmp_path / "table", files="*", where=wanted)] == ["a"]


def test_a_record_that_is_not_wanted_needs_no_text(tmp_path: Path) -> None:
    save(tmp_path, {"a.jsonl": json_lines([{"kind": 1}, {"kind": 2, "text": "b"}])})
    assert [found.text for found in read(tmp_path, files="*", where={"kind": 2})] == ["b"]


def test_group_joins_consecutive_records(tmp_path: Path) -> None:
    citations = ["Job 1:1", "Job 1:2", "Job 2:1", "Ruth 1:1", "Job 1:3"]
    verses = [{"text": f"v{place}", "citation": name} for place, name in enumerate(citations)]
    save(tmp_path, {"b.jsonl": json_lines(verses), "a.jsonl": json_lines(verses[:1])})
    documents = read(tmp_path, files="*", group={"key": "citation", "before": ":"})
    assert [(document.key, document.text) for document in documents] == [
        ("a.jsonl#Job 1", "v0"),
        ("b.jsonl#Job 1", "v0\nv1"),
        ("b.jsonl#Job 2", "v2"),
        ("b.jsonl#Ruth 1", "v3"),
        ("b.jsonl#Job 1 (2)", "v4"),
    ]


def test_group_names_the_record_without_its_key(tmp_path: Path) -> None:
    save(tmp_path, {"a.jsonl": json_lines([{"text": "a", "chapter": 1}, {"text": "b"}])})
    with pytest.raises(CensusError, match=r"a\.jsonl, line 2: no key 'chapter'"):
        read(tmp_path, files="*", group={"key": "chapter"})


def test_unique_drops_passages_that_are_the_same_when_read(tmp_path: Path) -> None:
    save(
        tmp_path,
        {
            "1.json": '[{"d": "<p>same</p>"}, {"d": "<b>same</b>"}, {"d": "other"}]',
            "2.json": '[{"d": "same"}, {"d": "new &amp; old"}, {"d": "<p>same</p>"}]',
            "3.json": '[{"d": "other"}]',
        },
    )
    dropped = Dropped()
    documents = read(tmp_path, dropped, files="*", text="d", unique=True, strip_markup=True)
    assert [document.text for document in documents] == ["same\n\nother", "new & old"]
    assert (dropped.repeated_passages, dropped.empty_documents) == (4, 1)


def test_unique_without_markup_drops_records(tmp_path: Path) -> None:
    texts = ["a", "b", "a", "c", "b"]
    save(tmp_path, {"a.jsonl": json_lines([{"text": text} for text in texts])})
    assert [found.text for found in read(tmp_path, files="*", unique=True)] == ["a", "b", "c"]
    assert [found.text for found in read(tmp_path, files="*")] == texts


def test_documents_without_text_are_dropped_and_counted(tmp_path: Path) -> None:
    save(tmp_path, {"a.txt": "", "b.txt": " \n", "c.txt": "text", "d.txt.gz": b""})
    dropped = Dropped()
    assert [document.text for document in read(tmp_path, dropped, files="*")] == ["text"]
    assert (dropped.empty_documents, dropped.first_empty) == (3, "a.txt")


def test_a_limit_stops_the_reading(tmp_path: Path) -> None:
    records = [{"text": ""}, {"text": "a"}, {"text": "b"}]
    save(tmp_path, {"a.jsonl": json_lines(records) + b"broken, and never read"})
    assert [found.text for found in read(tmp_path, files="*", documents=2)] == ["a", "b"]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Adds  a\n tag.</p> <note> <p>Not <i>this</i>.</p></note>", "Adds a tag.\nNot this."),
        ("<ul><li>one</li><li>two<br/>lines</li></ul>", "one\ntwo\nlines"),
        ("a &lt;b&gt; &amp;amp; c&nbsp;d", "a <b> &amp; c d"),
        ("if a < b and c > d: <code>x<y</code>", "if a < b and c > d: x<y"),
        ("<script type='x'>no <b></script>yes<!-- <p> no\n -->", "yes"),
        ('<a href="u?a=1&b=2">link</a>s', "links"),
        ("plain", "plain"),
        ("<p></p>", ""),
    ],
)
def test_markup(markup: str, text: str) -> None:
    assert strip_markup(markup) == text


def test_passages_without_text_leave_no_gap(tmp_path: Path) -> None:
    save(tmp_path, {"a.json": '[{"d": "one"}, {"d": ""}, {"d": "<p></p>"}, {"d": "two"}]'})
    (document,) = read(tmp_path, files="*", text="d", strip_markup=True)
    assert document.text == "one\n\ntwo"


SHA = "0" * 64


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"files": ["a"], "wher": {}}, "did you mean 'where'"),
        ({"files": ["a"], "name": "x"}, "unknown key 'name'"),
        ({}, "domains.made: the key 'files' is missing"),
        ({"files": ["!a"]}, "domains.made.files: found no pattern"),
        ({"files": ["a"], "held_out": 0}, "domains.made.held_out: found 0"),
        ({"files": ["a"], "held_out": 1.0}, "domains.made.held_out: found 1.0"),
        ({"files": ["a"], "held_out": "much"}, "found 'much', expected a number above 0"),
        ({"files": 3}, "domains.made.files: found 3, expected text"),
        ({"files": ["a"], "documents": 0}, "domains.made.documents: found 0"),
        (
            {"files": ["a"], "documents": True},
            "domains.made.documents: found True, expected a whole number",
        ),
        ({"files": ["a"], "unique": 1}, "domains.made.unique: found 1, expected true or false."),
        ({"files": ["a"], "hub": "a/b", "pypi": "a==1", "sha256": SHA}, "both `hub` and `pypi`"),
        ({"files": ["a"], "pypi": "a>=1", "sha256": SHA}, "expected a pinned version"),
        ({"files": ["a"], "pypi": "--index-url=x==1", "sha256": SHA}, "expected a pinned version"),
        ({"files": ["a"], "pypi": "a==1"}, "domains.made.sha256: found ''"),
        ({"files": ["a"], "pypi": "a==1", "sha256": "12"}, "64 hexadecimal digits"),
        ({"files": ["a"], "sha256": SHA}, "only a `pypi` domain"),
        ({"files": ["a"], "revision": "x"}, "only a `hub` domain"),
        ({"files": ["a"], "group": "citation"}, "domains.made.group"),
        ({"files": ["a"], "group": {"before": ":"}}, "domains.made.group"),
        ("files", "expected a mapping"),
    ],
)
def test_a_bad_specification_names_the_key(given: object, said: str) -> None:
    with pytest.raises(CensusError) as error:
        DomainSpecification.from_mapping("made", given)
    assert said in str(error.value)
