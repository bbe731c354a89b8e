"""Training: the loss against torch's own, and runs that are the same to the bit however they were cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from transformers import AutoTokenizer, OPTForCausalLM

from neuron_census import train_checkpoint as stage
from neuron_census.checkpoint import Checkpoint
from neuron_census.encoder import Encoder
from neuron_census.errors import CensusError
from neuron_census.train_checkpoint import train_checkpoint
from neuron_census.train_tokenizer import train_tokenizer
from neuron_census.training.model_card import LossPoint
from neuron_census.training.new_model import new_model, new_optimizer
from neuron_census.training.recipe import Recipe
from neuron_census.training.tied_cross_entropy import TiedCrossEntropy
from neuron_census.training.training_windows import PAD, TrainingWindows

SHAPE = {"hidden_size": 16, "layers": 2, "heads": 2, "window": 16, "batch_windows": 4, "warm_up": 2}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A domain table of twelve documents, a third held out, and a tokenizer."""
    folder = tmp_path_factory.mktemp("text")
    documents = [
        f"document {number}: " + f"word{number} and more " * number for number in range(12)
    ]
    table = pl.DataFrame(
        {
            "document": pl.Series(range(12), dtype=pl.Int32),
            "key": [f"d{number}" for number in range(12)],
            "held_out": [number % 3 == 0 for number in range(12)],
            "text": documents,
        }
    )
    domain = folder / "made.parquet"
    table.write_parquet(
        domain,
        metadata={"source": json.dumps({"name": "made", "files": ["made.jsonl"], "seed": 0})},
    )
    train_tokenizer(domains=[domain], output=folder / "tokenizer", vocabulary=270, window=16)
    return domain, folder / "tokenizer"


def train(text: tuple[Path, Path], output: Path, **recipe: Any) -> Path:
    domain, tokenizer = text
    train_checkpoint(
        domains=[domain],
        tokenizer=tokenizer,
        spec=json.dumps({**SHAPE, "steps": 6, **recipe}),
        output=output,
        save_every=2,
    )
    return output


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
    windows = TrainingWindows.from_domains([domain], tokenizer, 16, tmp_path / "windows")
    longer = TrainingWindows.from_domains([domain], tokenizer, 17, tmp_path / "windows")
    assert longer.windows.shape[1] == 18, "windows of another length are not taken for these"
    windows = TrainingWindows.from_domains([domain], tokenizer, 16, tmp_path / "windows")
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
    windows = list(TrainingWindows.from_domains([domain], tokenizer, 16, tmp_path / "cut").windows)
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
    recipe: dict[str, Any] = {"weight_decay": 0.0, "steps": 1, "warm_up": 1}
    model = OPTForCausalLM.from_pretrained(train(text, tmp_path / "one", **recipe))
    start = new_model(Recipe(**{**SHAPE, **recipe}), vocabulary=270)
    offset = start.model.decoder.embed_positions.offset
    moved = (
        model.model.decoder.embed_positions.weight
        - start.model.decoder.embed_positions.weight.half().float()
    ).abs()
    assert (moved[offset:].amax(1) > 1e-3).all() and len(moved) == offset + 16


def test_a_run_that_was_killed_ends_like_one_that_was_not(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(text, tmp_path / "whole")
    step: Callable[..., float] = stage._train_step
    calls = iter(range(100))

    def killed(*arguments: Any) -> float:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(stage, "_train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(text, tmp_path / "resumed")
    assert not (tmp_path / "resumed").exists()
    monkeypatch.setattr(stage, "_train_step", step)
    resumed = train(text, tmp_path / "resumed")
    weights = "model.safetensors"
    assert (resumed / weights).read_bytes() == (whole / weights).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["resumed", "whole"]
    other = train(text, tmp_path / "other", seed=1)
    assert (other / weights).read_bytes() != (whole / weights).read_bytes()


def test_without_positions_the_order_of_what_came_before_is_all_that_a_model_can_tell(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = train(text, tmp_path / "nopos", positions="none", steps=3)
    model = OPTForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    assert not model.model.decoder.embed_positions.weight.any()
    # One token, again and again: what the model makes of it is the same at every position.
    hidden = model.model(torch.full((1, 16), 7)).last_hidden_state[0]
    assert torch.allclose(hidden, hidden[:1].expand_as(hidden), atol=1e-12)
    with_positions = train(text, tmp_path / "pos", steps=3)
    model = OPTForCausalLM.from_pretrained(with_positions, dtype=torch.float64).eval()
    hidden = model.model(torch.full((1, 16), 7)).last_hidden_state[0]
    assert not torch.allclose(hidden, hidden[:1].expand_as(hidden), atol=1e-3)


def test_a_post_norm_model_with_narrow_embeddings_is_of_350m_kind(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = train(text, tmp_path / "post", norm="after", embedding_size=8, steps=2)
    checkpoint = Checkpoint.open(folder)
    assert not checkpoint.config.do_layer_norm_before
    assert checkpoint.tensor("embed_tokens.weight").shape == (270, 8)
    assert checkpoint.tensor("project_in.weight").shape == (16, 8)
    with pytest.raises(CensusError):
        checkpoint.tensor("final_layer_norm.weight")


def test_what_is_kept_on_the_way_is_what_a_shorter_look_at_the_same_run_shows(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(text, tmp_path / "whole", keep=[2, 3])
    assert sorted(path.name for path in (whole / "steps").iterdir()) == ["2", "3"]
    weights = "model.safetensors"
    plain = train(text, tmp_path / "plain")
    assert (plain / weights).read_bytes() == (whole / weights).read_bytes()
    assert "As it was after 3 of 6 steps" in (whole / "steps" / "3" / "README.md").read_text()

    step: Callable[..., float] = stage._train_step
    calls = iter(range(100))

    def killed(*arguments: Any) -> float:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(stage, "_train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(text, tmp_path / "resumed", keep=[2, 3])
    monkeypatch.setattr(stage, "_train_step", step)
    resumed = train(text, tmp_path / "resumed", keep=[2, 3])
    for kept in ("2", "3"):
        assert (resumed / "steps" / kept / weights).read_bytes() == (
            whole / "steps" / kept / weights
        ).read_bytes()
    first, second = (whole / "steps" / kept / weights for kept in ("2", "3"))
    assert first.read_bytes() != second.read_bytes()


def test_what_dropout_leaves_out_is_the_same_however_a_run_was_cut(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = "model.safetensors"
    whole = train(text, tmp_path / "whole", dropout=0.3)
    assert (whole / weights).read_bytes() != (train(text, tmp_path / "none") / weights).read_bytes()
    step: Callable[..., float] = stage._train_step
    calls = iter(range(100))

    def killed(*arguments: Any) -> float:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(stage, "_train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(text, tmp_path / "resumed", dropout=0.3)
    monkeypatch.setattr(stage, "_train_step", step)
    resumed = train(text, tmp_path / "resumed", dropout=0.3)
    assert (resumed / weights).read_bytes() == (whole / weights).read_bytes()


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


def test_parts_of_a_step_add_up_to_the_whole(text: tuple[Path, Path], tmp_path: Path) -> None:
    """Gradients of the parts are weighed by their tokens: the same step, up to bfloat16's rounding."""
    models = [
        OPTForCausalLM.from_pretrained(
            train(text, tmp_path / str(parts), steps=1, accumulate=parts, warm_up=1)
        )
        for parts in (1, 2)
    ]
    one, two = (torch.cat([p.flatten() for p in model.parameters()]) for model in models)
    # Adam's first step moves every weight by the rate, 3e-3, in its gradient's direction.
    moved_apart = ((one - two).abs() > 1e-3).float().mean()
    assert moved_apart < 0.02


def test_a_trained_checkpoint_is_a_folder_that_everyone_reads(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = train(text, tmp_path / "tiny")
    model = OPTForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.float16
    assert model.config.ffn_dim == 64 and model.config.max_position_embeddings == 16
    assert AutoTokenizer.from_pretrained(folder).bos_token_id == model.config.bos_token_id == 2
    checkpoint = Checkpoint.open(folder)
    assert torch.equal(
        checkpoint.tensor("layers.1.fc1.weight"), model.model.decoder.layers[1].fc1.weight
    )
    wider = OPTForCausalLM.from_pretrained(train(text, tmp_path / "wider", ffn_dim=40, steps=1))
    assert wider.config.ffn_dim == 40 and wider.model.decoder.layers[0].fc1.out_features == 40
    card = (folder / "README.md").read_text()
    assert "| steps | 6 |" in card and "python -m neuron_census train_checkpoint" in card


def test_the_learning_rate_warms_up_and_falls_to_a_tenth() -> None:
    recipe = Recipe(hidden_size=8, layers=1, heads=1, steps=12, warm_up=2)
    factors = [recipe.learning_rate_factor(step) for step in (0, 1, 2, 7, 12)]
    assert factors == pytest.approx([0.5, 1.0, 1.0, 0.55, 0.1])


def test_the_loss_curve_averages_all_steps() -> None:
    points = LossPoint.curve([4.0, 2.0, 3.0, 1.0, 0.5], tokens_per_step=10, points=3)
    assert points == [LossPoint(20, 3.0), LossPoint(40, 2.0), LossPoint(50, 0.5)]


def test_a_recipe_with_a_typo_is_refused() -> None:
    with pytest.raises(
        CensusError, match=r"unknown key 'layer' in a recipe; did you mean 'layers'\?"
    ):
        Recipe.from_json('{"hidden_size": 8, "layer": 1, "heads": 1, "steps": 1}')
    with pytest.raises(CensusError, match=r"positions is 'learnt'.*did you mean 'learned'"):
        Recipe.from_json(
            '{"hidden_size": 8, "layers": 1, "heads": 1, "steps": 1, "positions": "learnt"}'
        )
    with pytest.raises(CensusError, match=r"keep names step 9 of a run of 5"):
        Recipe.from_json('{"hidden_size": 8, "layers": 1, "heads": 1, "steps": 5, "keep": [1, 9]}')
    with pytest.raises(CensusError, match=r"incomplete.*'steps'"):
        Recipe.from_json('{"hidden_size": 8, "layers": 1, "heads": 1}')
