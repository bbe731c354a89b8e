"""The most promoted and suppressed tokens against sorted lists, and whose are listed."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from helpers.made.checkpoints import StateDict, make_checkpoint
from helpers.oracles.projections_by_loop import projections_by_loop
from neuron_census.checkpoint import projections
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.classify import promoted_tokens
from neuron_census.classify.promoted_tokens import extremes, list_promoted, neurons_to_project
from neuron_census.errors import CensusError
from neuron_census.formats.tables.ngrams import PROJECTIONS

VOCABULARY = 90
PLACE = PROJECTIONS.types("layer", "neuron")
SHAPES: dict[str, dict[str, Any]] = {
    "pre-norm": {},
    "post-norm narrow embedding": {"post_norm": True, "word_embed_proj_dim": 8},
    "half precision": {"dtype": torch.float16},
}


def neurons(*places: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(list(places), schema=PLACE, orient="row")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_the_listed_tokens_are_those_of_a_loop(tmp_path: Path, shape: dict[str, Any]) -> None:
    folder = make_checkpoint(tmp_path / "model", **shape)
    chosen = neurons((0, 7), (0, 39), (1, 2))
    found = pl.concat(list_promoted(Checkpoint.open(folder), VOCABULARY, chosen))
    assert found.select("layer", "neuron").unique(maintain_order=True).equals(chosen)
    for (layer, neuron), rows in found.group_by("layer", "neuron"):
        values = projections_by_loop(folder, int(str(layer)), int(str(neuron)))[:VOCABULARY]
        promoted = sorted(range(VOCABULARY), key=lambda token: (-values[token], token))[:10]
        suppressed = sorted(range(VOCABULARY), key=lambda token: (values[token], token))[:10]
        assert rows["rank"].to_list() == [*range(1, 11), *range(-1, -11, -1)]
        assert rows["token"].to_list() == promoted + suppressed
        expected = [values[token] for token in promoted + suppressed]
        assert rows["value"].to_list() == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("size", [1, 2, 5, 19, 20, 21, 60])
def test_no_token_is_promoted_and_suppressed_and_equal_ones_are_in_order(size: int) -> None:
    drawn = random.Random(size)
    rows = [
        [0.0] * size,
        [float(drawn.randrange(3)) for _ in range(size)],
        [drawn.random() for _ in range(size)],
    ]
    for values, promoted, suppressed in zip(
        rows, *(found.tolist() for found in extremes(torch.tensor(rows))), strict=True
    ):
        expected = sorted(range(size), key=lambda token: (-values[token], token))
        assert promoted == expected[: min(10, math.ceil(size / 2))]
        rest = [token for token in range(size) if token not in promoted]
        rest.sort(key=lambda token: (values[token], token))
        assert suppressed == rest[: min(10, size // 2)]


def test_rows_beyond_the_tokenizer_are_left_out(tmp_path: Path) -> None:
    def plant(weights: StateDict) -> None:
        weights["embed_tokens.weight"][VOCABULARY:] *= 1000

    source = Checkpoint.open(make_checkpoint(tmp_path / "model", plant=plant))
    for vocabulary, beyond in ((VOCABULARY, False), (96, True)):
        [found] = list_promoted(source, vocabulary, neurons((0, 1), (0, 5)))
        assert (found["token"] >= VOCABULARY).any() is beyond
    with pytest.raises(CensusError, match=r"ids reach 96, and the embedding has 96 rows"):
        list(list_promoted(source, 97, neurons((0, 1))))


def test_small_batches_and_pieces_give_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Checkpoint.open(make_checkpoint(tmp_path / "model"))
    every = neurons(*((layer, neuron) for layer in range(2) for neuron in range(40)))
    whole = pl.concat(list_promoted(source, VOCABULARY, every))
    monkeypatch.setattr(promoted_tokens, "BATCH", 7)
    monkeypatch.setattr(projections, "PIECE_BYTES", 8 * 40 * 3)
    parts = list(list_promoted(source, VOCABULARY, every))
    assert len(parts) == 12 and pl.concat(parts).equals(whole)


def test_where_it_is_cheap_every_alive_neuron_is_listed_and_else_the_special_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dead = np.array([[False, True, False], [False, False, True]])
    place = {"layer": [0, 0, 0, 1, 1, 1], "neuron": [0, 1, 2] * 2}
    ngrams = pl.DataFrame(
        place
        | {
            "unigram_detector": [True, False, False, None, None, None],
            "bigram_detector": [True, False, False, None, None, None],
            "trigram_detector": [False, False, False, None, None, None],
        },
        schema_overrides=PLACE,
    )
    positions = pl.DataFrame(
        place | {"positional": [True, False, False, False, True, False]}, schema_overrides=PLACE
    )
    monkeypatch.setattr(promoted_tokens, "CHEAP", 40)
    found = neurons_to_project(dead, [ngrams, positions], 10)
    assert found.rows() == [(0, 0), (0, 2), (1, 0), (1, 1)] and found.schema == PLACE
    special = neurons_to_project(dead, [ngrams, positions], 11)
    assert special.rows() == [(0, 0), (1, 1)] and special.schema == PLACE
    assert neurons_to_project(dead, [None, positions], 11).rows() == [(0, 0), (1, 1)]
    assert neurons_to_project(dead, [None, None], 11).is_empty()
