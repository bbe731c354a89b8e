"""Census tables of any size, with neurons of every kind and hostile texts, made without any model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from neuron_census.formats.table_files import write_table, write_table_parts
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import PROJECTIONS, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.table import Table
from neuron_census.formats.tables.vocabulary import NGRAMS

# Each would do harm, or be invisible, in a page that takes text for markup.
HOSTILE = (
    "<script>census_hacked = 1</script>",
    '"><img src=x onerror=census_hacked=1>',
    "</script><script>census_hacked=1</script>",
    "'; census_hacked = 1; //",
    "\u202ereversed",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "\x00\x07\x1b[31m",
    "\n\t",
    "a\u200bb",
    "\u0301",
    "&lt;b&gt;",
    "${census_hacked=1}",
    "",
    "  ",
    "\ufffd",
)
PATTERNS = ("oscillatory", "both extremes", "one extreme", "other")


@dataclass(frozen=True)
class Size:
    """Size of a made model, and how many of its neurons, of the first half or of all, are what."""

    layers: int = 4
    neurons: int = 96
    length: int = 64
    vocabulary: int = 500
    dead: float = 0.3
    detectors: float = 0.1
    positional: float = 0.05
    triggers: int = 12


@dataclass(frozen=True)
class Made:
    """Files of the tables of a made model, as a stage takes them."""

    census: Path
    triggers: Path
    projections: Path
    positions: Path

    def options(self) -> dict[str, Any]:
        """Return the tables as parameters of the stage explore."""
        return {name: [path] for name, path in vars(self).items()}


def made_census(folder: Path, model: str, size: Size | None = None, *, seed: int = 0) -> Made:
    """Write all tables of a made model as `{folder}/{table}/{model}.parquet`.

    Layers are written one after the other: a table of any size needs little memory.
    """
    size = size or Size()
    generator = np.random.default_rng(seed)
    texts = vocabulary(size.vocabulary)
    census = _census(size, generator)
    made = Made(
        **{
            table.name: folder / table.name / f"{model}.parquet"
            for table in (CENSUS, TRIGGERS, PROJECTIONS, POSITIONS)
        }
    )
    for path in vars(made).values():
        path.parent.mkdir(parents=True, exist_ok=True)
    noted = {
        "thresholds": json.dumps({"ngrams": {"coverage": 0.95}}),
        "domains": json.dumps({"prose": 2_000_000, "code": 1_000_000}),
    }
    write_table(census, CENSUS, made.census, metadata=noted)
    layers = census.partition_by("layer", maintain_order=True)
    analysed = layers[: size.layers // 2]
    write_table_parts(
        (_triggers(rows, size, texts, generator) for rows in analysed), TRIGGERS, made.triggers
    )
    detectors = census.filter(pl.col("unigram_detector").fill_null(False))
    _write(made.projections, PROJECTIONS, [_projections(detectors, texts, generator)])
    _write(
        made.positions,
        POSITIONS,
        [_positions(rows.filter(pl.col("positional")), size, generator) for rows in layers],
    )
    return made


def vocabulary(count: int) -> list[str]:
    """Return the texts of a made tokenizer, the hostile ones first."""
    plain = [f" word{place}" if place % 3 else f"Part{place}" for place in range(count)]
    return [*HOSTILE, *plain][:count]


def _census(size: Size, generator: np.random.Generator) -> pl.DataFrame:
    total = size.layers * size.neurons
    layer = np.repeat(np.arange(size.layers), size.neurons)
    analysed = layer < size.layers // 2
    dead = analysed & (generator.random(total) < size.dead)
    tokens = 3_000_000
    activations = np.where(
        dead, 0, 1 + (10 ** generator.uniform(0, 6, total)).astype(np.int64)
    ).astype(np.int64)
    positional = ~dead & (generator.random(total) < size.positional)
    pattern = generator.integers(0, len(PATTERNS), total)
    strong = generator.random(total) < 0.5
    values: dict[str, Any] = {
        "layer": layer,
        "neuron": np.tile(np.arange(size.neurons), size.layers),
        "tokens": np.full(total, tokens),
        "activations": activations,
        "frequency": activations / tokens,
        "dead": dead,
        "documents": np.minimum(activations, 400),
        "margin": np.where(dead, -generator.uniform(0, 2, total), generator.uniform(0, 8, total)),
        "margin_window": generator.integers(0, 1000, total),
        "margin_position": generator.integers(1, size.length, total),
        "dead_upper": _nulled(np.full(total, np.log(20) / 400), dead),
        "position_mi": np.where(positional, generator.uniform(0.05, 0.6, total), 0.001),
        "positional": positional,
        "pattern": _nulled(np.array(PATTERNS)[pattern], positional),
        "strength": _nulled(np.where(strong, "strong", "weak"), positional),
    }
    token_detector: Bool[np.ndarray, " neuron"] = np.zeros(total, dtype=bool)
    for ngram, most in zip(NGRAMS, (5, 50, 50), strict=True):
        detector = analysed & ~dead & (generator.random(total) < size.detectors)
        token_detector = detector if ngram == "unigram" else token_detector
        cover = np.where(
            detector, 1 + generator.integers(0, most, total), 100 + activations // 100
        ).astype(np.int64)
        values |= {
            # More than those at the n-grams that `_triggers` makes.
            f"{ngram}_activations": _nulled(
                np.where(dead, 0, 400 * size.triggers + activations // 3), analysed
            ),
            f"{ngram}_distinct": _nulled(np.where(dead, 0, cover + activations // 50), analysed),
            f"{ngram}_cover": _nulled(cover, analysed & ~dead),
            f"{ngram}_detector": _nulled(detector, analysed),
        }
    suppression = generator.normal(-0.2, 0.2, total)
    values |= {
        "suppression": _nulled(suppression, token_detector),
        "suppresses": _nulled(suppression < 0, token_detector),
    }
    return _frame(values, CENSUS, total)


def _triggers(
    census: pl.DataFrame, size: Size, texts: Sequence[str], generator: np.random.Generator
) -> pl.DataFrame:
    alive = census.filter(~pl.col("dead"))
    parts = []
    for n, ngram in enumerate(NGRAMS, start=1):
        each = np.full(alive.height, size.triggers)
        neuron = np.repeat(alive["neuron"].to_numpy(), each)
        detector = np.repeat(alive[f"{ngram}_detector"].to_numpy(), each)
        place = np.tile(np.arange(size.triggers), alive.height)
        first: Int64[np.ndarray, " row"] = (neuron * size.triggers + place) % len(texts)
        tokens = (first[:, None] + np.arange(n) * (1 + neuron[:, None] % 7)) % len(texts)
        occurrences = 40 * size.triggers - 40 * place + generator.integers(0, 20, len(place))
        covered = detector & (place < 3)
        active = np.where(covered, occurrences, occurrences // 2)
        text = np.array(texts, dtype=object)[tokens]
        parts.append(
            _frame(
                {
                    "layer": np.full(len(neuron), census["layer"][0]),
                    "neuron": neuron,
                    "n": np.full(len(neuron), n),
                    "ngram": pl.Series(tokens.astype(np.int32)).arr.to_list(),
                    "text": ["".join(row) for row in text.tolist()],
                    "activations": active,
                    "occurrences": occurrences,
                    "covered": covered,
                },
                TRIGGERS,
                len(neuron),
            )
        )
    return pl.concat(parts).sort("neuron", "n", maintain_order=True)


def _projections(
    detectors: pl.DataFrame, texts: Sequence[str], generator: np.random.Generator
) -> pl.DataFrame:
    ranks = [*range(1, 11), *range(-10, 0)]
    count = detectors.height * len(ranks)
    token = generator.integers(0, len(texts), count)
    rank = np.tile(ranks, detectors.height)
    return _frame(
        {
            "layer": np.repeat(detectors["layer"].to_numpy(), len(ranks)),
            "neuron": np.repeat(detectors["neuron"].to_numpy(), len(ranks)),
            "rank": rank,
            "token": token,
            "text": np.array(texts, dtype=object)[token].tolist(),
            "value": np.sign(rank) * (0.6 - 0.04 * np.abs(rank)),
        },
        PROJECTIONS,
        count,
    )


def _positions(
    positional: pl.DataFrame, size: Size, generator: np.random.Generator
) -> pl.DataFrame:
    windows = 400
    place = np.arange(size.length) / size.length
    phase = generator.uniform(0, 1, (positional.height, 1))
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (4 * place + phase))
    step = (place > phase).astype(float)
    oscillatory = (positional["pattern"] == "oscillatory").to_numpy()[:, None]
    frequency = np.round(np.where(oscillatory, wave, step) * windows) / windows
    by_domain = [
        [{"domain": "prose", "position_mi": value}, {"domain": "code", "position_mi": None}]
        for value in positional["position_mi"]
    ]
    return _frame(
        {
            "layer": positional["layer"],
            "neuron": positional["neuron"],
            "windows": np.full(positional.height, windows),
            "frequency": frequency.tolist(),
            "position_mi": by_domain,
        },
        POSITIONS,
        positional.height,
    )


def _nulled(values: np.ndarray, kept: Bool[np.ndarray, " row"]) -> pl.Series:
    return pl.Series(values).to_frame("v").select(pl.when(pl.Series(kept)).then("v"))["v"]


def _frame(values: dict[str, Any], table: Table, rows: int) -> pl.DataFrame:
    """Return a frame with every column of a table, null where nothing is given."""
    columns = []
    for name, column in table.all_columns.items():
        given = values.get(name)
        if given is None:
            columns.append(pl.Series(name, [None] * rows, dtype=column.dtype))
        elif isinstance(given, list):
            columns.append(pl.Series(name, given, dtype=column.dtype))
        else:
            columns.append(pl.Series(name, given).cast(column.dtype))
    return pl.DataFrame(columns)


def _write(path: Path, table: Table, frames: Sequence[pl.DataFrame]) -> None:
    write_table(pl.concat(frames), table, path)
