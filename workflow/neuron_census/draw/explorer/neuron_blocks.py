"""All that the page says about a neuron, in blocks of neighbouring neurons: one file per block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from neuron_census.draw.detected_ngrams import detectors
from neuron_census.draw.explorer.chunk import JSON, columns_json, write_chunk
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.ablations import ABLATIONS
from neuron_census.formats.tables.ngrams import PROJECTIONS, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS

BLOCK = 512
"""Neurons per file: few enough to be read in a moment; the largest model has some thousands of files."""

SAID_OF_ABLATION = (
    *("near", "nearness", "firings", "documents", "projection"),
    *(
        f"{effect}{end}"
        for effect in ("direct", "total", "log_probability", "total_difference")
        for end in ("", "_low", "_high")
    ),
    *("total_difference_q", "ranks", "ranks_without"),
)
"""Columns of the ablations table of which the page of a neuron speaks."""


@dataclass(frozen=True)
class Shown:
    """How many of its n-grams of each length a neuron shows, the most frequent ones first."""

    by_detectors: int
    by_others: int


@dataclass(frozen=True)
class LayerTriggers:
    """The rows of the triggers table of a layer: every one, and those that the pages of its neurons show."""

    every: pl.DataFrame
    shown: pl.DataFrame


def write_neuron_blocks(
    folder: Path,
    model: str,
    layer: int,
    census: pl.DataFrame,
    companions: Mapping[str, Path],
    shown: Shown,
) -> LayerTriggers:
    """Write the blocks of one layer, and return the triggers of the layer.

    Parameters
    ----------
    folder
        where the data of the explorer are
    model
        the model's folder in it
    layer
        0-based
    census
        the layer's rows of the census, sorted by neuron
    companions
        files of the tables `triggers`, `projections`, `positions` and `ablations`, those that there are
    shown
        how many triggers are written
    """
    tables = {
        table.name: read_table(companions[table.name], table, only=pl.col("layer") == layer)
        for table in (TRIGGERS, PROJECTIONS, POSITIONS, ABLATIONS)
        if table.name in companions
    }
    triggers = tables.get(TRIGGERS.name, pl.DataFrame(schema=TRIGGERS.schema))
    most_frequent = _most_frequent(triggers, census, shown)
    parts = {"census": _plain(census)}
    if TRIGGERS.name in tables:
        parts[TRIGGERS.name] = most_frequent
    if PROJECTIONS.name in tables:
        parts[PROJECTIONS.name] = tables[PROJECTIONS.name].drop("layer").sort("neuron", "rank")
    if POSITIONS.name in tables:
        parts[POSITIONS.name] = _curves(tables[POSITIONS.name])
    if ABLATIONS.name in tables:
        parts[ABLATIONS.name] = tables[ABLATIONS.name].select("neuron", *SAID_OF_ABLATION)
    blocks = {name: _by_block(rows) for name, rows in parts.items()}
    for block in blocks["census"]:
        content = ",".join(
            f'"{name}":{columns_json(rows.get(block, parts[name].clear()))}'
            for name, rows in blocks.items()
        )
        write_chunk(folder, f"{model}/neurons/{layer}-{block}", JSON, f"{{{content}}}".encode())
    return LayerTriggers(triggers, most_frequent)


def _most_frequent(triggers: pl.DataFrame, census: pl.DataFrame, shown: Shown) -> pl.DataFrame:
    """Return the most frequent triggers of each neuron and length."""
    place = pl.int_range(pl.len()).over("neuron", "n")
    kept = triggers.drop("layer").sort(
        ["neuron", "n", "activations", "ngram"], descending=[False, False, True, False]
    )
    known = detectors(census).select("neuron", "n", limit=pl.lit(shown.by_detectors))
    limited = kept.join(known, on=["neuron", "n"], how="left", maintain_order="left")
    return limited.filter(place < pl.col("limit").fill_null(shown.by_others)).drop("limit")


def _curves(positions: pl.DataFrame) -> pl.DataFrame:
    """Return curves as whole numbers of windows, which are exact and short."""
    active = pl.col("frequency").cast(pl.List(pl.Float64)) * pl.col("windows")
    return (
        _plain(positions)
        .sort("neuron")
        .with_columns(active=active.list.eval(pl.element().round().cast(pl.Int32)))
        .drop("frequency", "active_ranges", "shift")
    )


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table without the layer, which all rows share, and with text for categories."""
    return frame.drop("layer").with_columns(pl.col(pl.Categorical).cast(pl.String))


def _by_block(frame: pl.DataFrame) -> dict[int, pl.DataFrame]:
    parts = frame.with_columns(_block=pl.col("neuron") // BLOCK).partition_by(
        "_block", as_dict=True, include_key=False, maintain_order=True
    )
    return {int(key[0]): part for key, part in parts.items()}
