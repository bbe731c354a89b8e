"""Census and positions tables with neurons of given types, whose curves look like their type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from helpers.made.curves import KINDS, Curve, Kind, switch
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.positions import POSITIONS

__all__ = ["KINDS", "Kind", "made_curve", "made_model", "model_of"]


def made_curve(kind: Kind, length: int, windows: int, generator: np.random.Generator) -> Curve:
    """Return how often a neuron of a type is active at each position, as counted in some windows."""
    pattern, strength = kind
    place = np.arange(length) / length
    phase = generator.uniform()
    if pattern == "oscillatory":
        steepness = 12.0 if strength == "strong" else 1.0
        curve = switch(steepness * np.sin(2 * np.pi * (4.5 * place + phase)))
    elif pattern == "both extremes":
        curve = switch((place - 0.2 - 0.6 * phase) * (120 if strength == "strong" else 14))
    elif pattern == "one extreme":
        curve = 0.75 * switch((place - 0.3 - 0.5 * phase) * (120 if strength == "strong" else 14))
    else:
        curve = 0.1 + 0.8 * place
        if strength == "weak":
            curve = curve + generator.normal(0, 0.1, length)
    frequency: Curve = generator.binomial(windows, np.clip(curve, 0, 1)) / windows
    return frequency


def made_model(
    name: str,
    layers: Sequence[Mapping[Kind, int]],
    *,
    ffn_dim: int = 64,
    length: int = 64,
    windows: int = 500,
    seed: int = 0,
) -> ModelTables:
    """Return a model with so many neurons of each kind in each layer; others ignore position."""
    generator = np.random.default_rng(seed)
    census, positions = [], []
    for layer, kinds in enumerate(layers):
        named = [kind for kind, count in kinds.items() for _ in range(count)]
        places = generator.permutation(ffn_dim)[: len(named)]
        kind_of = dict(zip(places.tolist(), named, strict=True))
        for neuron in range(ffn_dim):
            kind = kind_of.get(neuron)
            information = 0.0
            if kind is not None:
                curve = made_curve(kind, length, windows, generator)
                information = information_of(curve)
                positions.append((layer, neuron, windows, curve.tolist(), information))
            census.append((layer, neuron, information, kind is not None, *(kind or (None, None))))
    return model_of(name, census, positions)


def model_of(
    name: str, census: Sequence[tuple[object, ...]], positions: Sequence[tuple[object, ...]]
) -> ModelTables:
    """Return the tables of a model, made from rows.

    Rows of the census are layer, neuron, position_mi, positional, pattern, strength; those of positions
    are layer, neuron, windows, frequency, position_mi. All other columns have some value.
    """
    census_schema = dict(CENSUS.columns) | dict(CENSUS.optional["positions"])
    made_census = _completed(
        pl.DataFrame(
            census,
            schema={
                column: census_schema[column].dtype
                for column in (
                    "layer",
                    "neuron",
                    "position_mi",
                    "positional",
                    "pattern",
                    "strength",
                )
            },
            orient="row",
        ),
        {column: meaning.dtype for column, meaning in census_schema.items()},
    )
    schema = {column: meaning.dtype for column, meaning in POSITIONS.columns.items()}
    first = list(schema)[:4]
    made_positions = _completed(
        pl.DataFrame(
            [row[:4] for row in positions],
            schema={column: schema[column] for column in first},
            orient="row",
        ).with_columns(
            pl.Series(
                "position_mi",
                [[{"domain": "made", "position_mi": row[4]}] for row in positions],
                dtype=schema["position_mi"],
            ),
            *_ranges([row[3] for row in positions], schema),
        ),
        schema,
    )
    return ModelTables(name, {}, {"census": made_census, "positions": made_positions})


def _ranges(curves: Sequence[Any], schema: Mapping[str, pl.DataType]) -> list[pl.Series]:
    """Return where each curve is at least a half, and the middle of the first of these that is no spike."""
    ranges, shifts = [], []
    for curve in curves:
        found: list[dict[str, int]] = []
        for place, value in enumerate(curve):
            if value >= 0.5:
                if not (found and found[-1]["end"] == place - 1):
                    found.append({"start": place, "end": place})
                found[-1]["end"] = place
        wide = [one for one in found if one["end"] > one["start"]] or found
        ranges.append(found)
        shifts.append((wide[0]["start"] + wide[0]["end"]) / 2 if wide else None)
    return [
        pl.Series("active_ranges", ranges, dtype=schema["active_ranges"]),
        pl.Series("shift", shifts, dtype=schema["shift"]),
    ]


def information_of(frequency: Curve) -> float:
    """Return I(act, pos) in nats, by the formula, one position after another."""
    mean = float(np.mean(frequency))
    return _entropy(mean) - sum(_entropy(float(part)) for part in frequency) / len(frequency)


def _entropy(share: float) -> float:
    return -sum(part * float(np.log(part)) for part in (share, 1 - share) if part > 0)


def _completed(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return a frame with every column of a schema, in its order."""
    missing = [
        pl.lit(False if dtype == pl.Boolean() else 0).cast(dtype).alias(column)
        for column, dtype in schema.items()
        if column not in frame.columns
    ]
    return frame.with_columns(missing).select(list(schema))
