"""Windows that go through a layer together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
import polars as pl
import torch
from jaxtyping import Int64
from torch import Tensor


@dataclass(frozen=True)
class MicroBatch:
    """Some consecutive windows of one domain that are read by the same studies.

    `ids` is `[windows, length]`, right-padded with 0 to the longest window; `lengths` is
    `[windows]`, BOS included; `windows` are their rows in the window table, `documents` the numbers of
    their documents. Padding comes after the text, so that causal attention never sees it.
    """

    windows: Int64[np.ndarray, " windows"]
    documents: Int64[np.ndarray, " windows"]
    ids: Int64[np.ndarray, "windows length"]
    lengths: Int64[np.ndarray, " windows"]
    domain: int
    dead: bool
    ngrams: bool
    positions: bool

    @property
    def tokens(self) -> int:
        """Positions that hold a token, BOS included."""
        return int(self.lengths.sum())

    @cached_property
    def rows(self) -> Int64[np.ndarray, " tokens"]:
        """Rows of the flattened `[windows * length]` batch that hold a token, in text order."""
        inside = np.arange(self.ids.shape[1]) < self.lengths[:, None]
        return np.flatnonzero(inside)

    @cached_property
    def bos_rows(self) -> Int64[np.ndarray, " windows"]:
        """Rows of the flattened batch that hold a BOS."""
        count, length = self.ids.shape
        return np.arange(0, count * length, length, dtype=np.int64)

    @cached_property
    def text_rows(self) -> Int64[np.ndarray, " text_tokens"]:
        """Rows of the flattened batch that hold a token other than the BOS in front."""
        text: Int64[np.ndarray, " text_tokens"] = self.rows[self.rows % self.ids.shape[1] != 0]
        return text

    @property
    def padded(self) -> bool:
        """Whether some positions hold no token."""
        return self.tokens < self.ids.size

    def rows_on(self, device: torch.device) -> Int64[Tensor, " tokens"]:
        """Return `rows` on a device; every layer asks for them, and they are copied there once."""
        if device not in self._placed:
            self._placed[device] = torch.from_numpy(self.rows).to(device)
        return self._placed[device]

    def halves_on(self, device: torch.device) -> list[tuple[int, Tensor, Tensor]]:
        """Return each half of the documents that is here: its number, its windows' places and their rows.

        Documents with even numbers are one half, the others the other: their order is a seeded draw.
        """
        if device not in self._halves:
            half = self.documents % 2
            found = [(number, np.flatnonzero(half == number)) for number in range(2)]
            self._halves[device] = [
                (
                    number,
                    torch.from_numpy(places).to(device),
                    torch.from_numpy(self.windows[places].astype(np.int32)).to(device),
                )
                for number, places in found
                if len(places)
            ]
        return self._halves[device]

    @cached_property
    def _halves(self) -> dict[torch.device, list[tuple[int, Tensor, Tensor]]]:
        return {}

    @cached_property
    def _placed(self) -> dict[torch.device, Tensor]:
        return {}


def micro_batches(windows: pl.DataFrame, domains: list[str], tokens: int) -> Iterator[MicroBatch]:
    """Cut the windows of a shard, in their order, into micro-batches of at most `tokens` positions.

    A micro-batch never mixes domains or sets of studies, and depends on nothing but the table and
    `tokens`: the same windows always meet in the same batch, whatever else is planned, so that
    results are the same to the bit.

    Parameters
    ----------
    windows
        rows of the window table, in forward order
    domains
        names of the domains; a micro-batch carries the index of its own
    tokens
        the most positions of a micro-batch, padding included; a single window may exceed it
    """
    number = {domain: index for index, domain in enumerate(domains)}
    columns = ["domain", "dead", "ngrams", "positions"]
    keys = windows.select(columns).rows()
    lengths = windows["length"].to_numpy().astype(np.int64)
    rows = windows["window"].to_numpy().astype(np.int64)
    documents = windows["document"].to_numpy().astype(np.int64)
    texts = windows["tokens"]
    start = 0
    for (domain, dead, ngrams, positions), group in groupby(keys):
        end = start + sum(1 for _ in group)
        while start < end:
            stop = _count_fitting(lengths[start:end], tokens) + start
            chosen = lengths[start:stop]
            ids = np.zeros((stop - start, int(chosen.max())), dtype=np.int64)
            for row, text in enumerate(texts[start:stop]):
                ids[row, : len(text)] = text.to_numpy()
            yield MicroBatch(
                rows[start:stop],
                documents[start:stop],
                ids,
                chosen,
                number[domain],
                dead,
                ngrams,
                positions,
            )
            start = stop


def full_windows(
    tokens: int, length: int, micro_batch_tokens: int, studies: frozenset[str]
) -> Iterator[MicroBatch]:
    """Yield micro-batches of as many full-length windows as hold `tokens`: their shapes, for a plan.

    Parameters
    ----------
    tokens
        number of positions in all, about
    length
        number of positions of a window
    micro_batch_tokens
        the most positions of a micro-batch
    studies
        names of the studies that read them all
    """
    windows = max(1, tokens // length)
    size = max(1, micro_batch_tokens // length)
    for start in range(0, windows, size):
        count = min(windows - start, size)
        yield MicroBatch(
            np.arange(start, start + count),
            np.arange(start, start + count),
            np.zeros((count, length), dtype=np.int64),
            np.full(count, length, dtype=np.int64),
            0,
            *(study in studies for study in ("dead", "ngrams", "positions")),
        )


def _count_fitting(lengths: Int64[np.ndarray, " windows"], tokens: int) -> int:
    """Return how many of the first windows fit in `tokens` positions when padded to the longest (at least 1)."""
    padded = np.maximum.accumulate(lengths) * np.arange(1, len(lengths) + 1)
    return max(1, int(np.searchsorted(padded, tokens, side="right")))
