"""The windows that training reads: every window of the documents that are not held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Int64
from tokenizers import Tokenizer

from neuron_census.errors import CensusError

PAD = 1


@dataclass(frozen=True)
class TrainingWindows:
    """Right-padded windows of all training text, drawn in a seeded order, epoch after epoch.

    `windows` is `[windows, window]`, BOS first, padded with `PAD`; `domain_tokens` counts the text
    tokens (BOS excluded) of each domain.
    """

    windows: Int64[np.ndarray, "windows window"]
    domain_tokens: dict[str, int]
    vocabulary: int

    @classmethod
    def from_domains(
        cls, domains: list[Path], tokenizer: Path, window: int, bos: int
    ) -> TrainingWindows:
        """Tokenise the training part of the domain tables and cut it into windows."""
        encoder = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
        encoder.encode_special_tokens = True
        rows: list[np.ndarray] = []
        domain_tokens: dict[str, int] = {}
        for path in domains:
            texts = pl.read_parquet(path).filter(~pl.col("held_out"))["text"].to_list()
            if not texts:
                raise CensusError(
                    f"{path}: every document is held out; nothing is left to train on."
                )
            encoded = encoder.encode_batch_fast(texts, add_special_tokens=False)
            domain_tokens[path.stem] = sum(len(document.ids) for document in encoded)
            for document in encoded:
                rows.extend(_cut(np.array(document.ids, dtype=np.int64), window, bos))
        return cls(np.stack(rows), domain_tokens, encoder.get_vocab_size())

    def batch(self, step: int, size: int, seed: int) -> Int64[np.ndarray, "size length"]:
        """The windows of a step, trimmed to the longest of them.

        Epochs follow one another without a gap: each is a permutation seeded by `(seed, epoch)`.
        """
        count = len(self.windows)
        picked = []
        for position in range(step * size, (step + 1) * size):
            epoch, index = divmod(position, count)
            picked.append(_permutation(seed, epoch, count)[index])
        chosen = self.windows[picked]
        longest = int((chosen != PAD).sum(axis=1).max())
        return chosen[:, :longest]

    def summary(self) -> dict[str, int]:
        """Text tokens of each domain, and the number of windows."""
        return {**self.domain_tokens, "windows": len(self.windows)}


def _cut(
    tokens: Int64[np.ndarray, " tokens"], window: int, bos: int
) -> list[Int64[np.ndarray, " window"]]:
    pieces = []
    for start in range(0, len(tokens), window - 1):
        piece = np.full(window, PAD, dtype=np.int64)
        part = tokens[start : start + window - 1]
        piece[0] = bos
        piece[1 : 1 + len(part)] = part
        pieces.append(piece)
    return pieces


_last_permutation: dict[tuple[int, int, int], np.ndarray] = {}


def _permutation(seed: int, epoch: int, count: int) -> Int64[np.ndarray, " count"]:
    """The order of one epoch; the last two are kept, since a batch may span them."""
    key = (seed, epoch, count)
    if key not in _last_permutation:
        while len(_last_permutation) > 1:
            del _last_permutation[next(iter(_last_permutation))]
        _last_permutation[key] = np.random.default_rng([seed, epoch]).permutation(count)
    return _last_permutation[key]
