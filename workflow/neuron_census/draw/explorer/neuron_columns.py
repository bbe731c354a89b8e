"""What the page knows about every neuron of a model, so that it can draw, filter and sort them all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Shaped, UInt8

from neuron_census.draw.explorer.chunk import write_array
from neuron_census.draw.figures.pattern_colours import PATTERNS, STRENGTHS
from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.tables.vocabulary import NGRAMS

# Each has a bit in the column `kind`; the page has the same names in the same order.
KINDS = ("dead", *(f"{ngram}_detector" for ngram in NGRAMS), "positional", "suppresses", "promotes")
# What stands for null among whole numbers.
NONE = -1


def neuron_columns(census: pl.DataFrame) -> dict[str, Shaped[np.ndarray, " neuron"]]:
    """Return the columns by which the page sorts and filters, neurons in the order of `layer * N + neuron`.

    Parameters
    ----------
    census
        a census table, sorted by layer and neuron

    Returns `kind` (bits of `KINDS`), `activations`, and where their studies were done `{n}_cover` (-1 for
    null), `suppression` (NaN for null), `pattern` (0 for none, otherwise 1 + 2 * pattern + strength) and
    `position_mi`.
    """
    columns: dict[str, Shaped[np.ndarray, " neuron"]] = {
        "kind": _kinds(census),
        "activations": census["activations"].to_numpy(),
    }
    if "suppression" in census.columns:
        for ngram in NGRAMS:
            columns[f"{ngram}_cover"] = census[f"{ngram}_cover"].fill_null(NONE).to_numpy()
        columns["suppression"] = census["suppression"].fill_null(np.nan).to_numpy()
    if "position_mi" in census.columns:
        columns["pattern"] = _patterns(census)
        columns["position_mi"] = census["position_mi"].cast(pl.Float32).fill_null(np.nan).to_numpy()
    return columns


def write_neuron_columns(folder: Path, model: str, census: pl.DataFrame) -> list[str]:
    """Write each column of a model as a chunk, and return their names.

    Parameters
    ----------
    folder
        where the data of the explorer are
    model
        the model's folder in it
    census
        a census table, sorted by layer and neuron
    """
    columns = neuron_columns(census)
    for name, values in columns.items():
        write_array(folder, f"{model}/columns/{name}", values)
    return list(columns)


def grid(census: pl.DataFrame, path: Path) -> tuple[int, int]:
    """Return how many layers there are, and how many neurons in each.

    Parameters
    ----------
    census
        a census table, sorted by layer and neuron
    path
        its file, for the message

    Raises CensusError if a neuron is missing or there twice.
    """
    layers = int(census["layer"].n_unique())
    neurons = census.height // layers if layers else 0
    place = census["layer"].cast(pl.Int64) * neurons + census["neuron"]
    if not census.height or not (place == pl.Series(np.arange(census.height))).all():
        raise CensusError(
            f"{path}: found {census.height} rows in {layers} layers, expected every neuron of every "
            f"layer once. {MADE_AGAIN}"
        )
    return layers, neurons


def _kinds(census: pl.DataFrame) -> UInt8[np.ndarray, " neuron"]:
    bits = np.zeros(census.height, dtype=np.uint8)
    known = census
    if "suppresses" in census.columns:
        known = census.with_columns(promotes=~pl.col("suppresses"))
    for bit, kind in enumerate(KINDS):
        if kind in known.columns:
            bits |= known[kind].fill_null(False).to_numpy().astype(np.uint8) << bit
    return bits


def _patterns(census: pl.DataFrame) -> UInt8[np.ndarray, " neuron"]:
    pattern = census["pattern"].cast(pl.String)
    strength = census["strength"].cast(pl.String)
    found = np.zeros(census.height, dtype=np.uint8)
    for first, name in enumerate(PATTERNS):
        for second, how in enumerate(STRENGTHS):
            here = ((pattern == name) & (strength == how)).fill_null(False).to_numpy()
            found[here] = 1 + first * len(STRENGTHS) + second
    return found
