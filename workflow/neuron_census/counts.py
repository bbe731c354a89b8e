"""The counts store: exact sufficient statistics of one model, without any threshold.

    active           int64 [layer, domain, ffn_dim]      dead study, BOS left out
    active_at_bos    int64 [layer, domain, ffn_dim]      dead study, BOS only
    positions        uint32 [domain, layer, T, ffn_dim]  full-length windows, where there are any

Attributes: the names of the domains; `tokens` (text, BOS left out) and `windows` of the dead study and
`position_windows`, each a list in the order of the domains; what the recordings were made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Int64

from neuron_census.recording import open_complete, read_checked

FORMAT = "neuron-census counts"
VERSION = 1


@dataclass(frozen=True)
class Counts:
    """A finished counts store, open for reading.

    `tokens` and `windows` are those of the dead study in each domain, `[domain]`.
    """

    path: Path
    group: zarr.Group
    domains: list[str]
    tokens: Int64[np.ndarray, " domain"]
    windows: Int64[np.ndarray, " domain"]

    @classmethod
    def open(cls, path: Path) -> Counts:
        """Open a counts store; CensusError if there is none or it is not finished."""
        group = open_complete(path, FORMAT, VERSION)
        attributes: dict[str, Any] = dict(group.attrs.asdict())
        return cls(
            path,
            group,
            list(attributes["domains"]),
            np.array(attributes["tokens"], dtype=np.int64),
            np.array(attributes["windows"], dtype=np.int64),
        )

    def active(self) -> Int64[np.ndarray, "layer domain neuron"]:
        """Activations of each neuron in each domain, BOS left out."""
        return self._read("active")

    def active_at_bos(self) -> Int64[np.ndarray, "layer domain neuron"]:
        """Windows of each domain in whose BOS position a neuron is active."""
        return self._read("active_at_bos")

    def _read(self, name: str) -> Int64[np.ndarray, "layer domain neuron"]:
        return read_checked(self.group, name, ..., self.path)
