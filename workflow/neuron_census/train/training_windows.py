"""The windows that training reads: every window of the documents that are not held out.

A window of the census holds BOS and the next T - 1 tokens of a document. Training reads the same windows. Where
a recipe says so (`last_target`), each has one token more, the target of its last position, which the next
window of the document reads first: so every position has a target, and every token is read once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from jaxtyping import Int64, Integer

from neuron_census.errors import CensusError
from neuron_census.formats.atomic import written_whole
from neuron_census.formats.domain_table import scan_domain_table
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.tokenizer.encoder import Encoder

PAD = 1
DOCUMENTS_AT_A_TIME = 512


@dataclass(frozen=True)
class TrainingWindows:
    """Right-padded windows of all training text, in a seeded order, epoch after epoch.

    `windows` is `[windows, length]`, BOS first, then the tokens that are read, then the last
    target if there is one, padded with `PAD`, on disk; `domain_tokens` counts the text tokens (BOS excluded) of each
    domain.
    """

    windows: Integer[np.ndarray, "windows length"]
    domain_tokens: dict[str, int]
    vocabulary: int

    @classmethod
    def from_domains(
        cls,
        domains: list[Path],
        tokenizer: Path,
        window: int,
        folder: Path,
        *,
        last_target: bool,
    ) -> TrainingWindows:
        """Tokenise the training part of the domain tables and cut it into windows.

        Parameters
        ----------
        domains
            domain tables
        tokenizer
            folder of the tokenizer
        window
            longest window that the model reads, BOS included
        folder
            where the windows lie; those of the same text and tokenizer are taken as they are
        last_target
            whether a window has one token more, the target of its last position, which the next
            window of the document reads first
        """
        encoder = Encoder.open(tokenizer)
        kind = np.dtype(np.uint16 if encoder.vocabulary <= 1 << 16 else np.int32)
        length = window + 1 if last_target else window
        about: dict[str, Any] = {
            "text": fingerprint(domains),
            "tokenizer": fingerprint([file for file in tokenizer.iterdir() if file.is_file()]),
            "window": window,
            "length": length,
            "dtype": kind.name,
        }
        if not _is_about(folder, about):
            with written_whole(folder) as partial:
                partial.mkdir()
                tokens = {}
                with (partial / "windows").open("wb") as file:
                    for domain in domains:
                        tokens[domain.stem] = 0
                        for document in _documents(domain, encoder):
                            tokens[domain.stem] += len(document)
                            _cut(document, window, length, encoder.bos).astype(kind).tofile(file)
                (partial / "about.json").write_text(json.dumps({"domains": tokens, **about}))
        windows = np.memmap(folder / "windows", dtype=kind, mode="r").reshape(-1, length)
        domain_tokens = json.loads((folder / "about.json").read_text())["domains"]
        return cls(windows, domain_tokens, encoder.vocabulary)

    def batch(self, step: int, size: int, seed: int) -> Int64[np.ndarray, "size length"]:
        """Return the windows of a step with their last targets, trimmed to the longest of them.

        Epochs follow one another without a gap: each is a permutation seeded by `(seed, epoch)`.
        """
        count = len(self.windows)
        picked = []
        for position in range(step * size, (step + 1) * size):
            epoch, index = divmod(position, count)
            picked.append(_permutation(seed, epoch, count)[index])
        chosen = self.windows[picked].astype(np.int64)
        longest = int((chosen != PAD).sum(axis=1).max())
        return chosen[:, :longest]

    def summary(self) -> dict[str, int]:
        """Return the text tokens of each domain, and the number of windows."""
        return {**self.domain_tokens, "windows": len(self.windows)}


def _is_about(folder: Path, about: dict[str, Any]) -> bool:
    """Return whether a folder holds the windows of this text, cut in this way."""
    note = folder / "about.json"
    return note.is_file() and {**json.loads(note.read_text()), **about} == json.loads(
        note.read_text()
    )


def _documents(domain: Path, encoder: Encoder) -> Iterator[np.ndarray]:
    """Yield the tokens of the documents of a domain that are not held out."""
    scan_domain_table(domain)
    documents = 0
    for batch in pq.ParquetFile(domain).iter_batches(
        batch_size=DOCUMENTS_AT_A_TIME, columns=["held_out", "text"]
    ):
        rows = pl.DataFrame(pl.from_arrow(batch)).filter(~pl.col("held_out"))
        documents += len(rows)
        yield from encoder.encode(rows["text"].to_list())
    if not documents:
        raise CensusError(f"{domain}: every document is held out; nothing is left to train on.")


def _cut(
    tokens: Integer[np.ndarray, " tokens"], window: int, length: int, bos: int
) -> Int64[np.ndarray, "windows length"]:
    """Windows of a document: each begins where the one before ends, and ends with its first token."""
    pieces = np.full((-(-len(tokens) // (window - 1)), length), PAD, dtype=np.int64)
    pieces[:, 0] = bos
    for piece, start in zip(pieces, range(0, len(tokens), window - 1), strict=True):
        part = tokens[start : start + length - 1]
        piece[1 : 1 + len(part)] = part
    return pieces


_last_permutation: dict[tuple[int, int, int], np.ndarray] = {}


def _permutation(seed: int, epoch: int, count: int) -> Int64[np.ndarray, " count"]:
    """Return the order of one epoch; the last two are remembered, since a batch may span them."""
    key = (seed, epoch, count)
    if key not in _last_permutation:
        while len(_last_permutation) > 1:
            del _last_permutation[next(iter(_last_permutation))]
        _last_permutation[key] = np.random.default_rng([seed, epoch]).permutation(count)
    return _last_permutation[key]
