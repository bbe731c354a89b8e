"""What training reads, what it is scored by, and the model at step 0."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from transformers import AutoTokenizer, OPTForCausalLM

from helpers.made.training import SHAPE, train
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.train.new_model import new_model, new_optimizer
from neuron_census.train.recipe import Recipe
from neuron_census.train.tied_cross_entropy import TiedCrossEntropy
from neuron_census.train.training_windows import PAD, TrainingWindows


def test_the_loss_and_its_gradients_are_those_of_torch() -> None:
    torch.manual_seed(0)
    # Values that bfloat16 holds exactly, so that the products differ by rounding of the gradients only.
    hidden = torch.randn(600, 32).bfloat16().float().requires_grad_()
    embedding = torch.randn(100, 32).mul(0.1).bfloat16().float().requires_grad_()
    targets = torch.randint(0, 100, (600,))
    loss = TiedCrossEntropy.apply(hidden, embedding, targets)  # type: ignore[no-untyped-call]
    loss.backward()
    found = [leaf.grad for leaf in (hidden, embedding)]
    hidden.grad = embedding.grad = None
    expected = torch.nn.functional.cross_entropy(hidden @ embedding.T, targets)
    expected.backward()
    # The logits are rounded to bfloat16 (8 bits): relative error 2^-9 each, less in the mean.
    assert loss.item() == pytest.approx(expected.item(), rel=2**-9)
    for ours, leaf in zip(found, (hidden, embedding), strict=True):
        theirs = leaf.grad
        assert ours is not None and theirs is not None
        assert (ours - theirs).norm() < 2**-6 * theirs.norm()


def test_training_reads_what_is_not_held_out_and_every_window_once_an_epoch(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    domain, tokenizer = text
    windows = TrainingWindows.from_domains(
        [domain], tokenizer, 16, tmp_path / "windows", last_target=True
    )
    longer = TrainingWindows.from_domains(
        [domain], tokenizer, 17, tmp_path / "windows", last_target=True
    )
    assert longer.windows.shape[1] == 18, "windows of another length are not taken for these"
    windows = TrainingWindows.from_domains(
        [domain], tokenizer, 16, tmp_path / "windows", last_target=True
    )
    reader = AutoTokenizer.from_pretrained(tokenizer)
    whole = " ".join(str(reader.decode(row[:16][row[:16] != PAD][1:])) for row in windows.windows)
    assert "document 1:" in whole and "document 3:" not in whole and "document 6:" not in whole
    count = len(windows.windows)
    read = [
        tuple(row[row != PAD]) for step in range(count) for row in windows.batch(step, 2, seed=0)
    ]
    expected = sorted(tuple(row[row != PAD]) for row in windows.windows)
    assert sorted(read[:count]) == expected and sorted(read[count:]) == expected
    assert read[:count] != read[count:], "each epoch has an order of its own"


def test_every_position_of_a_full_window_has_a_target_and_no_token_is_lost(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    domain, tokenizer = text
    encoder = Encoder.open(tokenizer)
    windows = list(
        TrainingWindows.from_domains(
            [domain], tokenizer, 16, tmp_path / "cut", last_target=True
        ).windows
    )
    texts = pl.read_parquet(domain).filter(~pl.col("held_out"))["text"].to_list()
    for document in encoder.encode(texts):
        starts = range(0, len(document), 15)
        mine, windows = windows[: len(starts)], windows[len(starts) :]
        for window, start in zip(mine, starts, strict=True):
            expected = [encoder.bos, *document[start : start + 16]]
            assert window[window != PAD].tolist() == expected
        read = np.concatenate([window[1:16] for window in mine])
        assert read[: len(document)].tolist() == document.tolist()
    assert not windows


def test_the_embedding_of_the_last_position_is_trained(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    recipe: dict[str, Any] = {"weight_decay": 0.0, "steps": 1, "warm_up": 1, "last_target": True}
    model = OPTForCausalLM.from_pretrained(train(text, tmp_path / "one", **recipe))
    start = new_model(Recipe(**{**SHAPE, **recipe}), vocabulary=270)
    offset = start.model.decoder.embed_positions.offset
    moved = (
        model.model.decoder.embed_positions.weight
        - start.model.decoder.embed_positions.weight.half().float()
    ).abs()
    assert (moved[offset:].amax(1) > 1e-3).all() and len(moved) == offset + 16


def test_positions_decay_unless_the_recipe_spares_them() -> None:
    recipe = Recipe(hidden_size=8, layers=1, heads=1, steps=1, window=16)
    model = new_model(recipe, vocabulary=20)
    table = model.model.decoder.embed_positions.weight
    for spared in (False, True):
        decaying, others = new_optimizer(
            model, replace(recipe, decay_positions=not spared)
        ).param_groups
        assert decaying["weight_decay"] == 0.1 and others["weight_decay"] == 0.0
        assert any(parameter is table for parameter in others["params"]) == spared
        assert all(parameter.ndim >= 2 for parameter in decaying["params"])


def test_the_deviation_of_the_first_weights_is_the_recipe_s() -> None:
    recipe = Recipe(hidden_size=64, layers=1, heads=1, steps=1)
    for deviation in (0.02, 0.006):
        model = new_model(replace(recipe, initial_deviation=deviation), vocabulary=500)
        assert model.model.decoder.layers[0].fc1.weight.detach().std() == pytest.approx(
            deviation, rel=0.05
        )
    assert recipe.initial_deviation == 0.02
