"""Models as claims see them, whose neurons are given one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from neuron_census.draw.claims.measured import Measured
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.vocabulary import NGRAMS, PATTERNS

Kind = tuple[str, str]


def measured(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    covered: Sequence[Mapping[str, Any]] = (),
    positions: Sequence[Mapping[str, Any]] = (),
    without: Sequence[str] = (),
) -> Measured:
    """Return a model with a neuron for each row; what a row does not say is ordinary.

    Parameters
    ----------
    name
        of the model
    rows
        columns of the census, which may depart from the schema in type
    covered
        rows of the triggers table
    positions
        rows of the positions table
    without
        columns that the census lacks
    """
    ordinary: dict[str, Any] = {
        "layer": 0,
        "frequency": 0.1,
        "dead": False,
        **{f"{ngram}_activations": 100 for ngram in NGRAMS},
        **{f"{ngram}_cover": 100 for ngram in NGRAMS},
        **{f"{ngram}_detector": False for ngram in NGRAMS},
        "suppresses": None,
        "position_mi": 0.0,
        "positional": False,
        "pattern": None,
        "strength": None,
        "early_frequency": 0.1,
        "late_frequency": 0.1,
    }
    types = {column: known.dtype for column, known in CENSUS.all_columns.items()}
    schema = {column: types.get(column, pl.Float32()) for column in (*ordinary, "neuron")}
    census = pl.DataFrame(
        [{**ordinary, "neuron": number, **row} for number, row in enumerate(rows)], schema=schema
    )
    tables = {
        "covered": pl.DataFrame(
            covered, schema={column: known.dtype for column, known in TRIGGERS.columns.items()}
        ),
        "positions": pl.DataFrame(
            positions, schema={column: known.dtype for column, known in POSITIONS.columns.items()}
        ),
    }
    return Measured(name, ModelTables(name, {}, {"census": census.drop(without), **tables}))


def by_dead(
    name: str, dead_of_ten: Sequence[float], frequencies: Sequence[float] | None = None
) -> Measured:
    """Return a model of which so many in ten neurons of each layer are dead; a layer has 1,000."""
    frequencies = frequencies or [0.1] * len(dead_of_ten)
    rows = []
    for layer, (count, frequency) in enumerate(zip(dead_of_ten, frequencies, strict=True)):
        for number in range(1000):
            dead = number < round(100 * count)
            rows.append({"layer": layer, "dead": dead, "frequency": 0.0 if dead else frequency})
    return measured(name, rows)


def by_detected(
    name: str,
    detected: Sequence[Sequence[int]],
    *,
    n: int = 1,
    suppressing: int = 10**9,
    layers: int | None = None,
) -> Measured:
    """Return a model whose layer i has a detector for each of its n-grams of length `n`.

    Each n-gram is one number repeated. The first `suppressing` detectors suppress. Every layer has an
    ordinary neuron besides; those above the analysed ones have no n-grams.

    Parameters
    ----------
    name
        of the model
    detected
        the n-grams of each analysed layer
    n
        their length
    suppressing
        how many detectors suppress what they detect
    layers
        of the model; twice the analysed ones unless it is given
    """
    size = NGRAMS[n - 1]
    rows: list[dict[str, Any]] = []
    covered: list[dict[str, Any]] = []
    for layer, tokens in enumerate(detected):
        for token in tokens:
            place = {"layer": layer, "neuron": len(rows)}
            covered.append(place | {"n": n, "ngram": [token] * n, "text": "", "covered": True})
            suppresses = len(covered) <= suppressing if n == 1 else None
            rows.append(place | {f"{size}_detector": True, "suppresses": suppresses})
        rows.append({"layer": layer, "neuron": len(rows)})
    nothing = {f"{ngram}_{part}": None for ngram in NGRAMS for part in ("activations", "cover")}
    for layer in range(len(detected), layers or 2 * len(detected)):
        rows.append({"layer": layer, "neuron": len(rows), **nothing})
    return measured(name, rows, covered)


def by_pattern(
    name: str, layers: Sequence[Mapping[Kind, int]], mi: Mapping[str, float] | None = None
) -> Measured:
    """Return a model with so many positional neurons of each kind in each layer, and an ordinary one."""
    information = dict.fromkeys(PATTERNS, 0.3) | dict(mi or {})
    rows: list[dict[str, Any]] = []
    for layer, kinds in enumerate(layers):
        for (pattern, strength), count in kinds.items():
            row = {
                "layer": layer,
                "positional": True,
                "pattern": pattern,
                "strength": strength,
                "position_mi": information[pattern],
            }
            rows += [row] * count
        rows.append({"layer": layer})
    return measured(name, rows)
