"""Texts of tokens against the text that they were made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from helpers.made.tokenizers import make_tokenizer
from helpers.repository import REPOSITORY
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.tokenizer.token_text import TokenText

SHIPPED = REPOSITORY / "resources" / "tokenizers" / "opt-mini"
TEXTS = ["the theme of\n\n    the thesis\t", "naïve Ωμέγα 日本語 😀", "a\x00b\u200b\u202e", "\\xff"]


@pytest.fixture(params=["one file", "two files", "shipped"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "shipped":
        return SHIPPED
    make_tokenizer(tmp_path, pair=request.param == "two files")
    return tmp_path


def test_tokens_decoded_together_are_the_text(folder: Path) -> None:
    text = TokenText.open(folder)
    for whole, ids in zip(TEXTS, Encoder.open(folder).encode(TEXTS), strict=True):
        assert text.of(ids[None]).to_list() == [whole]
        for n in (1, 2, 3):
            ngrams = np.lib.stride_tricks.sliding_window_view(ids, n)
            expected = [
                b"".join(text.spelled[token] for token in ngram).decode(errors="backslashreplace")
                for ngram in ngrams
            ]
            assert text.of(ngrams).to_list() == expected
            assert not any("\ufffd" in shown for shown in expected)


def test_all_tokens_are_told_apart(folder: Path) -> None:
    encoder, text = Encoder.open(folder), TokenText.open(folder)
    texts = text.texts.to_list()
    assert len(texts) == len(set(texts)) == encoder.vocabulary
    whole = 0
    for token, shown in enumerate(texts):
        name = encoder.tokenizer.id_to_token(token)
        assert name is not None
        if encoder.tokenizer.decoder is not None and token > 3:
            by_library = encoder.tokenizer.decoder.decode([name])
            assert text.whole[token] == ("\ufffd" not in by_library)
            assert shown == by_library or not text.whole[token]
            whole += bool(text.whole[token])
    assert whole > 100 or encoder.tokenizer.decoder is None


def test_a_part_of_a_character_is_an_escape_and_joins_its_other_parts(tmp_path: Path) -> None:
    make_tokenizer(tmp_path)
    text = TokenText.open(tmp_path)
    (ids,) = Encoder.open(tmp_path).encode(["é"])
    first, second = ids.tolist()
    (a,) = Encoder.open(tmp_path).encode(["a"])[0].tolist()
    assert text.of(np.array([[first], [second], [a]], dtype=np.int32)).to_list() == [
        "\\xc3",
        "\\xa9",
        "a",
    ]
    pairs = [[first, second], [a, first], [second, first], [a, a]]
    shown = text.of(np.array(pairs, dtype=np.int32)).to_list()
    assert shown == ["é", "a\\xc3", "\\xa9\\xc3", "aa"]


def test_no_ngrams_have_no_text(tmp_path: Path) -> None:
    make_tokenizer(tmp_path)
    text = TokenText.open(tmp_path)
    assert text.of(np.empty((0, 3), dtype=np.int32)).to_list() == []


def test_added_tokens_are_literal_and_holes_say_so(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    # In a vocabulary of bytes each "é" would stand for the byte 0xe9.
    tokenizer.add_tokens([AddedToken("éé", normalized=False)])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    text = TokenText.open(tmp_path)
    assert text.texts[-1] == "éé" and text.texts[2] == "</s>"

    holes = Tokenizer(models.WordLevel({"a": 0, "▁b": 2, "</s>": 4}, unk_token="a"))
    holes.pre_tokenizer = pre_tokenizers.Whitespace()
    holes.save(str(tmp_path / "tokenizer.json"))
    text = TokenText.open(tmp_path)
    assert text.texts.to_list() == ["a", "<no token 1>", "▁b", "<no token 3>", "</s>"]
    assert text.of(np.array([[0, 2]], dtype=np.int32)).to_list() == ["a▁b"]


def test_a_byte_level_step_among_others_makes_a_tokenizer_byte_level(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    assert tokenizer.pre_tokenizer is not None
    split = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, tokenizer.pre_tokenizer])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    text = TokenText.open(tmp_path)
    (ids,) = Encoder.open(tmp_path).encode(["é the"])
    assert text.of(ids[None]).to_list() == ["é the"]


def test_every_byte_has_its_own_token() -> None:
    spelled = TokenText.open(SHIPPED).spelled
    assert {bytes([byte]) for byte in range(256)} <= set(spelled)
