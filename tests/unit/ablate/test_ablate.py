"""The stage: planted suppressors and promoters, neurons that do nothing, and what does not belong together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from helpers.made.checkpoints import StateDict, make_checkpoint, plant_dead
from helpers.made.windows import made_windows, save_windows
from helpers.oracles.ablation_by_forward import AblatedModel
from neuron_census.ablate.ablate import ablate
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError
from neuron_census.formats.table_files import read_table, write_table
from neuron_census.formats.tables.ablations import ABLATIONS, FIRINGS
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.formats.windows import Windows

TOKEN = 50
SUPPRESSOR, PROMOTER, SILENT, DEAD = (0, 5), (1, 6), (0, 7), (1, 8)
STUDY = json.dumps([{"domain": "a", "tokens": "all"}])


def plant(weights: StateDict) -> None:
    """Make neurons that every token activates: one writes away from a token, one towards it, one nothing."""
    embeddings = weights["embed_tokens.weight"]
    direction = (embeddings[TOKEN] - embeddings.mean(dim=0)) / weights["final_layer_norm.weight"]
    for (layer, neuron), factor in ((SUPPRESSOR, -0.3), (PROMOTER, 0.3), (SILENT, 0.0)):
        weights[f"layers.{layer}.fc1.weight"][neuron] = 0
        weights[f"layers.{layer}.fc1.bias"][neuron] = 2.0
        weights[f"layers.{layer}.fc2.weight"][:, neuron] = factor * direction
    plant_dead(DEAD)(weights)


@dataclass(frozen=True)
class Made:
    """Files that the stage reads, and what it writes."""

    folder: Path
    windows: pl.DataFrame

    def run(self, name: str = "m", **options: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
        given: dict[str, Any] = {
            "checkpoint": self.folder / "model",
            "windows": self.folder / "windows.parquet",
            "census": self.folder / "census.parquet",
            "triggers": self.folder / "triggers.parquet",
            "study": STUDY,
            "ablations": self.folder / f"{name}.ablations.parquet",
            "firings": self.folder / f"{name}.firings.parquet",
            "dtype": "float64",
            "device": "cpu",
        }
        ablate(**given | options)
        return (
            read_table(self.folder / f"{name}.ablations.parquet", ABLATIONS),
            read_table(self.folder / f"{name}.firings.parquet", FIRINGS),
        )


def census(detectors: list[tuple[int, int]]) -> pl.DataFrame:
    columns = {**CENSUS.columns, **CENSUS.optional["ngrams"]}
    rows = []
    for layer in range(3):
        for neuron in range(40):
            row: dict[str, Any] = dict.fromkeys(columns)
            row |= {"layer": layer, "neuron": neuron, "tokens": 1, "activations": 1}
            row |= {"frequency": 1.0, "dead": False}
            row |= {"unigram_detector": (layer, neuron) in detectors}
            rows.append(row)
    return pl.DataFrame(rows, schema={name: column.dtype for name, column in columns.items()})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("ablate")
    make_checkpoint(folder / "model", dtype=torch.float64, plant=plant)
    table = made_windows(
        [12] * 6 + [9] * 34,
        studies=[{"dead", "ngrams"}] * 2 + [{"dead"}] * 38,
        domains=["a"] * 40,
        vocabulary=96,
    )
    # Every window begins with the token, where neurons that are always active fire first; documents have two windows.
    table = table.with_columns(
        tokens=pl.Series(
            [[row[0], TOKEN, *row[2:]] for row in table["tokens"].to_list()],
            dtype=pl.List(pl.Int32),
        ),
        document=(pl.col("document") // 2).cast(pl.Int32),
        part=(pl.col("document") % 2).cast(pl.Int32),
    )
    path = save_windows(folder, table)
    facts = {
        "windows": Windows.open(path).digest,
        "weights": Checkpoint.open(folder / "model").digest(),
    }
    detectors = [SUPPRESSOR, PROMOTER, SILENT, DEAD]
    write_table(census(detectors), CENSUS, folder / "census.parquet", facts=facts)
    triggers = pl.DataFrame(
        [
            {"layer": layer, "neuron": neuron, "n": 1, "ngram": [TOKEN], "text": "x"}
            | {"activations": 1, "occurrences": 1, "covered": True}
            for layer, neuron in detectors
        ],
        schema={name: column.dtype for name, column in TRIGGERS.columns.items()},
    )
    write_table(triggers, TRIGGERS, folder / "triggers.parquet", facts=facts)
    return Made(folder, table)


@pytest.fixture(scope="module")
def tables(made: Made) -> tuple[pl.DataFrame, pl.DataFrame]:
    return made.run()


def of(table: pl.DataFrame, place: tuple[int, int]) -> pl.DataFrame:
    return table.filter(layer=place[0], neuron=place[1])


@pytest.mark.parametrize(("place", "sign"), [(SUPPRESSOR, -1), (PROMOTER, 1)])
def test_what_is_planted_is_found_with_its_sign_and_size(
    made: Made, tables: tuple[pl.DataFrame, pl.DataFrame], place: tuple[int, int], sign: int
) -> None:
    ablations, firings = tables
    row = of(ablations, place).row(0, named=True)
    assert (row["firings"], row["documents"]) == (38, 19)
    for effect in ("projection", "direct", "total", "frozen"):
        assert sign * row[effect] > 0, effect
    assert sign * row["direct_low"] > 0 and sign * row["direct_high"] > 0
    assert row["direct_difference_q"] < 0.05
    model = AblatedModel(made.folder / "model")
    norm = model.decoder.final_layer_norm
    embeddings = model.decoder.embed_tokens.weight.detach()
    column = model.decoder.layers[place[0]].fc2.weight[:, place[1]].detach()
    for firing in of(firings, place).head(3).iter_rows(named=True):
        tokens = made.windows["tokens"].to_list()[firing["window"]]
        assert (firing["position"], firing["token"]) == (1, TOKEN)
        clean, without = model.run(tokens), model.without(tokens, *place, 1)
        total = clean.centred(1, TOKEN) - without.centred(1, TOKEN)
        assert firing["total"] == pytest.approx(total, abs=1e-9)
        stream = clean.after[-1][1]
        scale = (stream.var(correction=0) + norm.eps).sqrt()
        taken = 2.0 * column
        frozen = (taken - taken.mean()) / scale * norm.weight.detach()
        direct = float(frozen @ (embeddings[TOKEN] - embeddings.mean(dim=0)))
        assert firing["direct"] == pytest.approx(direct, abs=1e-9)
        assert firing["projection"] == pytest.approx(float(column @ embeddings[TOKEN]), abs=1e-9)
        assert firing["ranks"][-1] == firing["rank"] and len(firing["ranks"]) == 3 - place[0]


def test_a_neuron_that_writes_nothing_has_no_effect_at_all(
    tables: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    ablations, firings = tables
    row = of(ablations, SILENT).row(0, named=True)
    for effect in ("direct", "total", "frozen", "log_probability"):
        assert row[effect] == row[f"{effect}_low"] == row[f"{effect}_high"] == 0.0
    assert (of(firings, SILENT)["rank"] == of(firings, SILENT)["rank_without"]).all()


def test_a_dead_neuron_is_never_ablated(tables: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ablations, firings = tables
    assert of(firings, DEAD).is_empty()
    row = of(ablations, DEAD).row(0, named=True)
    assert row["firings"] == row["documents"] == 0
    assert row["total"] is None and row["ranks"] is None


def test_windows_of_the_ngram_study_are_not_read(
    tables: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    assert tables[1]["window"].min() == 2


def test_the_summary_is_that_of_the_firings_by_a_loop(
    made: Made, tables: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    ablations, firings = tables
    documents = made.windows["document"].to_list()
    by_document: dict[int, list[float]] = {}
    for firing in of(firings, SUPPRESSOR).iter_rows(named=True):
        controls = [
            control - matched
            for control, matched in zip(
                firing["control_total"], firing["control_matched_total"], strict=True
            )
        ]
        compared = firing["total"] - firing["matched_total"] - sum(controls) / len(controls)
        by_document.setdefault(documents[firing["window"]], []).append(compared)
    means = [sum(values) / len(values) for values in by_document.values()]
    found = of(ablations, SUPPRESSOR)["total_difference"].item()
    assert found == pytest.approx(sum(means) / len(means), rel=1e-12)


def test_streamed_equals_resident_to_the_byte(made: Made) -> None:
    for weights in ("streamed", "resident"):
        made.run(weights, weights=weights, dtype="float32")
    for kind in ("ablations", "firings"):
        streamed, resident = (
            (made.folder / f"{weights}.{kind}.parquet").read_bytes()
            for weights in ("streamed", "resident")
        )
        assert streamed == resident


def test_few_firings_say_nothing(made: Made) -> None:
    ablations, firings = made.run("few", most_firings=29)
    assert len(of(firings, SUPPRESSOR)) == 29
    # Every document once, before any comes again.
    counted = firings.filter(layer=0, neuron=SUPPRESSOR[1])["window"].to_list()
    assert len({made.windows["document"][window] for window in counted}) == 19
    assert of(ablations, SUPPRESSOR)["total"].item() is None


def test_a_census_of_other_weights_is_refused(made: Made, tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "model", dtype=torch.float64, seed=1)
    with pytest.raises(CensusError, match="its weights have the digest"):
        made.run(checkpoint=tmp_path / "model")


def test_windows_of_another_run_are_refused(made: Made, tmp_path: Path) -> None:
    with pytest.raises(CensusError, match="they do not belong together"):
        made.run(windows=save_windows(tmp_path, made.windows.head(20)))


def test_a_census_without_ngrams_is_refused(made: Made, tmp_path: Path) -> None:
    frame = read_table(made.folder / "census.parquet", CENSUS).select(list(CENSUS.columns))
    write_table(frame, CENSUS, tmp_path / "census.parquet")
    with pytest.raises(CensusError, match="has no columns about n-grams"):
        made.run(census=tmp_path / "census.parquet")


def test_text_that_the_ngram_study_read_whole_leaves_empty_tables(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = made.windows.with_columns(ngrams=pl.lit(True))
    path = save_windows(tmp_path, table)
    for name, kind in (("census", CENSUS), ("triggers", TRIGGERS)):
        frame = read_table(made.folder / f"{name}.parquet", kind)
        write_table(frame, kind, tmp_path / f"{name}.parquet")
    ablations, firings = made.run(
        "empty",
        windows=path,
        census=tmp_path / "census.parquet",
        triggers=tmp_path / "triggers.parquet",
    )
    assert firings.is_empty() and len(ablations) == 4
    assert "no neuron can be ablated" in capsys.readouterr().err
    assert np.isnan(ablations["total"].cast(pl.Float64).fill_null(np.nan).to_numpy()).all()
