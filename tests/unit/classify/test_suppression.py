"""Projections and suppression against loops over tokens in float64."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from helpers.made.checkpoints import StateDict, make_checkpoint
from helpers.oracles.projections_by_loop import projections_by_loop
from neuron_census.checkpoint import projections
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.classify import suppression
from neuron_census.classify.suppression import (
    measure_suppression,
    quantiles,
    rank_percentiles,
)
from neuron_census.errors import CensusError

VOCABULARY = 90
SHAPES: dict[str, dict[str, Any]] = {
    "pre-norm": {},
    "post-norm narrow embedding": {"post_norm": True, "word_embed_proj_dim": 8},
    "half precision": {"dtype": torch.float16},
    "double precision, transposed in the file": {"dtype": torch.float64, "layout": "bin"},
}


def detectors_of(*rows: tuple[int, int, list[int]]) -> pl.DataFrame:
    return pl.DataFrame(
        list(rows),
        schema={"layer": pl.Int16, "neuron": pl.Int32, "tokens": pl.List(pl.Int32)},
        orient="row",
    )


DETECTORS = detectors_of(
    (1, 30, [5]), (0, 7, [4, 80, 12]), (0, 39, [0, 1]), (1, 2, [89, 3, 40, 41]), (0, 8, [77])
)


def percentile_by_loop(values: list[float], token: int) -> float:
    below = sum(value < values[token] for value in values)
    others_equal = sum(value == values[token] for value in values) - 1
    return (below + others_equal / 2) / (len(values) - 1)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_every_number_equals_loops_over_tokens(tmp_path: Path, shape: dict[str, Any]) -> None:
    folder = make_checkpoint(tmp_path / "model", plant=transposed, **shape)
    source = Checkpoint.open(folder)
    assert source.stored("layers.1.fc2.weight").contiguous is (shape.get("layout") != "bin")
    found = measure_suppression(source, VOCABULARY, DETECTORS, "mean")
    own = list(found.tokens.iter_rows(named=True))
    assert found.detectors.select("layer", "neuron").rows() == sorted(
        DETECTORS.select("layer", "neuron").rows()
    )
    for row, spectrum, (layer, neuron, tokens) in zip(
        found.detectors.iter_rows(named=True),
        found.spectra.iter_rows(named=True),
        sorted(DETECTORS.rows()),
        strict=True,
    ):
        values = projections_by_loop(folder, layer, neuron)[:VOCABULARY]
        of_tokens = [values[token] for token in tokens]
        mean = sum(of_tokens) / len(of_tokens)
        negative = sum(value < 0 for value in of_tokens)
        percentiles = {token: percentile_by_loop(values, token) for token in tokens}
        assert row["suppression"] == pytest.approx(mean, rel=1e-5, abs=1e-6)
        assert row["suppresses"] is (mean < 0)
        assert row["suppression_all_negative"] is (negative == len(tokens))
        assert row["suppression_majority_negative"] is (negative > len(tokens) / 2)
        assert row["suppression_percentile"] == pytest.approx(median(percentiles.values()))
        for token in sorted(tokens):
            detail = own.pop(0)
            assert (detail["layer"], detail["neuron"], detail["token"]) == (layer, neuron, token)
            assert detail["projection"] == pytest.approx(values[token], rel=1e-5, abs=1e-6)
            assert detail["percentile"] == pytest.approx(percentiles[token])
        assert spectrum["quantiles"] == pytest.approx(
            [quantile_by_hand(sorted(values), k / 256) for k in range(257)], rel=1e-5, abs=1e-6
        )
    assert not own


def transposed(weights: StateDict) -> None:
    """Store one layer's matrix column by column, as a `.bin` file may have it."""
    weights["layers.1.fc2.weight"] = weights["layers.1.fc2.weight"].T.contiguous().T


def quantile_by_hand(ascending: list[float], share: float) -> float:
    place = share * (len(ascending) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (place - low) * (ascending[high] - ascending[low])


def test_rows_beyond_the_tokenizer_are_left_out(tmp_path: Path) -> None:
    def plant(weights: StateDict) -> None:
        weights["embed_tokens.weight"][VOCABULARY:] *= 1000

    source = Checkpoint.open(make_checkpoint(tmp_path / "model", plant=plant))
    within = measure_suppression(source, VOCABULARY, DETECTORS, "mean")
    beyond = measure_suppression(source, 96, DETECTORS, "mean")
    highest = [found.spectra["quantiles"].list.last().to_numpy() for found in (within, beyond)]
    assert (highest[0] < 10).all() and (highest[1] > 10).all()


@pytest.mark.parametrize("shape", [SHAPES["pre-norm"], SHAPES["post-norm narrow embedding"]])
def test_small_pieces_and_batches_give_the_same_tables(
    tmp_path: Path, shape: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Checkpoint.open(make_checkpoint(tmp_path / "model", **shape))
    detectors = detectors_of(
        *((layer, neuron, [neuron, 80]) for layer in range(2) for neuron in range(40))
    )
    whole = measure_suppression(source, VOCABULARY, detectors, "mean")
    monkeypatch.setattr(suppression, "BATCH", 7)
    monkeypatch.setattr(projections, "PIECE_BYTES", 8 * 40 * 3)
    pieces = measure_suppression(source, VOCABULARY, detectors, "mean")
    for name in ("detectors", "tokens", "spectra"):
        assert getattr(whole, name).equals(getattr(pieces, name)), name


def test_no_more_than_a_batch_of_detectors_and_a_piece_of_a_matrix_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Checkpoint.open(make_checkpoint(tmp_path / "model"))
    monkeypatch.setattr(suppression, "BATCH", 3)
    monkeypatch.setattr(projections, "PIECE_BYTES", 8 * 40 * 2)
    shapes: list[tuple[int, ...]] = []
    read: list[str] = []
    whole = Checkpoint.tensor

    def tensor(self: Checkpoint, name: str, **options: Any) -> torch.Tensor:
        read.append(name)
        return whole(self, name, **options)

    def project(embeddings: torch.Tensor, rows: torch.Tensor) -> np.ndarray:
        shapes.append(tuple(rows.shape))
        return projections.projections(embeddings, rows)

    monkeypatch.setattr(suppression, "projections", project)
    monkeypatch.setattr(Checkpoint, "tensor", tensor)
    detectors = detectors_of(*((1, neuron, [neuron]) for neuron in range(8)))
    measure_suppression(source, VOCABULARY, detectors, "mean")
    assert shapes == [(3, 16), (3, 16), (2, 16)]
    assert set(read) == {"embed_tokens.weight"}, "the rest is read in pieces, or not at all"


@pytest.mark.parametrize(
    ("own", "mean", "every", "majority"),
    [
        ([-1.0, -2.0, -3.0], True, True, True),
        ([-1.0, -1.0, 1.5], True, False, True),
        ([-1.0, -1.0, 5.0], False, False, True),
        ([-9.0, 1.0, 1.0], True, False, False),
        ([-1.0, 1.0], False, False, False),
        ([0.0], False, False, False),
    ],
)
def test_the_readings_of_suppression(
    tmp_path: Path, own: list[float], mean: bool, every: bool, majority: bool
) -> None:
    def plant(weights: StateDict) -> None:
        weights["layers.0.fc2.weight"][:, 6] = torch.eye(16, dtype=torch.float64)[0]
        weights["embed_tokens.weight"][: len(own), 0] = torch.tensor(own, dtype=torch.float64)

    source = Checkpoint.open(make_checkpoint(tmp_path / "model", plant=plant))
    detectors = detectors_of((0, 6, list(range(len(own)))))
    for reading, expected in (("mean", mean), ("all", every), ("majority", majority)):
        row = measure_suppression(source, VOCABULARY, detectors, reading).detectors
        assert row["suppresses"].to_list() == [expected], reading
        assert row["suppression_all_negative"].to_list() == [every]
        assert row["suppression_majority_negative"].to_list() == [majority]


def test_places_are_by_rank_and_equal_ones_share_theirs() -> None:
    ascending = np.array([-3, -1, -1, -1, 0, 8], dtype=np.float32)
    found = rank_percentiles(ascending, np.array([8, -3, -1, 0], dtype=np.float32))
    assert found.tolist() == [1.0, 0.0, 0.4, 0.8]
    single = np.array([2.5], dtype=np.float32)
    assert rank_percentiles(single, single).tolist() == [0.5]
    assert quantiles(single).tolist() == [2.5] * 257


def test_without_detectors_the_tables_are_empty_and_nothing_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Checkpoint.open(make_checkpoint(tmp_path / "model"))
    monkeypatch.setattr(Checkpoint, "tensor", None)
    one = measure_suppression(source, VOCABULARY, detectors_of(), "all")
    monkeypatch.undo()
    some = measure_suppression(source, VOCABULARY, DETECTORS, "all")
    for name in ("detectors", "tokens", "spectra"):
        assert getattr(one, name).is_empty()
        assert getattr(one, name).schema == getattr(some, name).schema


def test_bad_input_is_refused(tmp_path: Path) -> None:
    source = Checkpoint.open(make_checkpoint(tmp_path / "model"))
    with pytest.raises(CensusError, match=r"classify\.ngrams\.suppression: .*did you mean 'mean'"):
        measure_suppression(source, VOCABULARY, DETECTORS, "meen")
    with pytest.raises(CensusError, match=r"ids reach 96, and the embedding has 96 rows"):
        measure_suppression(source, 97, DETECTORS, "mean")
    with pytest.raises(ValueError, match="found one that has none"):
        measure_suppression(source, VOCABULARY, detectors_of((0, 1, [])), "mean")
    with pytest.raises(ValueError, match="outside 0 to 89"):
        measure_suppression(source, VOCABULARY, detectors_of((0, 1, [90])), "mean")


def test_weights_that_are_not_finite_are_named(tmp_path: Path) -> None:
    def plant(weights: StateDict) -> None:
        weights["layers.0.fc2.weight"][3, 7] = math.nan

    source = Checkpoint.open(make_checkpoint(tmp_path / "model", plant=plant))
    with pytest.raises(CensusError, match=r"layers\.0\.fc2\.weight' holds 1 NaN"):
        measure_suppression(source, VOCABULARY, DETECTORS, "mean")
