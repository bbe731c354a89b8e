"""ngrams/{tokenizer}.zarr: the n-grams of the n-gram study, numbered once for all models of a tokenizer.

    index = NgramIndex.open(path)
    index.ids(2, shard)        # the bigram that ends at each position of a shard; -1 where there is none
    index.tokens(2, ids)       # the tokens of some bigrams
    index.occurrences(2)       # how often each bigram occurs in the study

Numbers follow the lexicographic order of tokens. Positions are those of the shard's n-gram windows in table
order, BOS included, as in the recordings' bits. Every chunk is compressed with zstd and carries a crc32c.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Int32, Int64, Integer
from zarr.codecs import Crc32cCodec, ZstdCodec

from neuron_census.errors import CensusError
from neuron_census.formats.zarr_store import WHOLE, open_complete, read_checked

FORMAT = "neuron-census n-grams"
VERSION = 1
SIZES = (1, 2, 3)
NONE = -1
ROWS = 1 << 20
"""Rows of one chunk of an array."""


@dataclass(frozen=True)
class NgramIndex:
    """The numbered n-grams, open for reading.

    `windows_digest` is the digest of the windows; `vocabulary` is the number of the tokenizer's ids.
    """

    path: Path
    group: zarr.Group
    windows_digest: str
    vocabulary: int
    shards: int
    _tokens: dict[int, Int32[np.ndarray, "ngram n"]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: Path) -> NgramIndex:
        """Open numbered n-grams; CensusError if there are none or they are not finished."""
        group = open_complete(path, FORMAT, VERSION)
        attributes = group.attrs.asdict()
        return cls(
            path,
            group,
            str(attributes["windows"]),
            int(str(attributes["vocabulary"])),
            int(str(attributes["shards"])),
        )

    def ids(self, n: int, shard: int) -> Int32[np.ndarray, " position"]:
        """Return the n-gram that ends at each position of a shard; -1 where there is none."""
        require_size(n)
        if not 0 <= shard < self.shards:
            raise CensusError(
                f"{self.path}: there is no shard {shard}; expected 0 to {self.shards - 1}."
            )
        return read_checked(self.group, f"ids/{n}/{shard}", ..., self.path)

    def distinct(self, n: int) -> int:
        """Return how many different n-grams the study has."""
        return len(self.occurrences(n))

    def occurrences(self, n: int) -> Int64[np.ndarray, " ngram"]:
        """Return how often each n-gram occurs in the study."""
        require_size(n)
        return read_checked(self.group, f"occurrences/{n}", ..., self.path)

    def tokens(self, n: int, ids: Integer[np.ndarray, " k"]) -> Int32[np.ndarray, "k n"]:
        """Return the tokens of n-grams."""
        require_size(n)
        if n not in self._tokens:
            self._tokens[n] = read_checked(self.group, f"tokens/{n}", ..., self.path)
        found: Int32[np.ndarray, "k n"] = self._tokens[n][ids]
        return found


def require_size(n: int) -> None:
    """Refuse n-grams of other sizes than 1, 2 and 3, with a CensusError."""
    if n not in SIZES:
        raise CensusError(f"n-grams of {n} tokens: expected a size of 1, 2 or 3.")


def create(
    store: zarr.Group, name: str, values: np.ndarray, dimensions: tuple[str, ...]
) -> zarr.Array[Any]:
    """Write an array with named axes, in chunks of about a million rows."""
    array = store.create_array(
        name,
        shape=values.shape,
        dtype=values.dtype,
        chunks=(max(1, min(len(values), ROWS)), *values.shape[1:]),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        dimension_names=dimensions,
        config=WHOLE,
    )
    if len(values):
        array[:] = values
    return array
