"""Text from files: which are found, what is read from each format, and what is said of bad ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from helpers.made.text import COMPRESS, json_lines, parquet, read, save
from neuron_census.errors import CensusError
from neuron_census.paths.patterns import matches_any
from neuron_census.text import source_file
from neuron_census.text.local_files import find_local_files
from neuron_census.text.source_file import SourceFile

RECORDS = [{"text": "one"}, {"text": "zwei ü"}, {"text": "three\nlines\n"}]
TEXTS = [record["text"] for record in RECORDS]


@pytest.mark.parametrize("ending", COMPRESS)
@pytest.mark.parametrize("kind", [".txt", ".py", ".md", ".rst"])
def test_a_plain_file_is_one_document(tmp_path: Path, kind: str, ending: str) -> None:
    text = "Zeile eins\r\nzwei ü\n"
    save(tmp_path, {f"notes/a{kind}{ending}": COMPRESS[ending](text.encode())})
    documents = read(tmp_path, files="notes/*")
    assert [(document.key, document.text) for document in documents] == [
        (f"notes/a{kind}{ending}", text)
    ]


@pytest.mark.parametrize("ending", COMPRESS)
def test_json_lines_are_a_document_each(tmp_path: Path, ending: str) -> None:
    content = json_lines(RECORDS[:2]) + b"\n" + json_lines(RECORDS[2:])
    save(tmp_path, {f"a.jsonl{ending}": COMPRESS[ending](content)})
    documents = read(tmp_path, files=[f"a.jsonl{ending}"])
    assert [document.text for document in documents] == TEXTS
    assert [document.key.split("#")[1] for document in documents] == ["1", "2", "4"]


def test_parquet_rows_are_a_document_each(tmp_path: Path) -> None:
    save(tmp_path, {"a.parquet": parquet([{"inner": record} for record in RECORDS])})
    documents = read(tmp_path, files=["a.parquet"], text="inner.text")
    assert [document.text for document in documents] == TEXTS


def test_json_collects_strings_at_any_depth_in_the_order_of_the_file(tmp_path: Path) -> None:
    content = """{"doc": "first", "shapes": {"z": {"doc": "second", "m": [{"doc": "third"}]},
        "doc": {"doc": "fourth"}}, "other": "no", "a": {"doc": "fifth"}}"""
    save(tmp_path, {"a.json": content})
    (document,) = read(tmp_path, files=["a.json"], text="doc")
    assert document.text == "first\n\nsecond\n\nthird\n\nfourth\n\nfifth"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
def test_lines_do_not_depend_on_how_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(source_file, "CHUNK", size)
    content = b"\nab\n\nc\r\n" + "ü".encode() + b"\nlast"
    path = save(tmp_path, {"a.txt": content}) / "a.txt"
    file = SourceFile("a.txt", "a.txt", lambda: path.open("rb"))
    lines = list(file.lines())
    assert [line for _, _, line in lines] == content.split(b"\n")
    assert all(content[first:].startswith(line) for _, first, line in lines)
    assert [number for number, _, _ in lines] == list(range(1, 7))


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_several_compressed_frames_are_one_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, size: int
) -> None:
    monkeypatch.setattr(source_file, "CHUNK", size)
    compress = COMPRESS[ending]
    save(tmp_path, {f"a.txt{ending}": compress(b"one ") + compress(b"two ") + compress(b"three")})
    assert [document.text for document in read(tmp_path, files="*")] == ["one two three"]


def test_a_zstandard_file_may_begin_with_a_skippable_frame(tmp_path: Path) -> None:
    skippable = (0x184D2A50).to_bytes(4, "little") + (3).to_bytes(4, "little") + b"any"
    save(tmp_path, {"a.txt.zst": skippable + zstandard.compress(b"text")})
    assert [document.text for document in read(tmp_path, files="*")] == ["text"]


def test_a_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    save(tmp_path, {"a.txt": "\ufefftext", "b.jsonl": "\ufeff" + '{"text": "record"}'})
    assert [document.text for document in read(tmp_path, files="*")] == ["text", "record"]


def test_half_a_surrogate_pair_becomes_a_replacement_character(tmp_path: Path) -> None:
    save(tmp_path, {"a.jsonl": r'{"text": "a\ud83d b \ud83d\ude00"}'})
    (document,) = read(tmp_path, files="*")
    assert document.text == "a\ufffd b 😀"


def test_files_are_ordered_by_name_and_read_once(tmp_path: Path) -> None:
    save(tmp_path, {"b/2.txt": "2", "b/10.txt": "10", "a/deep/er/1.txt": "1", "a/x.md": "x"})
    documents = read(tmp_path, files=["b/*.txt", "**/*.txt", "**/1.txt"])
    assert [document.key for document in documents] == ["a/deep/er/1.txt", "b/10.txt", "b/2.txt"]


def test_a_file_is_one_document_however_its_path_is_spelled(tmp_path: Path) -> None:
    save(tmp_path, {"notes/a.txt": "a", "notes/b.txt": "b"})
    (tmp_path / "linked").symlink_to("notes")
    whole = str(tmp_path / "notes" / "a.txt")
    for patterns in (
        ["notes/*.txt", "./notes/a.txt", "notes//b.txt"],
        [whole, "notes/../notes/*.txt"],
        ["linked/*.txt", "notes/*.txt", whole],
        ["**/*.txt"],
    ):
        documents = read(tmp_path, files=patterns)
        assert [document.text for document in documents] == ["a", "b"], patterns
    # The key, by which documents are ordered, is the same on every machine.
    for patterns in ([whole, "./notes/*"], ["notes/*", whole], [whole, "linked/*", "notes/*"]):
        keys = [document.key.split("/", 1)[1] for document in read(tmp_path, files=patterns)]
        assert keys == ["a.txt", "b.txt"], patterns


@pytest.mark.parametrize("wanted", ["notes/*.txt", "./notes/*.txt", "{}/notes/*.txt"])
@pytest.mark.parametrize(
    "unwanted", ["notes/a.txt", "./notes/a.txt", "{}/notes/a.txt", "notes/../notes/a*", "**/a.txt"]
)
def test_a_file_is_taken_away_however_its_path_is_spelled(
    tmp_path: Path, wanted: str, unwanted: str
) -> None:
    save(tmp_path, {"notes/a.txt": "a", "notes/b.txt": "b"})
    patterns = [wanted.format(tmp_path), "!" + unwanted.format(tmp_path)]
    assert [document.text for document in read(tmp_path, files=patterns)] == ["b"]


def test_an_exclamation_mark_takes_files_away(tmp_path: Path) -> None:
    save(tmp_path, {"a.py": "a", "tests/b.py": "b", "inner/tests/deep/c.py": "c", "d.py": "d"})
    documents = read(tmp_path, files=["**/*.py", "!**/tests/**", "!d.*"])
    assert [document.key for document in documents] == ["a.py"]


def test_the_first_folder_that_has_a_match_is_taken(tmp_path: Path) -> None:
    first = save(tmp_path / "first", {"a.txt": "first a"})
    second = save(tmp_path / "second", {"a.txt": "second a", "b.txt": "second b"})
    documents = read([first, second], files=["a.txt", "b.txt"])
    assert [document.text for document in documents] == ["first a", "second b"]
    assert [document.text for document in read([first, second], files=["*.txt"])] == ["first a"]


def test_an_absolute_path_needs_no_folder(tmp_path: Path) -> None:
    save(tmp_path, {"a.txt": "text"})
    (document,) = read([], files=[str(tmp_path / "*.txt")])
    assert document.text == "text"


@given(st.text("ab/.*?", max_size=8), st.text("ab/.", max_size=8))
def test_globs_within_one_folder_agree_with_the_standard_library(pattern: str, name: str) -> None:
    from fnmatch import fnmatchcase

    if "/" not in name and "/" not in pattern and name:
        assert matches_any(name, [pattern]) == fnmatchcase(name, pattern)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("**/*.py", ["a.py", "x/a.py", "x/y/a.py"], ["a.pyc"]),
        ("x/**", ["x/a", "x/y/a"], ["x", "xy/a"]),
        ("x/*", ["x/a"], ["x/y/a"]),
        ("**/t/**", ["t/a", "x/t/y/a"], ["xt/a", "t"]),
        ("[a-c]?.t[!x]t", ["ab.tyt"], ["db.tyt", "a/.tyt", "ab.txt"]),
        ("a+(b).txt", ["a+(b).txt"], ["aa(b).txt"]),
    ],
)
def test_globs_over_folders(pattern: str, matching: list[str], other: list[str]) -> None:
    assert [name for name in matching + other if matches_any(name, [pattern])] == matching


GZ = COMPRESS[".gz"](b"some text that is long enough to be cut short")
ZST = COMPRESS[".zst"](b"some text that is long enough to be cut short")
BAD: dict[str, tuple[dict[str, bytes], dict[str, Any], list[str]]] = {
    "no match": ({}, {"files": ["no/*.txt"]}, ["domains.made.files", "no/*.txt", "tried"]),
    "all taken away": ({"a.txt": b"a"}, {"files": ["*.txt", "!a*"]}, ["all 1 files", "!a*"]),
    "unknown ending": ({"a.doc": b"a"}, {}, ["a.doc", "'.doc'", ".txt"]),
    "not UTF-8": ({"a.txt": b"abc\xff\xfe"}, {}, ["a.txt", "UTF-8", "byte 3", "0xff"]),
    "not UTF-8 in a line": (
        {"a.jsonl": b'{"text": "a"}\n{"text": "\xe4"}\n'},
        {},
        ["a.jsonl, line 2", "byte 24", "0xe4"],
    ),
    "broken line": ({"a.jsonl": b'{"text": "a"}\n\n{"text": "b"\n'}, {}, ["line 3", "broken JSON"]),
    "line is no object": ({"a.jsonl": b'"text"\n'}, {}, ["line 1", "found str", "an object"]),
    "key is missing": (
        {"a.jsonl": b'{"text": "a"}\n{"txt": "b", "id": 1}\n'},
        {},
        ["a.jsonl, line 2", "no key 'text'", "['id', 'txt']"],
    ),
    "nested key is missing": (
        {"a.jsonl": b'{"meta": {"body": "a"}}'},
        {"text": "meta.text"},
        ["line 1", "no key 'meta.text'"],
    ),
    "not a string": ({"a.jsonl": b'{"text": null}\n'}, {}, ["line 1", "NoneType", "a string"]),
    "empty lines only": ({"a.jsonl": b"\n \n"}, {}, ["a.jsonl", "empty"]),
    "empty records": ({"a.jsonl": b""}, {}, ["a.jsonl", "empty"]),
    "broken JSON": ({"a.json": b'{"a": \n}'}, {}, ["a.json", "broken JSON", "line 2"]),
    "JSON without end": ({"a.json": b"[" * 100_000}, {}, ["a.json", "nested too deep"]),
    "a line without end": ({"a.jsonl": b'{"a":' * 100_000}, {}, ["line 1", "nested too deep"]),
    "a number without end": (
        {"a.jsonl": b'{"text": "a"}\n{"text": ' + b"1" * 5000 + b"}"},
        {},
        ["a.jsonl, line 2", "cannot be read", "4300 digits"],
    ),
    "a number without end in JSON": ({"a.json": b"1" * 5000}, {}, ["a.json", "4300 digits"]),
    "a group of lists": (
        {"a.jsonl": b'{"text": "a", "id": [1]}'},
        {"group": {"key": "id"}},
        ["a.jsonl, line 1", "'id' holds list", "group.key"],
    ),
    "not UTF-8 in Parquet": (
        {"a.parquet": parquet([{"text": "abcdefgh"}]).replace(b"abcdefgh", b"abc\xffefgh")},
        {},
        ["a.parquet", "not UTF-8"],
    ),
    "broken Parquet": ({"a.parquet": b"PAR1"}, {}, ["a.parquet", "Parquet"]),
    "corrupt gz": ({"a.txt.gz": b"no gzip"}, {}, ["a.txt.gz", "corrupt"]),
    "corrupt zst": ({"a.txt.zst": b"no zstd"}, {}, ["a.txt.zst", "corrupt"]),
    "cut gz": ({"a.txt.gz": GZ[:-4]}, {}, ["a.txt.gz", "cut short"]),
    "cut zst": ({"a.txt.zst": ZST[:-4]}, {}, ["a.txt.zst", "cut short"]),
    "text behind gz": ({"a.txt.gz": GZ + b"more"}, {}, ["a.txt.gz", "corrupt"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_named(tmp_path: Path, case: str) -> None:
    files, specification, said = BAD[case]
    save(tmp_path, files)
    with pytest.raises(CensusError) as error:
        read(tmp_path, **{"files": ["*"], **specification})
    assert all(part in str(error.value) for part in said), str(error.value)


def test_half_a_surrogate_pair_in_the_key_of_a_group(tmp_path: Path) -> None:
    lines = rb'{"text": "a", "id": "x\ud800"}' + b"\n" + rb'{"text": "b", "id": "x\ud800"}'
    save(tmp_path, {"a.jsonl": lines})
    (document,) = read(tmp_path, files="*", group={"key": "id"})
    assert (document.key, document.text) == ("a.jsonl#x\ufffd", "a\nb")


@contextmanager
def as_anybody() -> Iterator[None]:
    """Root reads everything: be somebody else meanwhile."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (save(tmp_path, {"a.txt": "a"}) / "a.txt").chmod(0)
    (file,) = find_local_files("made", ["*"], [tmp_path])
    with as_anybody(), pytest.raises(CensusError, match=r"a\.txt: cannot be read: Permission"):
        file.content()
