"""Positional neurons of a model, from its position counts (paper, section 5).

census = classify_positions(Counts.open(path), thresholds.positions)
census.columns      # one row per neuron of the model; None where no windows were read for it
census.positions    # one row per positional neuron, with its curve
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import zarr
from jaxtyping import Int64, Integer

from neuron_census.classify.positions.mutual_information import (
    position_information,
    require_windows,
)
from neuron_census.classify.positions.patterns import classify_patterns, describe
from neuron_census.classify.positions.ranges import describe_ranges
from neuron_census.classify.thresholds import PositionThresholds
from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.table import NEURON, Table
from neuron_census.formats.tables.vocabulary import EARLY_POSITIONS
from neuron_census.formats.zarr_store import read_checked
from neuron_census.progress import progress


@dataclass(frozen=True)
class PositionCensus:
    """What position tells about the neurons of a model; rows by layer, then neuron.

    `columns` has one row per neuron: layer, neuron, and the census's columns about positions;
    `positions` is the table of that name, one row per positional neuron.
    """

    columns: pl.DataFrame
    positions: pl.DataFrame


def classify_positions(store: Counts, thresholds: PositionThresholds) -> PositionCensus | None:
    """Say which neurons are positional and with which pattern; None if no window was read for it.

    Windows of all domains are pooled: the sum of counts is divided by the sum of windows. One chunk of
    neurons is in memory at a time, 100 MB for windows of 2048 tokens and three domains, however large the model.

    Parameters
    ----------
    store
        the counts of one model
    thresholds
        the config's `classify.positions`

    Raises TooFewWindowsError where there are too few windows, and CensusError for damaged counts.
    """
    windows = np.array(store.group.attrs["position_windows"], dtype=np.int64)
    array = store.group.get("positions")
    if not isinstance(array, zarr.Array):
        if windows.any():
            raise CensusError(
                f"{store.path}: lacks the array 'positions' of {windows.sum()} windows. {MADE_AGAIN}"
            )
        return None
    require_windows(int(windows.sum()), thresholds.min_windows, str(store.path))
    _, layers, _, ffn_dim = array.shape
    chunk = array.chunks[-1]
    neurons: list[pl.DataFrame] = []
    curves: list[pl.DataFrame] = []
    with progress(what="positions", unit="layer", total=layers) as bar:
        for layer in range(layers):
            for first in range(0, ffn_dim, chunk):
                chosen = slice(first, min(first + chunk, ffn_dim))
                counts = _read_counts(store, layer, chosen, windows)
                of_chunk = _classify_chunk(counts, windows, store.domains, thresholds)
                for frames, frame in zip((neurons, curves), of_chunk, strict=True):
                    frames.append(_place(frame, layer, first))
            bar.update()
    return PositionCensus(
        _join(neurons, CENSUS, [*NEURON, *CENSUS.optional["positions"]]),
        _join(curves, POSITIONS, POSITIONS.columns),
    )


def _read_counts(
    store: Counts, layer: int, chosen: slice, windows: Integer[np.ndarray, " domain"]
) -> Integer[np.ndarray, "domain position neuron"]:
    """Return the position counts of some neurons of a layer, after checking that none exceeds the windows."""
    counts = np.stack(
        [
            read_checked(store.group, "positions", (domain, layer, slice(None), chosen), store.path)
            for domain in range(len(windows))
        ]
    )
    if (counts.max(axis=(1, 2)) > windows).any():
        raise CensusError(
            f"{store.path}: array 'positions', layer {layer}: found more activations at a position than "
            f"windows. {MADE_AGAIN}"
        )
    return counts


def _classify_chunk(
    counts: Integer[np.ndarray, "domain position neuron"],
    windows: Integer[np.ndarray, " domain"],
    domains: list[str],
    thresholds: PositionThresholds,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the census's columns for the neurons of a chunk, and the positions table's for positional ones."""
    total = int(windows.sum())
    pooled = counts.sum(axis=0, dtype=np.int64)
    information = position_information(pooled, total, thresholds.mi_base)
    positional = information > thresholds.mi_threshold
    chosen = np.flatnonzero(positional)
    frequency = np.ascontiguousarray(pooled[:, chosen].T) / total
    descriptors = describe(frequency, total, thresholds.patterns)
    ranges = describe_ranges(
        pooled[:, chosen].T,
        total,
        thresholds.patterns.width(len(pooled)),
        thresholds.active,
    )
    patterns = classify_patterns(descriptors, thresholds.patterns)
    neurons = pl.DataFrame(
        {
            "neuron": np.arange(len(positional)),
            "position_mi": information,
            "positional": positional,
        }
    )
    patterns = patterns.with_columns(pl.Series("neuron", chosen, dtype=pl.Int64))
    neurons = neurons.join(patterns, on="neuron", how="left", maintain_order="left")
    neurons = neurons.with_columns(
        early_frequency=_mean_frequency(pooled[:EARLY_POSITIONS], total),
        late_frequency=_mean_frequency(pooled[EARLY_POSITIONS:], total),
    )
    curves = pl.DataFrame(
        {
            "neuron": pl.Series(chosen, dtype=pl.Int64),
            "windows": [total] * len(chosen),
            "frequency": frequency.astype(np.float32).tolist(),
            "position_mi": list(_by_domain(counts[:, :, chosen], windows, domains, thresholds)),
        },
        schema_overrides=POSITIONS.types("windows", "frequency", "position_mi"),
    )
    return neurons, pl.concat([curves, ranges, descriptors], how="horizontal")


def _mean_frequency(counts: Int64[np.ndarray, "position neuron"], windows: int) -> pl.Series:
    """Return the mean over positions of each neuron's share of windows; null without any position."""
    positions, neurons = counts.shape
    if not positions:
        return pl.Series([None] * neurons, dtype=pl.Float64)
    return pl.Series(counts.sum(axis=0) / (positions * windows))


def _by_domain(
    counts: Integer[np.ndarray, "domain position neuron"],
    windows: Integer[np.ndarray, " domain"],
    domains: list[str],
    thresholds: PositionThresholds,
) -> Iterator[list[dict[str, object]]]:
    """Yield each neuron's information in every domain alone; null where there are too few windows."""
    columns: list[list[float] | list[None]] = []
    for part, number in zip(counts, windows.tolist(), strict=True):
        if number >= max(1, thresholds.min_windows):
            columns.append(position_information(part, number, thresholds.mi_base).tolist())
        else:
            columns.append([None] * part.shape[1])
    for values in zip(*columns, strict=True):
        yield [
            {"domain": domain, "position_mi": value}
            for domain, value in zip(domains, values, strict=True)
        ]


def _place(frame: pl.DataFrame, layer: int, first: int) -> pl.DataFrame:
    """Return the rows of a chunk with their layer, and with neurons counted from the first of the layer."""
    return frame.with_columns(pl.lit(layer).alias("layer"), pl.col("neuron") + first)


def _join(frames: list[pl.DataFrame], table: Table, names: Iterable[str]) -> pl.DataFrame:
    """Return all chunks as one frame, with some columns of a table."""
    types = table.types(*names).items()
    return pl.concat(frames).select(pl.col(name).cast(dtype) for name, dtype in types)
