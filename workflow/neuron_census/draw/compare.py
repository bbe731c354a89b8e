"""Compare: what became of each neuron from one census to another, such as two checkpoints of one training run.

compare(before=Path("census/step-700.parquet"), after=Path("census/end.parquet"), output=path)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import read_seal
from neuron_census.formats.table_files import read_table, write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.comparison import COMPARED, COMPARISON
from neuron_census.formats.tables.vocabulary import NGRAMS

NEURON = ("layer", "neuron")
DETECTORS = [f"{ngram}_detector" for ngram in NGRAMS]
SHARED_FACTS = ("thresholds", "windows")


def compare(*, before: Path, after: Path, output: Path) -> None:
    """Say of each neuron what it was and what it became: dead, a detector, positional, both, or none of these.

    Parameters
    ----------
    before
        the earlier census, `{model}.parquet`
    after
        the later census, of the same shape, with the same thresholds and from the same windows
    output
        Parquet table with one row per neuron
    """
    first, second = (read_table(path, CENSUS).sort(*NEURON) for path in (before, after))
    check_comparable(before, first, after, second)
    facts = read_seal(before).facts
    write_table(
        compared(first, second),
        COMPARISON,
        output,
        metadata={COMPARED: json.dumps([_model(before), _model(after)])},
        facts={fact: facts[fact] for fact in SHARED_FACTS if fact in facts},
    )


def check_comparable(before: Path, first: pl.DataFrame, after: Path, second: pl.DataFrame) -> None:
    """Check that two censuses have the same neurons and differ in nothing but the weights.

    Parameters
    ----------
    before
        file of the earlier census
    first
        its rows, by layer and neuron
    after
        file of the later census
    second
        its rows, by layer and neuron

    Raises CensusError that says in what the two differ: shape, thresholds, windows or studies.
    """
    advice = "Compare checkpoints of one training run."
    if not first.select(NEURON).equals(second.select(NEURON)):
        raise CensusError(
            f"{after}: has {_shape(second)}, and {before} has {_shape(first)}; expected the same neurons in both. "
            f"{advice}"
        )
    thresholds = [read_metadata(path, "thresholds") for path in (before, after)]
    if differing := list(_differences(*thresholds)):
        raise CensusError(
            f"{after}: was taken with other thresholds than {before}: {'; '.join(differing)}. Take both censuses "
            "with the same `classify`."
        )
    windows = [read_seal(path).facts.get("windows") for path in (before, after)]
    if windows[0] != windows[1]:
        raise CensusError(
            f"{after}: was recorded from other windows of text than {before}, so that a difference may come from "
            f"the text. {advice}"
        )
    for study in ("ngrams", "positions"):
        has = [set(CENSUS.optional[study]) <= set(frame.columns) for frame in (first, second)]
        if has[0] != has[1]:
            without, other = (before, after) if has[1] else (after, before)
            raise CensusError(
                f"{without}: has no columns about the {study} study, and {other} has. Take both censuses with the "
                "same `studies`."
            )


def compared(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the comparison of two censuses that `check_comparable` lets pass.

    Parameters
    ----------
    first
        the earlier census, by layer and neuron
    second
        the later census, in the same order
    """
    sides = pl.concat(
        [
            first.select(*NEURON),
            *(
                _of_one(frame).rename(lambda name, side=side: f"{name}_{side}")  # type: ignore[misc]
                for frame, side in ((first, "before"), (second, "after"))
            ),
        ],
        how="horizontal",
    )
    frame = sides.with_columns(
        _became("died", "dead"),
        _ceased("woke", "dead"),
        _became("became_detector", "detector"),
        _ceased("ceased_detector", "detector"),
        _became("became_positional", "positional"),
        _ceased("ceased_positional", "positional"),
    )
    columns = dict(COMPARISON.columns)
    for study, group in COMPARISON.optional.items():
        if set(CENSUS.optional[study]) <= set(first.columns):
            columns |= group
    return frame.select(list(columns))


def _of_one(census: pl.DataFrame) -> pl.DataFrame:
    """Return what a comparison says of one census, with null columns where it lacks a study."""
    missing = [
        pl.lit(None, dtype=column.dtype).alias(name)
        for name, column in CENSUS.all_columns.items()
        if name not in census.columns
    ]
    return (
        census.with_columns(missing)
        .with_columns(detector=pl.any_horizontal(pl.col(DETECTORS).fill_null(False)))
        .with_columns(positional=pl.col("positional").fill_null(False))
        .select(
            kind=pl.when("dead")
            .then(pl.lit("dead"))
            .when(pl.col("detector") & pl.col("positional"))
            .then(pl.lit("detector and positional"))
            .when("detector")
            .then(pl.lit("detector"))
            .when("positional")
            .then(pl.lit("positional"))
            .otherwise(pl.lit("other")),
            frequency="frequency",
            dead="dead",
            detector="detector",
            positional="positional",
            position_mi="position_mi",
            pattern=pl.col("pattern").cast(pl.String),
            **{name: pl.col(name) for name in DETECTORS},
        )
    )


def _became(name: str, what: str) -> pl.Expr:
    return (~pl.col(f"{what}_before") & pl.col(f"{what}_after")).alias(name)


def _ceased(name: str, what: str) -> pl.Expr:
    return (pl.col(f"{what}_before") & ~pl.col(f"{what}_after")).alias(name)


def _model(census: Path) -> str:
    return census.name.removesuffix(".parquet")


def _shape(census: pl.DataFrame) -> str:
    layers = census["layer"].n_unique()
    return f"{layers} {'layer' if layers == 1 else 'layers'} and {len(census):,} neurons"


def _differences(first: Any, second: Any, path: str = "classify") -> Iterator[str]:
    """Yield what differs between two nested settings: the key and both values."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in dict.fromkeys([*first, *second]):
            yield from _differences(first.get(key), second.get(key), f"{path}.{key}")
    elif first != second:
        yield f"{path} is {json.dumps(second)} there and {json.dumps(first)} here"
