"""The text of tokens and n-grams, in which a part of a character is visible as such."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Int32
from tokenizers import Tokenizer

from neuron_census.tokenizer.encoder import Encoder


@dataclass(frozen=True)
class TokenText:
    """How a tokenizer spells its tokens.

    `spelled` are the bytes of each token, `texts` the same as text, `whole` whether the bytes are UTF-8.
    """

    spelled: list[bytes]
    texts: pl.Series
    whole: Bool[np.ndarray, " token"]

    @classmethod
    def open(cls, folder: Path) -> TokenText:
        """Return the tokens of a tokenizer's folder. Raises CensusError if the folder is not in order.

        The tokens of a tokenizer that is not byte-level are spelled as in its vocabulary.
        """
        encoder = Encoder.open(folder)
        spelled = list(_spelled(encoder.tokenizer, encoder.vocabulary))
        texts = pl.Series("text", [_shown(token) for token in spelled], dtype=pl.String)
        return cls(spelled, texts, np.array([_is_text(token) for token in spelled], dtype=np.bool_))

    def of(self, ngrams: Int32[np.ndarray, "ngram n"]) -> pl.Series:
        r"""Return the text of n-grams: their tokens decoded together, with bytes that are not UTF-8 as \xNN.

        Parameters
        ----------
        ngrams
            the tokens of each n-gram
        """
        columns = [self.texts.gather(tokens) for tokens in ngrams.T]
        joined = pl.select(text=pl.concat_str(columns)).to_series()
        # A character may begin in one token and end in the next.
        broken = np.flatnonzero(~self.whole[ngrams].all(axis=1))
        if len(broken) == 0:
            return joined
        shown = [
            _shown(b"".join(self.spelled[token] for token in tokens))
            for tokens in ngrams[broken].tolist()
        ]
        return joined.scatter(broken, shown)


def _spelled(tokenizer: Tokenizer, vocabulary: int) -> Iterator[bytes]:
    """The bytes of each token; for an id that the vocabulary skips, words that say so."""
    byte_of = _bytes_of_characters() if _is_byte_level(tokenizer) else {}
    added = tokenizer.get_added_tokens_decoder()
    for token in range(vocabulary):
        name = tokenizer.id_to_token(token)
        if name is None:
            yield f"<no token {token}>".encode()
        elif token not in added and all(character in byte_of for character in name):
            yield bytes(byte_of[character] for character in name)
        else:
            yield name.encode()


def _is_byte_level(tokenizer: Tokenizer) -> bool:
    settings: dict[str, Any] = json.loads(tokenizer.to_str())
    parts = settings["pre_tokenizer"] or {}
    return any(part.get("type") == "ByteLevel" for part in [parts, *parts.get("pretokenizers", [])])


def _bytes_of_characters() -> dict[str, int]:
    """The bytes that the characters of a byte-level vocabulary stand for.

    Printable bytes of Latin-1 stand for themselves, the others follow from 256 on.
    """
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in own]
    shifted = {chr(0x100 + place): byte for place, byte in enumerate(others)}
    return {chr(byte): byte for byte in own} | shifted


def _shown(spelled: bytes) -> str:
    return spelled.decode(errors="backslashreplace")


def _is_text(spelled: bytes) -> bool:
    try:
        spelled.decode()
    except UnicodeDecodeError:
        return False
    return True
