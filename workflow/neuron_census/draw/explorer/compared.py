"""Data of the page that says what became of neurons between two checkpoints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.draw.explorer.chunk import JSON, write_chunk
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.comparison import COMPARED, COMPARISON, KINDS

SHOWN = ("layer", "neuron", "kind_before", "kind_after", "frequency_before", "frequency_after")


def write_comparisons(folder: Path, comparisons: Sequence[Path]) -> list[dict[str, Any]]:
    """Write the neurons that changed of each comparison, and return what the page must know to load them.

    What is returned names both models, the kinds, and how many neurons were the one and became the other: a row
    for each kind before, a number for each kind after.

    Parameters
    ----------
    folder
        where the data of the explorer are
    comparisons
        comparison tables, in the order in which they are offered
    """
    found = []
    for place, path in enumerate(comparisons):
        frame = read_table(path, COMPARISON)
        before, after = read_metadata(path, COMPARED)
        counted = {
            (was, became): neurons
            for was, became, neurons in frame.group_by("kind_before", "kind_after")
            .len()
            .iter_rows()
        }
        changed = frame.filter(pl.col("kind_before") != pl.col("kind_after")).select(SHOWN)
        name = f"comparison-{place}"
        write_chunk(folder, name, JSON, json.dumps(changed.to_dict(as_series=False)).encode())
        found.append(
            {
                "name": name,
                "before": before,
                "after": after,
                "kinds": KINDS,
                "counts": [[counted.get((was, became), 0) for became in KINDS] for was in KINDS],
            }
        )
    return found
