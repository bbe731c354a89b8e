"""Data sets of the hub, streamed from a stand-in on loopback by the real libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from helpers.fakes.hub import COMMIT, StandinHub
from helpers.fakes.own_process import run_python
from helpers.made.text import json_lines, parquet

READ = """
import json, sys
from pathlib import Path
from neuron_census.errors import CensusError
from neuron_census.text.documents import read_documents
from neuron_census.text.specification import DomainSpecification

try:
    found = read_documents(DomainSpecification.from_json("made", sys.argv[1]), [Path.cwd()])
    print(json.dumps([[document.key, document.text] for document in found]))
except CensusError as error:
    sys.exit(f"CensusError: {error}")
"""
PILE = [
    {"text": f"text {number}", "meta": {"pile_set_name": ["Github", "Wikipedia (en)"][number % 2]}}
    for number in range(10)
]


@pytest.fixture(scope="module")
def hub() -> Iterator[StandinHub]:
    with StandinHub() as hub:
        hub.add(
            "made/pile",
            {
                "README.md": b"# made",
                "val.jsonl.zst": zstandard.compress(json_lines(PILE)),
                "data/1.parquet": parquet([{"content": "one"}, {"content": "two"}]),
                "data/2.parquet": parquet([{"content": "three"}]),
                "broken.jsonl": json_lines(PILE[:3]) + b'{"text": \n',
                "code.py": b"raise SystemExit('code of a data set was run')",
            },
            kind="datasets",
        )
        yield hub


def read(standin: StandinHub, home: Path, **specification: Any) -> tuple[list[list[str]], str]:
    """Read in a process of its own, since the libraries look at their settings once."""
    home.mkdir(exist_ok=True)
    given = {"hub": "made/pile", "revision": COMMIT, **specification}
    _, output, errors = run_python(READ, json.dumps(given), environment=standin.environment(home))
    return (json.loads(output) if output.startswith("[") else []), errors


def test_a_compressed_file_with_a_condition_on_a_nested_key(
    hub: StandinHub, tmp_path: Path
) -> None:
    where = {"meta.pile_set_name": "Wikipedia (en)"}
    documents, errors = read(hub, tmp_path, files="val.jsonl.zst", where=where)
    expected = [
        [f"made/pile#{number}", record["text"]]
        for number, record in enumerate(PILE)
        if record["meta"] == {"pile_set_name": "Wikipedia (en)"}
    ]
    assert documents == expected, errors


def test_several_parquet_files_up_to_a_limit(hub: StandinHub, tmp_path: Path) -> None:
    documents, errors = read(hub, tmp_path, files=["data/*.parquet"], text="content")
    assert [text for _, text in documents] == ["one", "two", "three"], errors
    documents, _ = read(hub, tmp_path, files=["data/*.parquet"], text="content", documents=2)
    assert [text for _, text in documents] == ["one", "two"]


def test_a_file_that_several_patterns_match_is_read_once(hub: StandinHub, tmp_path: Path) -> None:
    for files in (["data/2.parquet", "data/*.parquet"], ["data/*.parquet", "**/1.parquet"]):
        documents, errors = read(hub, tmp_path, files=files, text="content")
        assert sorted(text for _, text in documents) == ["one", "three", "two"], errors
    documents, _ = read(hub, tmp_path, files=["data/2.parquet", "data/1.parquet"], text="content")
    assert [text for _, text in documents] == ["three", "one", "two"], (
        "in the order of the patterns"
    )


@pytest.mark.parametrize(
    ("specification", "said"),
    [
        ({"revision": "f" * 40, "files": "val.jsonl.zst"}, ["f" * 40, "'made/pile'"]),
        ({"hub": "made/none", "files": "a.jsonl"}, ["'made/none'", "hub repository"]),
        ({"files": "none.jsonl"}, ["none.jsonl"]),
        ({"files": "val.jsonl.zst", "text": "content"}, ["record 0", "no key 'content'", "text"]),
        ({"files": "broken.jsonl"}, ["broken.jsonl", "domains.made"]),
        ({"files": ["val.jsonl.zst", "!x"]}, ["domains.made.files", "'!'"]),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(
    hub: StandinHub, tmp_path: Path, specification: dict[str, Any], said: list[str]
) -> None:
    documents, errors = read(hub, tmp_path, **specification)
    assert not documents
    (message,) = [line for line in errors.splitlines() if line.startswith("CensusError: ")]
    assert all(part in message for part in said), errors


def test_a_folder_of_the_same_name_is_not_taken_for_the_hub(
    hub: StandinHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made" / "pile").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    documents, errors = read(hub, tmp_path / "home", files="val.jsonl.zst")
    assert not documents
    assert "'made/pile' is also a path below" in errors


def test_a_connection_that_breaks_loses_no_text(tmp_path: Path) -> None:
    lines = json_lines([{"text": f"{number} {'x' * 1000}"} for number in range(200)])
    with StandinHub() as hub:
        hub.add("made/pile", {"a.jsonl": lines}, kind="datasets")
        hub.faults.cut["a.jsonl"] = [len(lines) // 2]
        documents, errors = read(hub, tmp_path, files="a.jsonl")
    assert [text.split()[0] for _, text in documents] == [str(number) for number in range(200)], (
        errors
    )
