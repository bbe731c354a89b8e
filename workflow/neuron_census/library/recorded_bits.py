"""What a kept recording says of a neuron, token by token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import zarr
from jaxtyping import Bool

from neuron_census.errors import CensusError
from neuron_census.formats.recording import open_recording
from neuron_census.formats.seal import Seal, check_same, read_seal
from neuron_census.formats.windows import Windows
from neuron_census.formats.zarr_store import read_checked


def read_bits(
    folder: Path, windows: Windows, facts: Mapping[str, str], layer: int, neuron: int, window: int
) -> Bool[np.ndarray, " token"]:
    """Return whether a neuron is active at each token of a window, the BOS first.

    Parameters
    ----------
    folder
        the recordings of the model, `{shard}.zarr`
    windows
        the windows that were recorded
    facts
        what the census says of weights, windows and dtype
    layer, neuron
        the neuron, which the model has
    window
        number of the window

    Raises CensusError where the recording is not there, is of other weights, or does not hold the window.
    """
    table = windows.columns("window", "shard", "length", "ngrams")
    if not 0 <= window < len(table):
        raise CensusError(
            f"{windows.path}: there is no window {window}; expected 0 to {len(table) - 1}."
        )
    row = table.row(window, named=True)
    if not row["ngrams"]:
        raise CensusError(
            f"{windows.path}: window {window} is none of the n-gram study, and no other is recorded token by "
            "token. Choose one whose column `ngrams` is true."
        )
    path = folder / f"{row['shard']}.zarr"
    if not path.exists():
        raise CensusError(
            f"{path}: is not there. Recordings are deleted once they are counted; set `record: {{keep: true}}` "
            "in the config and run again."
        )
    group = open_recording(path)
    check_same([Seal(folder, {}, None, facts), read_seal(path)])
    if f"active/{layer}" not in group:
        raise CensusError(
            f"{path}: layer {layer} was not recorded token by token, only the first "
            f"{group.attrs['ngram_layers']} were. Set `record: {{ngram_layers: all}}` in the config and run again."
        )
    before = table.filter(
        pl.col("ngrams"), pl.col("shard") == row["shard"], pl.col("window") < window
    )
    first = int(before["length"].cast(pl.Int64).sum())
    return _unpacked(group, path, layer, neuron, first, first + row["length"])


def _unpacked(
    group: zarr.Group, path: Path, layer: int, neuron: int, first: int, end: int
) -> Bool[np.ndarray, " token"]:
    octets = slice(first // 8, -(-end // 8))
    found = read_checked(group, f"active/{layer}", (neuron, octets), path)
    bits = np.unpackbits(found, bitorder="little")[first % 8 :]
    return bits[: end - first].astype(np.bool_)
