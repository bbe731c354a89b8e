"""Classify: counts become a census, one row a neuron. Every threshold lives here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from neuron_census.counts import Counts
from neuron_census.dead_neurons import activity
from neuron_census.errors import CensusError
from neuron_census.tables import CENSUS, write_table


def classify(*, counts: Path, thresholds: str, output: Path) -> None:
    """Say of every neuron whether it is dead, and how often it is active.

    Parameters
    ----------
    counts
        the counts store of one model
    thresholds
        the config's `classify`, as JSON
    output
        the census table
    """
    store = Counts.open(counts)
    count_bos = _count_bos(thresholds)
    if store.tokens.sum() == 0:
        raise CensusError(
            f"{counts}: the dead study has no tokens. Give it some in `studies.dead`."
        )
    found = activity(
        store.active(),
        store.active_at_bos(),
        store.tokens,
        store.windows,
        count_bos=count_bos,
    )
    layers, neurons = found.activations.shape
    frame = pl.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), neurons),
            "neuron": np.tile(np.arange(neurons), layers),
            "tokens": np.full(layers * neurons, found.tokens),
            "activations": found.activations.reshape(-1),
            "frequency": found.frequency.reshape(-1),
            "dead": found.dead.reshape(-1),
        },
        schema_overrides={name: column.dtype for name, column in CENSUS.columns.items()},
    )
    write_table(frame, CENSUS, output, metadata={"thresholds": thresholds})


def _count_bos(thresholds: str) -> bool:
    """`dead.count_bos` of the thresholds; CensusError if it is not there."""
    try:
        given = json.loads(thresholds)
    except json.JSONDecodeError as error:
        raise CensusError(f"thresholds: no JSON: {error}.") from error
    match given:
        case {"dead": {"count_bos": bool(count_bos)}}:
            return count_bos
    raise CensusError(
        f'thresholds: found {thresholds}, expected {{"dead": {{"count_bos": true or false}}}}.'
    )
