"""Projections of a single neuron, against a loop over tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.made.checkpoints import make_checkpoint, make_tokenizer
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError
from neuron_census.library.project import project
from neuron_census.tokenizer.encoder import Encoder

WORDS = ("the", "cat")
VOCABULARY = 4 + 256 + 4
SHAPES: dict[str, dict[str, Any]] = {
    "pre-norm": {},
    "post-norm, narrow embedding": {"post_norm": True, "word_embed_proj_dim": 8},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_token_has_its_projection_the_highest_first(tmp_path: Path, shape: str) -> None:
    # Rows beyond the tokenizer belong to no token.
    folder = make_checkpoint(tmp_path / "model", vocab_size=VOCABULARY + 8, **SHAPES[shape])
    tokenizer = make_tokenizer(tmp_path / "tokenizer", words=WORDS)
    source = Checkpoint.open(folder)
    row = [line[7] for line in source.tensor("layers.1.fc2.weight").double().tolist()]
    if "project_out.weight" in source.tensors:
        out = source.tensor("project_out.weight").double().tolist()
        row = [sum(a * b for a, b in zip(line, row, strict=True)) for line in out]
    embeddings = source.tensor("embed_tokens.weight").double().tolist()[:VOCABULARY]
    by_hand = [sum(a * b for a, b in zip(line, row, strict=True)) for line in embeddings]
    found = project(folder, 1, 7, tokenizer=tokenizer)
    assert len(found) == VOCABULARY
    assert found["value"].is_sorted(descending=True)
    for token, value in found.select("token", "value").iter_rows():
        assert value == pytest.approx(by_hand[token], rel=1e-5, abs=1e-7)
    texts = dict(found.select("token", "text").iter_rows())
    ids = Encoder.open(tokenizer).tokenizer.get_vocab()
    assert {texts[ids[word]] for word in WORDS} == set(WORDS)


@pytest.mark.parametrize("place", [(3, 0), (0, 40), (-1, 0), (0, -1)])
def test_a_neuron_that_is_not_there_is_refused(tmp_path: Path, place: tuple[int, int]) -> None:
    folder = make_checkpoint(tmp_path / "model", vocab_size=264)
    make_tokenizer(folder)
    with pytest.raises(CensusError, match="layers from 0 to 2 and neurons from 0 to 39"):
        project(str(folder), *place)
