"""Text to token ids, many documents at a time, with any tokenizer that an OPT model comes with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32
from tokenizers import Tokenizer, models, pre_tokenizers

from neuron_census.errors import CensusError

PIECE = 50_000
"""Characters that are encoded as one, where a longer text may be cut."""
PIECES_AT_A_TIME = 64
"""What the library says of them takes about a hundred bytes a token."""

# Between a character and white space behind it GPT-2's rule always ends a word, whatever is around.
_WORD_END = re.compile(r"(?<=\S)(?=[ \n\t])")


@dataclass(frozen=True)
class Encoder:
    """A tokenizer, and what the windows need to know of the models that it belongs to.

    `vocabulary` is one more than the highest id; `longest` is the models' max_position_embeddings.
    """

    tokenizer: Tokenizer
    bos: int
    vocabulary: int
    longest: int
    may_be_cut: bool

    @classmethod
    def open(cls, folder: Path) -> Encoder:
        """Open a folder with config.json and tokenizer.json, or vocab.json and merges.txt.

        Raises CensusError that names the file that is missing, broken or at odds with another.
        """
        config = _config(folder)
        tokenizer = _tokenizer(folder)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True
        vocabulary = max(tokenizer.get_vocab().values()) + 1
        bos, longest = config["bos_token_id"], config["max_position_embeddings"]
        if not 0 <= bos < vocabulary:
            raise CensusError(
                f"{folder / 'config.json'}: bos_token_id is {bos}, and the tokenizer beside it has "
                f"ids from 0 to {vocabulary - 1}. Take the config.json that belongs to it."
            )
        return cls(tokenizer, bos, vocabulary, longest, _may_be_cut(tokenizer))

    def encode(self, texts: Sequence[str]) -> list[Int32[np.ndarray, " _"]]:
        """Give the ids of each text: no special tokens; a '</s>' in it is ordinary characters."""
        pieces = [list(_pieces(text)) if self.may_be_cut else [text] for text in texts]
        encoded = self._encode_pieces([piece for text in pieces for piece in text])
        return [np.concatenate([next(encoded) for _ in text]) for text in pieces]

    def _encode_pieces(self, pieces: Sequence[str]) -> Iterator[Int32[np.ndarray, " tokens"]]:
        for start in range(0, len(pieces), PIECES_AT_A_TIME):
            batch = pieces[start : start + PIECES_AT_A_TIME]
            for encoding in self.tokenizer.encode_batch_fast(batch, add_special_tokens=False):
                yield np.array(encoding.ids, dtype=np.int32)


def _pieces(text: str) -> Iterator[str]:
    """Cut a long text where words end: equal work for all threads, memory that is bounded."""
    start = 0
    while len(text) - start > PIECE:
        cut = _WORD_END.search(text, start + PIECE)
        if cut is None:
            break
        yield text[start : cut.start()]
        start = cut.start()
    yield text[start:]


def _may_be_cut(tokenizer: Tokenizer) -> bool:
    """Tell whether a cut where a word ends cannot change ids: GPT-2's rule and nothing besides."""
    settings: dict[str, Any] = json.loads(tokenizer.to_str())
    pre_tokenizer = settings["pre_tokenizer"] or {}
    return (
        settings["normalizer"] is None
        and pre_tokenizer.get("type") == "ByteLevel"
        and pre_tokenizer.get("use_regex", True)
        and not pre_tokenizer.get("add_prefix_space")
        and all(token["special"] for token in settings["added_tokens"])
    )


def _config(folder: Path) -> dict[str, int]:
    path = folder / "config.json"
    if not path.is_file():
        raise CensusError(
            f"{path}: is missing. A tokenizer's folder holds the config.json of its model, with "
            "bos_token_id and max_position_embeddings."
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CensusError(f"{path}: broken JSON: {error}.") from error
    if not isinstance(config, dict):
        raise CensusError(f"{path}: found {type(config).__name__}, expected a JSON object.")
    for key in ("bos_token_id", "max_position_embeddings"):
        if not isinstance(config.get(key), int):
            raise CensusError(f"{path}: {key} is {config.get(key)!r}, expected a whole number.")
    return {key: config[key] for key in ("bos_token_id", "max_position_embeddings")}


def _tokenizer(folder: Path) -> Tokenizer:
    whole, vocabulary, merges = (
        folder / name for name in ("tokenizer.json", "vocab.json", "merges.txt")
    )
    try:
        if whole.is_file():
            return Tokenizer.from_file(str(whole))
        if vocabulary.is_file() and merges.is_file():
            tokenizer = Tokenizer(models.BPE.from_file(str(vocabulary), str(merges)))
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            return tokenizer
    except Exception as error:  # the library raises nothing narrower
        raise CensusError(f"{folder}: the tokenizer cannot be read: {error}.") from error
    found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
    raise CensusError(
        f"{folder}: holds no tokenizer: found {found}; expected tokenizer.json, or vocab.json and "
        "merges.txt."
    )
