"""What a config selects, and where the user's files are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neuron_census.configuration import configure
from neuron_census.errors import CensusError
from neuron_census.selection import Selection
from neuron_census.sources import find_files, find_path
from neuron_census.text.local_files import find_local_files

COMMIT = "0" * 40


def selection(*folders: Path, **changes: Any) -> Selection:
    config: dict[str, Any] = {
        "models": ["one", "two"],
        "checkpoints": {
            "one": {"path": "models/one", "tokenizer": "shared"},
            "two": {"hub": "owner/two", "revision": COMMIT},
        },
        "tokenizers": {"shared": {"hub": "owner/one", "revision": COMMIT}},
        "domains": {name: {"files": f"{name}/*.txt"} for name in "abc"},
        "studies": {
            "dead": [{"domain": "b", "tokens": 15}, {"domain": "a", "tokens": 5}],
            "ngrams": [{"domain": "c", "tokens": 7}],
            "positions": [{"domain": "b", "tokens": 9}],
        },
        "record": {"shard_tokens": 10},
    }
    return Selection(configure(config | changes), folders)


def test_domains_are_in_the_order_in_which_studies_name_them() -> None:
    assert selection().domains == ["b", "a", "c"]


def test_shards_follow_from_the_config_alone() -> None:
    assert list(selection().shards) == [0, 1, 2]


def test_a_model_without_a_tokenizer_has_its_own() -> None:
    assert [selection().tokenizer_of(model) for model in ("one", "two")] == ["shared", "two"]
    assert selection().tokenizer_folder("two") == Path("results/tokenizers/two")
    assert selection().tokenizer_folder("shared") == Path("results/tokenizers/shared")


def test_a_checkpoint_of_the_hub_is_fetched_and_another_is_read_where_it_lies(
    tmp_path: Path,
) -> None:
    (tmp_path / "models" / "one").mkdir(parents=True)
    assert selection().checkpoint_folder("two") == Path("results/checkpoints/two")
    assert selection(tmp_path).checkpoint_folder("one") == tmp_path / "models" / "one"


def test_the_first_folder_that_has_a_path_is_taken(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first / "a", second / "a", second / "b"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert find_path("key", "a", [first, second]) == first / "a"
    assert find_path("key", "b", [first, second]) == second / "b"
    assert find_path("key", str(second / "a"), [first]) == second / "a"
    with pytest.raises(
        CensusError, match=r"key: 'c' is not there; tried .*first/c and .*second/c\."
    ):
        find_path("key", "c", [first, second])


@pytest.mark.parametrize(
    "patterns",
    [["*.txt"], ["**/*.txt"], ["**/*.txt", "!old/**"], ["b.txt", "old/*"], ["*.txt", "!a*"]],
)
def test_files_are_those_that_reading_a_domain_finds(tmp_path: Path, patterns: list[str]) -> None:
    folders = [tmp_path / "empty", tmp_path / "full"]
    for name in ("a.txt", "b.txt", "old/c.txt", "old/d.md"):
        path = folders[1] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    found = [str(path) for path in find_files("key", patterns, folders)]
    assert found == [file.place for file in find_local_files("domain", patterns, folders)]
    assert found


def test_a_pattern_without_a_match_and_one_that_takes_all_away_are_errors(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(CensusError, match=r"key: no file matches '\*\.md'"):
        find_files("key", ["*.md"], [tmp_path])
    with pytest.raises(CensusError, match=r"key: all 1 files .* taken away again by !a\*"):
        find_files("key", ["*.txt", "!a*"], [tmp_path])
