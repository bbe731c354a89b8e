"""The tokenizer that the workflow trains: OPT's ids, no text lost, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from helpers.made.text import save_domain
from helpers.made.tokenizers import TEXT
from neuron_census.errors import CensusError
from neuron_census.formats.domain_table import write_domain_table
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.train.train_tokenizer import train_tokenizer

TEXTS = [f"{text} {number}" for number in range(40) for text in TEXT]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    domains = [save_domain(folder / f"{name}.parquet", TEXTS, 0.5) for name in ("one", "two")]
    train_tokenizer(domains=domains, output=folder / "opt-made", vocabulary=290, window=32)
    return folder


def test_special_tokens_have_the_ids_of_opt(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder / "opt-made")
    ids = tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>"])
    assert ids == [0, 1, 2, 3]
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (2, 2, 1)
    assert len(tokenizer) == 290


def test_transformers_puts_one_bos_in_front_and_we_leave_it_out(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder / "opt-made")
    encoder = Encoder.open(folder / "opt-made")
    (ids,) = encoder.encode([TEXT[0]])
    assert tokenizer(TEXT[0]).input_ids == [2, *ids]
    assert tokenizer.decode(ids) == TEXT[0]
    assert (encoder.bos, encoder.longest, encoder.vocabulary) == (2, 32, 290)
    assert encoder.may_be_cut
    # Frequent words of the training text have become entries of their own.
    assert len(ids) < len(TEXT[0]) * 2 / 3


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_is_lost(folder: Path, text: str) -> None:
    encoder = Encoder.open(folder / "opt-made")
    (ids,) = encoder.encode([text])
    assert encoder.tokenizer.decode(ids.tolist(), skip_special_tokens=False) == text


def test_the_same_text_gives_the_same_bytes(folder: Path) -> None:
    domains = [folder / "two.parquet", folder / "one.parquet"]
    train_tokenizer(domains=domains, output=folder / "again", vocabulary=290, window=32)
    for name in (
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "config.json",
    ):
        assert (folder / "again" / name).read_bytes() == (folder / "opt-made" / name).read_bytes()


def test_held_out_text_is_not_read(tmp_path: Path) -> None:
    path = save_domain(tmp_path / "made.parquet", ["aaaa " * 9, "zzzz " * 9])
    with pytest.raises(CensusError, match=r"made\.parquet: every document is held out"):
        train_tokenizer(domains=[path], output=tmp_path / "t", vocabulary=262)
    table = pl.read_parquet(path).with_columns(held_out=pl.col("text").str.contains("z"))
    write_domain_table(table, path, {"files": ["made"], "seed": 0})
    train_tokenizer(domains=[path], output=tmp_path / "t", vocabulary=262)
    learnt = json.loads((tmp_path / "t" / "tokenizer.json").read_text())["model"]["vocab"]
    assert sorted(learnt, key=learnt.get)[-2:] == ["aa", "aaaa"]


def test_the_readme_says_what_was_read(folder: Path) -> None:
    card = (folder / "opt-made" / "README.md").read_text()
    assert "| one | " in card
    assert "--vocabulary 290 --window 32" in card
    assert str(folder) not in card


def test_impossible_sizes_are_named(folder: Path, tmp_path: Path) -> None:
    for vocabulary, said in [(259, "at least 260"), (5000, "gives only")]:
        with pytest.raises(CensusError, match=said):
            train_tokenizer(
                domains=[folder / "one.parquet"], output=tmp_path / "t", vocabulary=vocabulary
            )
    assert not list(tmp_path.iterdir())
