"""Tables of contexts and of coverage of a made census, made without any model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from neuron_census.formats.context import AFTER, BEFORE, KINDS
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.coverage import COVERAGE
from neuron_census.formats.tables.table import Table

DOMAINS = ("prose", "code")
LENGTH = 64
"""Tokens of a window."""


def made_contexts(
    path: Path, census: pl.DataFrame, texts: Sequence[str], *, most: int = 8, seed: int = 0
) -> Path:
    """Write contexts of the alive neurons of a census; of those that are active often, sampled ones as well.

    Parameters
    ----------
    path
        the Parquet file
    census
        columns layer, neuron, frequency and dead
    texts
        the texts of the made tokenizer's tokens, by id
    most
        contexts of a kind
    seed
        of the draw
    """
    generator = np.random.default_rng(seed)
    alive = census.filter(~pl.col("dead"))
    rows = [
        _context(row, kind, rank, texts, generator)
        for row in alive.iter_rows(named=True)
        for kind in KINDS
        if kind == "top" or row["frequency"] > 0.01
        for rank in range(1, most + 1)
    ]
    return _write(path, CONTEXTS, pl.DataFrame(rows, schema=CONTEXTS.schema))


def made_coverage(path: Path, census: pl.DataFrame, *, documents: int = 400) -> Path:
    """Write the coverage of a census, with a curve that falls to the dead neurons that it has."""
    frames = [*census.partition_by("layer", maintain_order=True), census]
    rows = [_coverage(rows, rows is census, documents) for rows in frames]
    return _write(path, COVERAGE, pl.DataFrame(rows, schema=COVERAGE.schema))


def _context(
    row: dict[str, Any],
    kind: str,
    rank: int,
    texts: Sequence[str],
    generator: np.random.Generator,
) -> dict[str, Any]:
    window = int(generator.integers(0, 1000))
    position = int(generator.integers(1, LENGTH))
    start, end = max(0, position - BEFORE), min(LENGTH, position + AFTER + 1)
    tokens = generator.integers(0, len(texts), end - start).tolist()
    activation = float(np.float32(8 / rank if kind == "top" else generator.uniform(0.1, 8)))
    around = np.maximum(generator.normal(-0.5, 1, end - start), 0) * activation / 8
    around[position - start] = activation
    return {
        "layer": row["layer"],
        "neuron": row["neuron"],
        "kind": kind,
        "rank": rank,
        "window": window,
        "domain": DOMAINS[window % 2],
        "document": window // 2,
        "position": position,
        "activation": activation,
        "start": start,
        "tokens": tokens,
        "texts": [texts[token] for token in tokens],
        "activations": np.minimum(around, activation).astype(np.float16).tolist(),
    }


def _coverage(rows: pl.DataFrame, together: bool, documents: int) -> dict[str, Any]:
    neurons, dead = rows.height, int(rows["dead"].sum())
    share = dead / neurons

    def place(read: int) -> dict[str, float]:
        """Return a place of the curve: the more was read, the fewer are never active."""
        never = share + (1 - share) * 0.01 ** (read / documents) * (read < documents)
        return {"documents": read, "tokens": 500 * read, "never_active": never}

    further = [documents + step * documents // 10 for step in range(11)]
    return {
        "layer": None if together else rows["layer"][0],
        "neurons": neurons,
        "documents": documents,
        "tokens": 500 * documents,
        "dead": dead,
        "singletons": 3,
        "doubletons": 2,
        "curve": [place(step * documents // 20) for step in range(21)],
        "further": [
            {
                "documents": read,
                "tokens": 500 * read,
                "never_active": share * (1 - 0.1 * (read / documents - 1)),
                "lower": share * (1 - 0.2 * (read / documents - 1)),
                "upper": share,
            }
            for read in further
        ],
        "wakes": 0.1 * dead,
        "wakes_lower": 0.0,
        "wakes_upper": 0.2 * dead,
        "wakes_ever": 0.15 * dead,
        "rate_upper": np.log(20) / documents,
        "rate_upper_jointly": np.log(dead / 0.05) / documents if dead else None,
        "woken_by": [
            {"domain": name, "documents": documents // 2, "tokens": 250 * documents, "neurons": 2}
            for name in DOMAINS
        ],
        "half_documents": documents // 2,
        "half_dead": dead + 4,
        "half_predicted": 3.5,
        "half_lower": 0.5,
        "half_upper": 8.0,
        "half_woken": 4,
        "margin_auc": 0.97,
    }


def _write(path: Path, table: Table, frame: pl.DataFrame) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(frame, table, path)
    return path
