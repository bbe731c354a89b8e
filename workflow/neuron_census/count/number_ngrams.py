"""Number n-grams: those of the n-gram study, once for all models of a tokenizer.

number_ngrams(windows=Path("windows/opt/windows.parquet"), output=Path("ngrams/opt.zarr"))
NgramIndex.open(Path("ngrams/opt.zarr")).occurrences(3)    # of each trigram of the study
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zarr
from jaxtyping import Int32, Int64

from neuron_census.errors import CensusError
from neuron_census.formats.ngram_index import FORMAT, NONE, SIZES, VERSION, create
from neuron_census.formats.seal import read_seal, sealed
from neuron_census.formats.windows import Windows
from neuron_census.formats.zarr_store import mark_complete
from neuron_census.progress import progress

TOKEN_BITS = 21
"""Bits of one token: three of them make one whole number of 63 bits."""


def number_ngrams(*, windows: Path, output: Path) -> None:
    """Number the n-grams of 1, 2 and 3 tokens of the n-gram study, in the order of their tokens.

    Positions with fewer than n tokens after BOS have no n-gram, and BOS is part of none.

    Parameters
    ----------
    windows
        the window table
    output
        where to write the store of numbered n-grams
    """
    table = Windows.open(windows)
    if table.vocabulary > 1 << TOKEN_BITS:
        raise CensusError(
            f"{windows}: the tokenizer has {table.vocabulary} ids; n-grams can be numbered with up to "
            f"{1 << TOKEN_BITS}."
        )
    if not table.tokens_of_study("ngrams"):
        raise CensusError(
            f"{windows}: the n-gram study has no tokens. Give it some in `studies.ngrams`, or take "
            "all of its domains away."
        )
    shards = [_study_of(table, shard) for shard in range(table.shards)]
    with sealed(output, read_seal(windows).facts) as folder:
        store = zarr.open_group(folder, mode="w")
        store.attrs.update(
            {
                "format": FORMAT,
                "version": VERSION,
                "windows": table.digest,
                "vocabulary": table.vocabulary,
                "shards": table.shards,
            }
        )
        with progress(what="numbering n-grams", unit="length", total=len(SIZES)) as bar:
            for n in SIZES:
                _number(store, n, shards, windows)
                bar.update()
        mark_complete(store)


def _study_of(
    table: Windows, shard: int
) -> tuple[Int32[np.ndarray, " position"], Int32[np.ndarray, " position"]]:
    """Return the tokens of a shard's n-gram windows, BOS included, and the place of each in its window."""
    rows = table.shard(shard).filter("ngrams")
    tokens = rows["tokens"].explode(empty_as_null=False).to_numpy().astype(np.int32)
    lengths = rows["length"].to_numpy().astype(np.int64)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return tokens, (np.arange(len(tokens)) - starts).astype(np.int32)


def _number(
    store: zarr.Group,
    n: int,
    shards: list[tuple[Int32[np.ndarray, " _"], Int32[np.ndarray, " _"]]],
    windows: Path,
) -> None:
    packed = [_pack(tokens, place, n) for tokens, place in shards]
    keys, ids, occurrences = np.unique(
        np.concatenate([key for key, _ in packed]), return_inverse=True, return_counts=True
    )
    if not len(keys):
        raise CensusError(
            f"{windows}: no window of the n-gram study has {n} tokens after BOS. Give the study longer "
            "documents, or set `window` higher."
        )
    first = 0
    for shard, ((tokens, _), (key, has)) in enumerate(zip(shards, packed, strict=True)):
        numbered = np.full(len(tokens), NONE, dtype=np.int32)
        numbered[has] = ids[first : first + len(key)]
        first += len(key)
        create(store, f"ids/{n}/{shard}", numbered, ("position",))
    shifts = TOKEN_BITS * np.arange(n - 1, -1, -1)
    tokens_of = (keys[:, None] >> shifts) & ((1 << TOKEN_BITS) - 1)
    create(store, f"tokens/{n}", tokens_of.astype(np.int32), ("ngram", "token"))
    create(store, f"occurrences/{n}", occurrences.astype(np.int64), ("ngram",))


def _pack(
    tokens: Int32[np.ndarray, " position"], place: Int32[np.ndarray, " position"], n: int
) -> tuple[Int64[np.ndarray, " ngram"], np.ndarray]:
    """Return the n-grams of a shard as whole numbers, and which positions have one: n tokens after BOS."""
    key = np.zeros(len(tokens), dtype=np.int64)
    for back in range(n - 1, -1, -1):
        key <<= TOKEN_BITS
        key[back:] |= tokens[: len(tokens) - back]
    has = place >= n
    return key[has], has
