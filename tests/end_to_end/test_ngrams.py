"""From windows and a checkpoint to the n-gram part of the census, against plain loops."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from helpers.oracles.ngrams_by_loop import (
    LENGTHS,
    READINGS,
    Reading,
    Seen,
    census_columns,
    detected,
    percentile,
    projections_of,
    seen_in,
    suppression_columns,
    token_detectors,
    trigger_rows,
)
from helpers.planted.ngrams import FFN_DIM, LAYERS
from helpers.planted.stages import Counted, record_and_count
from helpers.planted.text import ALWAYS, ANALYSED, DEAD, SHARDS, UNDETECTED, Model
from neuron_census.classify.classify import classify
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.of_a_model import TABLES


@dataclass(frozen=True)
class Tables:
    """What classify writes about n-grams."""

    census: pl.DataFrame
    triggers: pl.DataFrame
    projections: pl.DataFrame
    spectra: pl.DataFrame
    sensitivity: pl.DataFrame


@pytest.fixture(scope="module")
def seen(model: Model) -> Seen:
    return seen_in(model.checkpoint, model.windows.table)


@pytest.fixture(scope="module")
def counted(model: Model) -> Counted:
    folder = model.checkpoint.parent
    return record_and_count(
        folder, model.windows.path, model.checkpoint, shards=SHARDS, analysed=ANALYSED
    )


@pytest.fixture(scope="module", params=list(READINGS.values()), ids=list(READINGS))
def reading(request: pytest.FixtureRequest) -> Reading:
    found: Reading = request.param
    return found


@pytest.fixture(scope="module")
def tables(
    model: Model,
    counted: Counted,
    reading: Reading,
    tmp_path_factory: pytest.TempPathFactory,
) -> Tables:
    folder = tmp_path_factory.mktemp("tables")
    outputs: dict[str, Any] = {table.name: folder / f"{table.name}.parquet" for table in TABLES}
    classify(
        counts=counted.counts,
        windows=model.windows.path,
        ngrams=counted.ngrams,
        ngram_counts=list(counted.ngram_counts),
        checkpoint=model.checkpoint,
        tokenizer=model.tokenizer,
        thresholds=json.dumps({"ngrams": asdict(reading)}),
        sensitivity=folder / "sensitivity.csv",
        **outputs,
    )
    return Tables(
        census=read_table(outputs["census"], CENSUS),
        triggers=read_table(outputs["triggers"], TRIGGERS),
        projections=read_table(outputs["projections"], PROJECTIONS),
        spectra=read_table(outputs["spectra"], SPECTRA),
        sensitivity=pl.read_csv(folder / "sensitivity.csv"),
    )


def test_every_column_of_the_census(
    model: Model, seen: Seen, reading: Reading, tables: Tables
) -> None:
    vocabulary = model.windows.vocabulary
    detectors = token_detectors(seen, reading, ANALYSED)
    assert detectors, "there is something to compare"
    rows = list(tables.census.iter_rows(named=True))
    assert len(rows) == LAYERS * FFN_DIM
    columns = list(CENSUS.optional["ngrams"])
    for row in rows:
        neuron = (row["layer"], row["neuron"])
        expected = dict.fromkeys(columns)
        if neuron[0] < ANALYSED:
            expected |= census_columns(seen, reading, neuron)
        if neuron in detectors:
            values = projections_of(model.checkpoint, vocabulary, neuron)
            expected |= suppression_columns(values, detectors[neuron], reading)
        for column in columns:
            found = row[column]
            if isinstance(expected[column], float):
                assert found == pytest.approx(expected[column], rel=1e-5), (neuron, column)
            else:
                assert found == expected[column], (neuron, column)
                assert (found is None) is (expected[column] is None)


def test_every_row_of_the_triggers(
    model: Model, seen: Seen, reading: Reading, tables: Tables
) -> None:
    vocabulary = model.windows.vocabulary
    words = {token: word for word, token in model.ids.items()}
    detectors = token_detectors(seen, reading, ANALYSED)
    expected: list[dict[str, Any]] = []
    for neuron in sorted(seen.alive):
        if neuron[0] >= ANALYSED:
            continue
        values: list[float] = []
        if neuron in detectors:
            values = projections_of(model.checkpoint, vocabulary, neuron)
        for n, ngram, activations, occurrences, covered in trigger_rows(seen, reading, neuron):
            own = n == 1 and covered and neuron in detectors
            expected.append(
                {
                    "layer": neuron[0],
                    "neuron": neuron[1],
                    "n": n,
                    "ngram": list(ngram),
                    "text": "".join(words[token] for token in ngram),
                    "activations": activations,
                    "occurrences": occurrences,
                    "covered": covered,
                    "projection": values[ngram[0]] if own else None,
                    "percentile": percentile(values, ngram[0]) if own else None,
                }
            )
    found = tables.triggers.sort("layer", "neuron", "n", maintain_order=True)
    exact = list(TRIGGERS.columns)[:-2]
    wanted = pl.DataFrame(expected, schema={name: c.dtype for name, c in TRIGGERS.columns.items()})
    assert found.select(exact).equals(wanted.select(exact))
    for column in ("projection", "percentile"):
        assert found[column].is_null().equals(wanted[column].is_null())
        assert found[column].drop_nulls().to_list() == pytest.approx(
            wanted[column].drop_nulls().to_list(), rel=1e-5
        )


def test_every_projection_and_spectrum(
    model: Model, seen: Seen, reading: Reading, tables: Tables
) -> None:
    vocabulary = model.windows.vocabulary
    detectors = token_detectors(seen, reading, ANALYSED)
    by_neuron = tables.projections.partition_by("layer", "neuron", as_dict=True)
    spectra = {(row[0], row[1]): row[2] for row in tables.spectra.iter_rows()}
    assert set(by_neuron) == seen.alive and set(spectra) == set(detectors) < seen.alive
    for neuron in seen.alive:
        values = projections_of(model.checkpoint, vocabulary, neuron)
        rows = {row["rank"]: row for row in by_neuron[neuron].iter_rows(named=True)}
        assert sorted(rows) == [*range(-10, 0), *range(1, 11)]
        ascending = sorted(values)
        for rank, row in rows.items():
            assert row["value"] == pytest.approx(ascending[-rank if rank > 0 else -rank - 1])
            assert row["value"] == pytest.approx(values[row["token"]])
            assert row["token"] < vocabulary and row["text"]
        assert len({row["token"] for row in rows.values()}) == 20
        if neuron in detectors:
            assert spectra[neuron] == pytest.approx(
                np.quantile(values, np.linspace(0, 1, 257)).tolist(), rel=1e-5, abs=1e-7
            )


def test_the_sensitivity_to_thresholds(seen: Seen, reading: Reading, tables: Tables) -> None:
    sizes = {n: name for name, n in LENGTHS.items()}
    assert len(tables.sensitivity) == 3 * 5 * 6 * 3
    extremes = tables.sensitivity.filter(
        pl.col("coverage").is_in([0.5, 0.99]), pl.col("presence").is_in([0.5, 1.0])
    )
    assert len(extremes) == 3 * 2 * 2 * 3
    for row in extremes.iter_rows(named=True):
        changed = {key: row[key] for key in ("coverage", "presence", "min_occurrences")}
        expected = detected(seen, replace(reading, **changed), sizes[row["n"]], ANALYSED)
        assert (row["detectors"], row["covered_ngrams"]) == expected, row


@pytest.mark.parametrize("reading", [READINGS["as the paper"]], ids=["as the paper"], indirect=True)
def test_planted_neurons_are_found_as_what_they_are(model: Model, tables: Tables) -> None:
    census = {(row["layer"], row["neuron"]): row for row in tables.census.iter_rows(named=True)}
    for name, planted in model.planted.items():
        row = census[planted.layer, planted.neuron]
        kind = list(LENGTHS)[len(planted.places) - 1]
        if name in UNDETECTED:
            assert not row[f"{kind}_detector"], name
            continue
        assert row[f"{kind}_detector"], name
        found = tables.triggers.filter(
            layer=planted.layer, neuron=planted.neuron, n=len(planted.places), covered=True
        )
        assert {tuple(ngram) for ngram in found["ngram"].to_list()} <= set(product(*planted.places))
        if kind == "unigram":
            assert row["suppression"] == pytest.approx(np.mean(planted.effects))
            assert row["suppresses"] is ("suppressed" in name or name == "active once")
    row = census[model.planted["dead in the dead study"].layer, 6]
    assert row["dead"] and row["unigram_activations"] == 1
    assert census[ALWAYS]["unigram_distinct"] == len(model.ids)
    assert census[DEAD]["unigram_cover"] is None
