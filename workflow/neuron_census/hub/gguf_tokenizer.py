"""The byte-level BPE tokenizer that a GGUF file holds."""

from __future__ import annotations

from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from neuron_census.errors import CensusError
from neuron_census.hub.gguf_model import GgufModel

SPECIAL = (3, 4)
"""Types of tokens that are no piece of text: control, and added by the user."""


def _byte_level() -> Any:
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


def _single_digits() -> Any:
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), _byte_level()])


# How text is split into words, by the name that the file gives it.
SPLITS = {"default": _byte_level, "gpt-2": _byte_level, "smollm": _single_digits}


def tokenizer_of(model: GgufModel) -> Tokenizer:
    """Return the tokenizer of a GGUF file. Raises CensusError for one of another kind."""
    kind = model.metadata("tokenizer.ggml.model")
    split = model.metadata("tokenizer.ggml.pre") or "default"
    if kind != "gpt2" or split not in SPLITS:
        raise CensusError(
            f"{model.file}: its tokenizer is '{kind}' with the rule '{split}', expected 'gpt2' with one of "
            f"{', '.join(SPLITS)}. Give the checkpoint a `tokenizer` of its own."
        )
    tokens: list[str] = model.metadata("tokenizer.ggml.tokens")
    pairs = [merge.split(" ") for merge in model.metadata("tokenizer.ggml.merges")]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=[(first, then) for first, then in pairs])
    )
    tokenizer.pre_tokenizer = SPLITS[split]()
    tokenizer.decoder = decoders.ByteLevel()
    kinds = model.metadata("tokenizer.ggml.token_type") or []
    special = [token for token, of in zip(tokens, kinds, strict=False) if of in SPECIAL]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer


def token_number(model: GgufModel, token: str) -> int:
    """Return the id of a token that the config names. Raises CensusError where there is none."""
    tokens: list[str] = model.metadata("tokenizer.ggml.tokens")
    if token not in tokens:
        raise CensusError(
            f"{model.file}: its tokenizer has no token '{token}', expected one such as '{tokens[0]}'. Correct "
            "`bos` of the checkpoint."
        )
    return tokens.index(token)
