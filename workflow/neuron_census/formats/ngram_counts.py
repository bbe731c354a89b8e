"""counts/{model}/ngrams/{layer}.zarr: exact n-gram counts of one layer, for a range of thresholds.

    counts = NgramCounts.open(path)
    counts.profile(1)       # how many tokens have each count, for every neuron: gives covers
    counts.triggers(2)      # the bigrams that are kept, for every neuron
    counts.limits           # the loosest thresholds that these counts can answer

The profile of a neuron gives its cover at any coverage. Every n-gram is kept of each neuron that can be a
detector under thresholds no looser than `EXACTNESS`, and the most frequent ones of each other neuron. Every
chunk is compressed with zstd and carries a crc32c.
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
class ExactnessLimits:
    """The loosest thresholds that counts can answer exactly.

    Every n-gram is kept of a neuron if its `cover` most frequent n-grams hold `coverage` of its
    activations and so do the n-grams that activate it at `presence` of their occurrences. Of every other
    neuron the `triggers` most frequent ones are kept.
    """

    coverage: float = 0.5
    cover: int = 64
    presence: float = 0.5
    triggers: int = 64


EXACTNESS = ExactnessLimits()


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

    `all_kept` says for each neuron whether none of its n-grams is missing.
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
    limits: ExactnessLimits

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
            ExactnessLimits(**attributes["kept"]),
        )

    def activations(self, n: int) -> Int64[np.ndarray, " neuron"]:
        """Return the activations of each neuron at positions that have an n-gram."""
        return self._whole_numbers(n, "activations")

    def distinct(self, n: int) -> Int64[np.ndarray, " neuron"]:
        """Return how many different n-grams activate each neuron."""
        return self._whole_numbers(n, "distinct")

    def profile(self, n: int) -> Profile:
        """Return how many n-grams have each count, for every neuron."""
        return Profile(
            self._whole_numbers(n, "profile_offsets"),
            self._whole_numbers(n, "profile_counts"),
            self._whole_numbers(n, "profile_multiplicity"),
        )

    def triggers(self, n: int) -> Triggers:
        """Return the n-grams that are kept, for every neuron."""
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
    """Return the attributes of a store: which layer it belongs to, and what it was made from."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "layer": layer,
        "ffn_dim": ffn_dim,
        "windows": windows,
        "kept": asdict(EXACTNESS),
        **{key: value for key, value in made_from.items() if key not in ("ffn_dim", "windows")},
    }
