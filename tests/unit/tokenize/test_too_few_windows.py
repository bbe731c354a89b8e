"""What classify would refuse for want of windows is refused when windows are cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.made.text import save_domain
from helpers.made.tokenizers import make_tokenizer
from neuron_census.errors import CensusError
from neuron_census.formats.windows import Windows
from neuron_census.tokenize.tokenize import tokenize

WINDOW = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_tokenizer(tmp_path / "tokenizer", window=WINDOW)
    # 21 letters that no merge joins are three windows of 7 tokens of text, and two letters are none.
    save_domain(tmp_path / "long.parquet", ["qzjxwvk" * 3] * 2)
    save_domain(tmp_path / "short.parquet", ["qz"] * 9)
    return tmp_path


def run(folder: Path, studies: dict[str, Any], least: int) -> Windows:
    tokenize(
        domains=[folder / "long.parquet", folder / "short.parquet"],
        tokenizer=folder / "tokenizer",
        studies=json.dumps(studies),
        output=folder / "windows.parquet",
        min_position_windows=least,
    )
    return Windows.open(folder / "windows.parquet")


def takes(domain: str, tokens: int | str) -> list[dict[str, Any]]:
    return [{"domain": domain, "tokens": tokens}]


@pytest.mark.parametrize("tokens", ["all", 42])
def test_as_many_windows_as_are_asked_for_will_do(folder: Path, tokens: int | str) -> None:
    windows = run(folder, {"positions": takes("long", tokens)}, least=6)
    assert windows.table["positions"].sum() == 6


def test_too_few_are_refused_and_nothing_is_written(folder: Path) -> None:
    studies = {"dead": takes("short", 4), "positions": takes("long", "all")}
    with pytest.raises(CensusError) as error:
        run(folder, studies, least=7)
    said = str(error.value)
    assert "studies.positions: takes 6 windows of the full 8 tokens" in said
    assert "classify.positions.min_windows asks for 7" in said
    assert "Take 49 tokens or more" in said
    assert "`studies.positions: []`" in said
    assert not (folder / "windows.parquet").exists()


def test_windows_of_all_domains_count_together_and_of_other_studies_not_at_all(
    folder: Path,
) -> None:
    save_domain(folder / "short.parquet", ["qzjxwvk"])
    both = takes("long", "all") + takes("short", "all")
    assert len(run(folder, {"positions": both}, least=7).table) == 7
    studies = {"dead": both, "ngrams": both, "positions": takes("long", 7)}
    with pytest.raises(CensusError, match="takes 1 windows of the full 8 tokens"):
        run(folder, studies, least=2)


def test_a_study_that_reads_nothing_is_not_refused(folder: Path) -> None:
    windows = run(folder, {"dead": takes("short", "all"), "positions": []}, least=100)
    assert len(windows.table) == 9


def test_the_number_that_is_asked_for_changes_nothing_in_the_table(folder: Path) -> None:
    studies = {"dead": takes("long", "all"), "positions": takes("long", "all")}
    digests = {run(folder, studies, least=least).digest for least in (1, 6)}
    assert len(digests) == 1


def test_every_shortage_is_said_at_once(folder: Path) -> None:
    studies = {"dead": takes("short", 1000), "positions": takes("long", 1000)}
    with pytest.raises(CensusError) as error:
        run(folder, studies, least=100)
    said = str(error.value)
    assert "studies.dead: domain 'short'" in said
    assert "studies.positions: domain 'long'" in said
    assert "takes 6 windows" in said
