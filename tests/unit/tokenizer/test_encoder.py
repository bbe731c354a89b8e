"""Encoding: the same ids whatever is encoded together, cut or put beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, trainers

from helpers.made.tokenizers import BOS, SPECIAL, TEXT, make_tokenizer
from neuron_census.errors import CensusError
from neuron_census.tokenizer import encoder as module
from neuron_census.tokenizer.encoder import Encoder

ODD = "ab1!'s \t\n\r\x0b\x1c\x85\xa0\u2028\u3000é漢😀"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    make_tokenizer(folder)
    return folder


def test_both_forms_of_a_tokenizer_give_the_same_ids(tmp_path: Path, folder: Path) -> None:
    make_tokenizer(tmp_path / "pair", pair=True)
    whole, pair = Encoder.open(folder), Encoder.open(tmp_path / "pair")
    texts = [*TEXT, "</s> and <pad>", ""]
    assert [ids.tolist() for ids in whole.encode(texts)] == [
        ids.tolist() for ids in pair.encode(texts)
    ]
    assert (whole.bos, whole.vocabulary, whole.longest) == (BOS, 300, 16)
    assert (pair.bos, pair.vocabulary, pair.longest) == (BOS, 300, 16)


def test_special_strings_are_ordinary_text(folder: Path) -> None:
    encoder = Encoder.open(folder)
    (ids,) = encoder.encode(["<s>a</s><pad><unk>"])
    assert min(ids) > 3
    assert encoder.tokenizer.decode(ids.tolist()) == "<s>a</s><pad><unk>"


def test_settings_of_the_file_for_padding_and_truncation_are_left_out(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    tokenizer.enable_padding(length=50)
    tokenizer.enable_truncation(3)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (ids,) = Encoder.open(tmp_path).encode(["the other theory"])
    assert 3 < len(ids) < 50


@settings(deadline=None, max_examples=150)
@given(texts=st.lists(st.text(ODD, max_size=60), max_size=6), piece=st.integers(1, 20))
def test_a_text_that_is_cut_has_the_ids_of_the_whole(
    folder: Path, texts: list[str], piece: int
) -> None:
    encoder = Encoder.open(folder)
    assert encoder.may_be_cut
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE", piece)
        patch.setattr(module, "PIECES_AT_A_TIME", 3)
        found = [ids.tolist() for ids in encoder.encode(texts)]
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert found == [plain.encode(text, add_special_tokens=False).ids for text in texts]


def test_a_text_is_cut_only_before_what_the_tokenizer_takes_for_white_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = make_tokenizer(tmp_path)
    # Python takes this control character for white space, and the tokenizer for punctuation.
    text = "!\x1c" * 20
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=270, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([text] * 9, trainer)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    monkeypatch.setattr(module, "PIECE", 3)
    encoder = Encoder.open(tmp_path)
    (ids,) = encoder.encode([text])
    assert encoder.may_be_cut
    assert ids.tolist() == tokenizer.encode(text, add_special_tokens=False).ids
    assert len(ids) < len(text)


def test_the_smallest_numbers_that_a_config_may_have(tmp_path: Path) -> None:
    make_tokenizer(tmp_path, window=2)
    config = json.loads((tmp_path / "config.json").read_text()) | {"bos_token_id": 0}
    (tmp_path / "config.json").write_text(json.dumps(config))
    encoder = Encoder.open(tmp_path)
    assert (encoder.bos, encoder.longest) == (0, 2)


def test_a_long_text_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 10)
    pieces = list(module._pieces("the other theory is that theses have themes"))
    assert pieces == ["the other theory", " is that theses", " have themes"]


def test_what_looks_beyond_a_word_is_never_cut(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert not Encoder.open(tmp_path).may_be_cut
    tokenizer = make_tokenizer(tmp_path)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert not Encoder.open(tmp_path).may_be_cut
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert not Encoder.open(tmp_path).may_be_cut
    tokenizer = make_tokenizer(tmp_path)
    tokenizer.add_tokens(["the other"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert not Encoder.open(tmp_path).may_be_cut


def test_bad_folders_are_named(tmp_path: Path) -> None:
    make_tokenizer(tmp_path)
    config, tokenizer = tmp_path / "config.json", tmp_path / "tokenizer.json"
    good = json.loads(config.read_text())
    for content, said in [
        ({**good, "bos_token_id": 300}, "bos_token_id is 300"),
        ({**good, "bos_token_id": None}, "bos_token_id is None"),
        ({**good, "bos_token_id": True}, "bos_token_id is True"),
        ({**good, "bos_token_id": -1}, "bos_token_id is -1, expected a whole number of at least 0"),
        ({"bos_token_id": 2}, "max_position_embeddings is None"),
        (
            {**good, "max_position_embeddings": 1},
            "max_position_embeddings is 1, expected .* least 2",
        ),
    ]:
        config.write_text(json.dumps(content))
        with pytest.raises(CensusError, match=rf"config\.json.*{said}"):
            Encoder.open(tmp_path)
    config.write_text("[]")
    with pytest.raises(CensusError, match=r"config\.json: found list"):
        Encoder.open(tmp_path)
    config.write_text("{")
    with pytest.raises(CensusError, match=r"config\.json: broken JSON"):
        Encoder.open(tmp_path)
    config.unlink()
    with pytest.raises(CensusError, match=r"config\.json: is missing"):
        Encoder.open(tmp_path)
    config.write_text(json.dumps(good))
    config.write_text("[" * 100_000)
    with pytest.raises(CensusError, match=r"config\.json: the JSON is nested too deep"):
        Encoder.open(tmp_path)
    config.write_text('{"bos_token_id": ' + "1" * 5000 + "}")
    with pytest.raises(
        CensusError, match=r"config\.json: the JSON cannot be read: Exceeds the limit"
    ):
        Encoder.open(tmp_path)
    config.write_text(json.dumps(good))
    tokenizer.write_text("{}")
    with pytest.raises(CensusError, match="the tokenizer cannot be read"):
        Encoder.open(tmp_path)
    tokenizer.unlink()
    with pytest.raises(CensusError, match=r"holds no tokenizer: found config\.json"):
        Encoder.open(tmp_path)


def test_a_pattern_that_fails_on_a_text_is_named(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    # It tries every way to part a row of letters, until the library's engine gives up and panics.
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("(?:a|aa)+$"), "isolated")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    encoder = Encoder.open(tmp_path)
    assert not encoder.may_be_cut
    with pytest.raises(CensusError, match=r"the tokenizer fails on a text: .*retry-limit") as error:
        encoder.encode(["fine", "a" * 80 + "b"])
    assert str(tmp_path) in str(error.value)


def test_an_interruption_is_not_an_error_of_the_tokenizer() -> None:
    with pytest.raises(KeyboardInterrupt), module.library_errors("any"):
        raise KeyboardInterrupt
