"""What neurons do in a text, against transformers in float64, and the census that stands beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from transformers import OPTForCausalLM

from helpers.made.checkpoints import make_checkpoint, make_tokenizer
from helpers.planted.run import NAME, Run
from neuron_census.errors import CensusError
from neuron_census.library.activations import activations
from neuron_census.library.asked import firings_by_kind, ngrams_found
from neuron_census.tokenizer.encoder import Encoder

TEXT = "Once upon a time, twice."
SHAPES: dict[str, dict[str, Any]] = {
    "pre-norm": {},
    "post-norm, narrow embedding": {"post_norm": True, "word_embed_proj_dim": 8},
}


def pre_activations_by_transformers(checkpoint: Path, ids: list[int]) -> np.ndarray:
    """Return the outputs of fc1, `[layer, position, neuron]`, of the whole model in float64."""
    model = OPTForCausalLM.from_pretrained(checkpoint, dtype=torch.float64).eval()
    seen: list[np.ndarray] = []
    for layer in model.model.decoder.layers:
        layer.fc1.register_forward_hook(
            lambda _module, _input, output: seen.append(output.numpy().reshape(len(ids), -1))
        )
    with torch.no_grad():
        model(input_ids=torch.tensor([ids]))
    return np.stack(seen)


@pytest.mark.parametrize("shape", SHAPES)
def test_pre_activations_are_those_of_transformers(tmp_path: Path, shape: str) -> None:
    folder = make_checkpoint(
        tmp_path / "model", vocab_size=264, dtype=torch.float64, **SHAPES[shape]
    )
    make_tokenizer(folder)
    ids = [2, *Encoder.open(folder).tokenizer.encode(TEXT, add_special_tokens=False).ids]
    expected = pre_activations_by_transformers(folder, ids)
    found = activations(folder, TEXT, device="cpu")
    assert found.tokens["token"].to_list() == ids
    assert "".join(found.tokens["text"][1:]) == TEXT
    assert found.pre_activations.dtype == np.float64
    np.testing.assert_allclose(found.pre_activations, expected, rtol=1e-9, atol=1e-11)
    assert np.array_equal(found.active, expected > 0)
    np.testing.assert_allclose(found.values, expected.clip(min=0), rtol=1e-9, atol=1e-11)
    assert found.neurons is None
    firings = found.firings()
    assert len(firings) == (expected > 0).sum()
    row = firings.row(len(firings) // 2, named=True)
    place = (row["layer"], row["position"], row["neuron"])
    assert row["value"] == pytest.approx(expected[place], rel=1e-9) and row["value"] > 0
    assert row["token"] == ids[row["position"]]


def test_half_precision_is_held_as_float32(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model", vocab_size=264, dtype=torch.bfloat16)
    make_tokenizer(folder)
    found = activations(folder, TEXT, device="cpu")
    assert found.pre_activations.dtype == np.float32
    as_bfloat16 = torch.from_numpy(found.pre_activations).bfloat16().float().numpy()
    assert np.array_equal(found.pre_activations, as_bfloat16)
    wider = activations(folder, TEXT, dtype="float64", device="cpu")
    assert wider.pre_activations.dtype == np.float64


def test_the_census_stands_beside_every_firing(run: Run) -> None:
    found = activations(run.model.checkpoint, "thedogcat", census=run.census, device="cpu")
    assert found.model == NAME
    assert found.pre_activations.dtype == np.float64
    firings = found.firings()
    census = {
        (row["layer"], row["neuron"]): row
        for row in pl.read_parquet(run.results / "census" / f"{NAME}.parquet").to_dicts()
    }
    assert len(firings) == found.active.sum()
    for row in firings.to_dicts()[::5]:
        of_census = census[row["layer"], row["neuron"]]
        assert {name: row[name] for name in of_census} == of_census


def test_planted_detectors_fire_where_their_ngrams_end(run: Run) -> None:
    """The census calls them detectors, and the n-gram that ends there is named; elsewhere they are silent."""
    words = ["law", "dog", "red", "ice", "of", "war", "joy", "joy"]
    found = activations(run.model.checkpoint, "".join(words), census=run.census, device="cpu")
    ids = found.tokens["token"].to_list()
    assert ids == [2, *(run.model.ids[word] for word in words)]
    detectors = firings_by_kind(found)["detectors"]
    named = ngrams_found(run.census, found, detectors)
    for name in (
        "bigrams, suppressed",
        "trigram",
        "a word twice",
        "five tokens, mostly suppressed",
    ):
        planted = run.model.planted[name]
        expected = [place for place in range(len(ids)) if planted.is_active(ids, place)]
        here = (pl.col("layer") == planted.layer) & (pl.col("neuron") == planted.neuron)
        assert detectors.filter(here)["position"].to_list() == expected != [], name
        n = len(planted.places)
        texts = named.filter(here, pl.col("n") == n)["ngram"].to_list()
        assert texts == ["".join(words[place - n : place]) for place in expected], name


def test_a_neuron_that_was_dead_in_the_census_is_found_alive(run: Run) -> None:
    planted = run.model.planted["dead in the dead study"]
    found = activations(run.model.checkpoint, "thenever", census=run.census, device="cpu")
    dead = firings_by_kind(found)["dead"]
    here = dead.filter(pl.col("layer") == planted.layer, pl.col("neuron") == planted.neuron)
    assert here["text"].to_list() == ["never"]
    assert dead["dead"].all()


def test_a_text_that_is_too_long_is_refused(run: Run) -> None:
    with pytest.raises(CensusError, match=r"the text has 16 tokens, and .* at most 15"):
        activations(run.model.checkpoint, "the" * 16, device="cpu")


def test_another_checkpoint_and_another_tokenizer_are_refused(run: Run, tmp_path: Path) -> None:
    other = make_checkpoint(
        tmp_path / "other", vocab_size=run.model.windows.vocabulary, max_position_embeddings=16
    )
    tokenizer = run.model.tokenizer
    with pytest.raises(CensusError, match=f"no census of them; it has {NAME}"):
        activations(other, "the", census=run.census, tokenizer=tokenizer)
    with pytest.raises(CensusError, match="Name the checkpoint that was recorded"):
        activations(other, "the", census=run.census, model=NAME, tokenizer=tokenizer)
    with pytest.raises(CensusError, match="Allowed: planted"):
        activations(other, "the", census=run.census, model="plant", tokenizer=tokenizer)
    bytes_alone = make_tokenizer(tmp_path / "tokenizer", max_position_embeddings=16)
    with pytest.raises(CensusError, match="were cut with another one"):
        activations(run.model.checkpoint, "the", census=run.census, tokenizer=bytes_alone)
