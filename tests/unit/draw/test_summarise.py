"""The summary: counts by hand, from files and in the order given."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from helpers.made.positions import made_model as with_positions
from helpers.made.tables import Detector, Layer, made_model
from neuron_census.draw.model_tables import ModelTables
from neuron_census.draw.summarise import summarise
from neuron_census.draw.summary import summary
from neuron_census.errors import CensusError
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS


def models() -> dict[str, ModelTables]:
    layers = [
        Layer(
            {
                "unigram": [
                    Detector(0, [(1,), (2,)], projections=(-0.3, 0.1)),
                    Detector(1, [(2,)], projections=(0.2,), chance=[(8,)]),
                ],
                "trigram": [Detector(1, [(1, 2, 3)])],
            },
            dead=[5, 6, 7],
        ),
        Layer(
            {
                "unigram": [Detector(3, [(2,), (3,)], projections=(-0.3, -0.1))],
                "bigram": [Detector(2, [(1, 2), (2, 1)])],
                "trigram": [Detector(0, [(1, 2, 3), (1, 2, 4)])],
            }
        ),
    ]
    return {
        "b": made_model("b", layers, num_layers=5, ffn_dim=8),
        "a": made_model("a", [Layer()], ffn_dim=8),
    }


def test_counts_by_hand() -> None:
    first, second = summary(models()).rows(named=True)
    assert first == {
        "model": "b",
        "layers": 5,
        "neurons": 40,
        "dead": 3,
        "analysed_layers": 2,
        "unigram_detectors": 3,
        "bigram_detectors": 1,
        "trigram_detectors": 2,
        "detected_unigrams": 3,
        "detected_bigrams": 2,
        "detected_trigrams": 2,
        "suppressing_mean": pytest.approx(2 / 3),
        "suppressing_all": pytest.approx(1 / 3),
        "suppressing_majority": pytest.approx(1 / 3),
        "positional": None,
    }
    assert second["model"] == "a" and second["unigram_detectors"] == 0
    assert second["suppressing_mean"] is None, "no share of nothing"


def test_a_run_without_the_ngram_study_has_no_such_counts() -> None:
    census = models()["a"].census.select("layer", "neuron", "dead")
    tables = ModelTables("a", {}, {"census": census})
    (row,) = summary({"a": tables}).rows(named=True)
    assert row["neurons"] == 16 and row["dead"] == 0
    assert row["unigram_detectors"] is None and row["detected_trigrams"] is None


def test_positional_neurons_are_counted_where_there_is_that_study() -> None:
    layers: list[dict[tuple[str, str], int]] = [
        {("other", "weak"): 2},
        {("oscillatory", "strong"): 1},
    ]
    (row,) = summary({"a": with_positions("a", layers)}).rows(named=True)
    assert row["positional"] == 3


def test_the_file_has_one_row_per_model(tmp_path: Path) -> None:
    made = models()
    files: dict[str, list[Path]] = {"census": [], "triggers": []}
    for name, tables in made.items():
        for table, frame in ((CENSUS, tables.census), (TRIGGERS, tables.frames["triggers"])):
            path = tmp_path / table.name / f"{name}.parquet"
            path.parent.mkdir(exist_ok=True)
            recorded = {"weights": "digest", "versions": {"torch": "2.13.0", "zarr": "3"}}
            write_table(frame, table, path, metadata={"recorded": json.dumps(recorded)})
            files[table.name].append(path)
    output = tmp_path / "summary.csv"
    summarise(census=files["census"], triggers=files["triggers"], output=output)
    written = pl.read_csv(output)
    made_from = ["revision", "weights", "dtype", "versions"]
    assert written.drop(made_from).rows() == summary(made).rows()
    assert set(written.select(made_from).rows()) == {(None, "digest", None, "torch 2.13.0, zarr 3")}
    with pytest.raises(CensusError, match="triggers: no table of the model 'b'"):
        summarise(census=files["census"], triggers=[], output=output)
