"""From text to token ids, many documents at a time, with any tokenizer that a model comes with."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32
from tokenizers import Tokenizer, models, pre_tokenizers

from neuron_census.errors import CensusError
from neuron_census.tokenizer.folder import TokenizerFolder

PIECE = 50_000
"""Characters that are encoded at a time, if a longer text may be cut."""
PIECES_AT_A_TIME = 64
"""What the library returns for them takes about a hundred bytes per token."""
PANIC = "PanicException"
"""Name of the class of a Rust panic, which is in no module that could be imported."""

# By GPT-2's rule a word always ends between a character and the white space after it, whatever is around.
_WORD_END = re.compile(r"(?<=\S)(?=[ \n\t])")


@dataclass(frozen=True)
class Encoder:
    """A tokenizer, and what windows depend on in the models that it belongs to.

    `vocabulary` is one more than the highest id; `longest` is the models' max_position_embeddings;
    `may_be_cut` says whether a long text has the same ids when it is encoded in parts.
    """

    tokenizer: Tokenizer
    bos: int
    vocabulary: int
    longest: int
    may_be_cut: bool
    folder: Path

    @classmethod
    def open(cls, folder: Path) -> Encoder:
        """Return the encoder of a folder with config.json and tokenizer.json, or vocab.json and merges.txt.

        Raises CensusError that names the file that is missing, broken or at odds with another.
        """
        files = TokenizerFolder.open(folder)
        tokenizer = _tokenizer(files)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True
        vocabulary = max(tokenizer.get_vocab().values(), default=-1) + 1
        if files.bos >= vocabulary:
            raise CensusError(
                f"{folder / 'config.json'}: bos_token_id is {files.bos}, and the tokenizer beside it has "
                f"ids from 0 to {vocabulary - 1}. Take the config.json that belongs to it."
            )
        return cls(tokenizer, files.bos, vocabulary, files.longest, _may_be_cut(tokenizer), folder)

    @property
    def digest(self) -> str:
        """A digest of the tokenizer, the same for every file that it can be read from."""
        return hashlib.sha256(self.tokenizer.to_str().encode()).hexdigest()[:32]

    def encode(self, texts: Sequence[str]) -> list[Int32[np.ndarray, " _"]]:
        """Return the ids of each text: no special tokens; a '</s>' in it is ordinary characters.

        Raises CensusError where the tokenizer's own pattern fails on a text.
        """
        pieces = [list(_pieces(text)) if self.may_be_cut else [text] for text in texts]
        encoded = self._encode_pieces([piece for text in pieces for piece in text])
        return [np.concatenate([next(encoded) for _ in text]) for text in pieces]

    def _encode_pieces(self, pieces: Sequence[str]) -> Iterator[Int32[np.ndarray, " tokens"]]:
        for start in range(0, len(pieces), PIECES_AT_A_TIME):
            batch = pieces[start : start + PIECES_AT_A_TIME]
            with library_errors(f"{self.folder}: the tokenizer fails on a text"):
                encodings = self.tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            for encoding in encodings:
                yield np.array(encoding.ids, dtype=np.int32)


def _pieces(text: str) -> Iterator[str]:
    """The parts of a long text, cut where words end: equal work for all threads, and bounded memory."""
    start = 0
    while len(text) - start > PIECE:
        cut = _WORD_END.search(text, start + PIECE)
        if cut is None:
            break
        yield text[start : cut.start()]
        start = cut.start()
    yield text[start:]


def _may_be_cut(tokenizer: Tokenizer) -> bool:
    """Whether a cut where a word ends cannot change ids: with GPT-2's rule and nothing else."""
    settings: dict[str, Any] = json.loads(tokenizer.to_str())
    pre_tokenizer = settings["pre_tokenizer"] or {}
    return (
        settings["normalizer"] is None
        and pre_tokenizer.get("type") == "ByteLevel"
        and pre_tokenizer.get("use_regex", True)
        and not pre_tokenizer.get("add_prefix_space")
        and all(token["special"] for token in settings["added_tokens"])
    )


def _tokenizer(folder: TokenizerFolder) -> Tokenizer:
    with library_errors(f"{folder.path}: the tokenizer cannot be read"):
        if folder.whole is not None:
            return Tokenizer.from_file(str(folder.whole))
        assert folder.pair is not None
        tokenizer = Tokenizer(models.BPE.from_file(*map(str, folder.pair)))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        return tokenizer


@contextmanager
def library_errors(what: str) -> Iterator[None]:
    """Raise a CensusError that begins with `what` for anything that the tokenizers library raises.

    The library is written in Rust: besides plain exceptions it raises panics, which are no `Exception`.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        raise CensusError(
            f"{what}: {error}. Write its files again with the `tokenizers` library, or take another one."
        ) from error
