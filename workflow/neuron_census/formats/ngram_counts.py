"""The n-gram counts of one layer: exact sufficient statistics for a range of thresholds.

In a group for each n:

    activations, distinct      int32 [neuron]
    profile_offsets            int64 [neuron + 1]
    profile_counts, profile_multiplicity   int32 [entry]
    trigger_offsets            int64 [neuron + 1]
    trigger_ids, trigger_activations       int32 [entry]
    all_kept                   bool [neuron]

The profile of a neuron says how many n-grams have each count, which gives its cover at any coverage. Of n-grams
themselves all are kept of every neuron that can be a detector under thresholds no looser than `KEPT`, and
the most frequent ones of the others. Every chunk is compressed with zstd and carries a crc32c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Bool, Int32, Int64

from neuron_census.formats.ngram_index import require_size
from neuron_census.formats.zarr_store import open_complete, read_checked

FORMAT = "neuron-census n-gram counts"
VERSION = 1


@dataclass(frozen=True)
class Kept:
    """The loosest thresholds that counts can answer exactly.

    Every n-gram is kept of a neuron whose `cover` most frequent n-grams hold `coverage` of its
    activations, and so do those on which it is active in `presence` of their occurrences; of every
    other neuron the `triggers` most frequent ones.
    """

    coverage: float = 0.5
    cover: int = 64
    presence: float = 0.5
    triggers: int = 64


KEPT = Kept()


@dataclass(frozen=True)
class Profile:
    """How many n-grams have each count; the entries of neuron i go from `offsets[i]` to `offsets[i + 1]`.

    `counts` descend within a neuron; `multiplicity` is how many n-grams have that count.
    """

    offsets: Int64[np.ndarray, " bound"]
    counts: Int64[np.ndarray, " entry"]
    multiplicity: Int64[np.ndarray, " entry"]


@dataclass(frozen=True)
class Triggers:
    """N-grams that activate neurons, the most frequent first, ties by number; offsets as in `Profile`.

    `all_kept` says of each neuron whether none of its n-grams is missing.
    """

    offsets: Int64[np.ndarray, " bound"]
    ids: Int32[np.ndarray, " entry"]
    activations: Int64[np.ndarray, " entry"]
    all_kept: Bool[np.ndarray, " neuron"]


@dataclass(frozen=True)
class NgramCounts:
    """The n-gram counts of one layer, open for reading."""

    path: Path
    group: zarr.Group
    layer: int
    ffn_dim: int
    windows_digest: str
    kept: Kept

    @classmethod
    def open(cls, path: Path) -> NgramCounts:
        """Open n-gram counts; CensusError if there are none or they are not finished."""
        group = open_complete(path, FORMAT, VERSION)
        attributes: dict[str, Any] = dict(group.attrs.asdict())
        return cls(
            path,
            group,
            int(attributes["layer"]),
            int(attributes["ffn_dim"]),
            str(attributes["windows"]),
            Kept(**attributes["kept"]),
        )

    def activations(self, n: int) -> Int64[np.ndarray, " neuron"]:
        """Give the activations of each neuron at positions that have an n-gram."""
        return self._whole_numbers(n, "activations")

    def distinct(self, n: int) -> Int64[np.ndarray, " neuron"]:
        """Give how many different n-grams activate each neuron."""
        return self._whole_numbers(n, "distinct")

    def profile(self, n: int) -> Profile:
        """Give how many n-grams have each count, of every neuron."""
        return Profile(
            self._whole_numbers(n, "profile_offsets"),
            self._whole_numbers(n, "profile_counts"),
            self._whole_numbers(n, "profile_multiplicity"),
        )

    def triggers(self, n: int) -> Triggers:
        """Give the n-grams that are kept, of every neuron."""
        return Triggers(
            self._whole_numbers(n, "trigger_offsets"),
            self._read(n, "trigger_ids"),
            self._whole_numbers(n, "trigger_activations"),
            self._read(n, "all_kept").astype(np.bool_),
        )

    def _whole_numbers(self, n: int, name: str) -> Int64[np.ndarray, " _"]:
        return self._read(n, name).astype(np.int64)

    def _read(self, n: int, name: str) -> np.ndarray:
        require_size(n)
        return read_checked(self.group, f"{n}/{name}", ..., self.path)


def attributes(
    layer: int, ffn_dim: int, windows: str, made_from: Mapping[str, Any]
) -> dict[str, Any]:
    """The attributes of a store: which layer it is of, and what it was made from."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "layer": layer,
        "ffn_dim": ffn_dim,
        "windows": windows,
        "kept": asdict(KEPT),
        **{key: value for key, value in made_from.items() if key not in ("ffn_dim", "windows")},
    }
