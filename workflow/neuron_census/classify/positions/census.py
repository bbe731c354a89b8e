"""Positional neurons of a model, from its position counts (paper, section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from neuron_census.classify.thresholds import PositionThresholds
from neuron_census.errors import MADE_AGAIN, CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.recording import CHUNK_NEURONS
from neuron_census.formats.tables import CENSUS, EARLY_POSITIONS, POSITIONS, Column
from neuron_census.formats.zarr_store import read_checked
from neuron_census.progress import progress

FREQUENCY = POSITIONS.columns["frequency"].dtype
BY_DOMAIN = POSITIONS.columns["position_mi"].dtype


@dataclass(frozen=True)
class PositionCensus:
    """What position tells of the neurons of a model; rows by layer, then neuron.

    `columns` has one row for every neuron: layer, neuron, and the census's columns of positions;
    `positions` is the table of that name, one row a positional neuron.
    """

    columns: pl.DataFrame
    positions: pl.DataFrame


def classify_positions(store: Counts, thresholds: PositionThresholds) -> PositionCensus | None:
    """Say which neurons are positional and with which pattern; nothing if no window was read for it.

    Windows of all domains are pooled: the sum of counts by the sum of windows. A chunk of neurons is
    in memory at a time, 100 MB for windows of 2048 tokens and three domains, whatever the model's size.

    Parameters
    ----------
    store
        the counts of one model
    thresholds
        the config's `classify.positions`

    Raises CensusError where there are too few windows, and for damaged counts.
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
    neurons: list[pl.DataFrame] = []
    curves: list[pl.DataFrame] = []
    with progress(what="positions", unit="layer", total=layers) as bar:
        for layer in range(layers):
            for first in range(0, ffn_dim, CHUNK_NEURONS):
                chosen = slice(first, min(first + CHUNK_NEURONS, ffn_dim))
                counts = _counts(store, layer, chosen, windows)
                found = _chunk(counts, windows, store.domains, thresholds)
                for frames, frame in zip((neurons, curves), found, strict=True):
                    frames.append(_placed(frame, layer, first))
            bar.update()
    place = {name: CENSUS.columns[name] for name in ("layer", "neuron")}
    return PositionCensus(
        _typed(neurons, place | dict(CENSUS.optional["positions"])),
        _typed(curves, POSITIONS.columns),
    )


def _counts(
    store: Counts, layer: int, chosen: slice, windows: Integer[np.ndarray, " domain"]
) -> Integer[np.ndarray, "domain position neuron"]:
    """Position counts of some neurons of a layer in every domain, none more than there are windows."""
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


def _chunk(
    counts: Integer[np.ndarray, "domain position neuron"],
    windows: Integer[np.ndarray, " domain"],
    domains: list[str],
    thresholds: PositionThresholds,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Columns of the census for all neurons of a chunk, and of the positions table for positional ones."""
    total = int(windows.sum())
    pooled = counts.sum(axis=0, dtype=np.int64)
    information = position_information(pooled, total, thresholds.mi_base)
    positional = information > thresholds.mi_threshold
    chosen = np.flatnonzero(positional)
    frequency = np.ascontiguousarray(pooled[:, chosen].T) / total
    descriptors = describe(frequency, total, thresholds.patterns)
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
            "windows": pl.Series([total] * len(chosen), dtype=pl.Int32),
            "frequency": pl.Series(frequency.astype(np.float32).tolist(), dtype=FREQUENCY),
            "position_mi": pl.Series(
                list(_by_domain(counts[:, :, chosen], windows, domains, thresholds)),
                dtype=BY_DOMAIN,
            ),
        }
    )
    return neurons, pl.concat([curves, descriptors], how="horizontal")


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
    """For each neuron, its information in every domain by itself; none where there are too few windows."""
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


def _placed(frame: pl.DataFrame, layer: int, first: int) -> pl.DataFrame:
    """With the layer of a chunk, and its neurons counted from that of the layer."""
    return frame.with_columns(pl.lit(layer).alias("layer"), pl.col("neuron") + first)


def _typed(frames: list[pl.DataFrame], columns: Mapping[str, Column]) -> pl.DataFrame:
    """All chunks in one, with the columns and types of a table."""
    return pl.concat(frames).select(
        pl.col(name).cast(column.dtype) for name, column in columns.items()
    )
