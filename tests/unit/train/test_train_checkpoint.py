"""Training: the loss against torch's own, and runs that are the same to the bit however they were cut."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, OPTForCausalLM

from helpers.made.training import train, train_killed
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError
from neuron_census.train.first_losses import read_first_losses
from neuron_census.train.model_card import LossPoint
from neuron_census.train.recipe import Recipe


def test_a_run_that_was_killed_ends_like_one_that_was_not(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(text, tmp_path / "whole")
    resumed = train_killed(text, tmp_path / "resumed", monkeypatch, at=4)
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

    resumed = train_killed(text, tmp_path / "resumed", monkeypatch, at=3, keep=[2, 3])
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
    resumed = train_killed(text, tmp_path / "resumed", monkeypatch, at=3, dropout=0.3)
    assert (resumed / weights).read_bytes() == (whole / weights).read_bytes()


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


def test_eager_attention_is_the_same_attention_rounded_otherwise(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    fused, eager = (
        read_first_losses(train(text, tmp_path / name, attention=name))
        for name in ("fused", "eager")
    )
    assert fused == pytest.approx(eager, abs=0.01) and fused != eager
    assert "eager" not in (tmp_path / "eager" / "config.json").read_text(), "of training alone"


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
