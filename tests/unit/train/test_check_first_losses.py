"""First steps that are taken again: the same losses to the last bit, and a refusal of any other recipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.made.training import SHAPE, train
from neuron_census.errors import CensusError
from neuron_census.train.check_first_losses import check_first_losses
from neuron_census.train.first_losses import FILE, STEPS, read_first_losses


@pytest.fixture(scope="module")
def folder(text: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of thirty steps, of which it keeps the losses of the first."""
    return train(text, tmp_path_factory.mktemp("trained") / "model", steps=30)


def taken_again(
    text: tuple[Path, Path], checkpoint: Path, output: Path, **recipe: Any
) -> pl.DataFrame:
    domain, tokenizer = text
    check_first_losses(
        domains=[domain],
        tokenizer=tokenizer,
        spec=json.dumps({**SHAPE, "steps": 30, **recipe}),
        checkpoint=checkpoint,
        output=output,
    )
    return pl.read_csv(output)


def test_losses_are_the_same_to_the_last_bit(
    text: tuple[Path, Path], folder: Path, tmp_path: Path
) -> None:
    losses = read_first_losses(folder)
    assert len(losses) == STEPS and len(set(losses)) == STEPS
    found = taken_again(text, folder, tmp_path / "losses.csv")
    assert found["step"].to_list() == list(range(STEPS))
    assert found["recorded"].to_list() == found["again"].to_list() == losses
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        ".losses.csv.seal",
        "losses.csv",
    ]


@pytest.mark.parametrize(
    "changed", [{"seed": 1}, {"learning_rate": 1e-3}, {"last_target": True}, {"layers": 1}]
)
def test_another_recipe_is_refused(
    text: tuple[Path, Path], folder: Path, tmp_path: Path, changed: dict[str, Any]
) -> None:
    with pytest.raises(CensusError, match=r"the loss of step \d+ was \d\.\d+, and is \d\.\d+ now"):
        taken_again(text, folder, tmp_path / "losses.csv", **changed)
    assert not (tmp_path / "losses.csv").exists()


def test_a_checkpoint_that_does_not_say_its_losses(text: tuple[Path, Path], tmp_path: Path) -> None:
    folder = train(text, tmp_path / "model", steps=2)
    assert len(read_first_losses(folder)) == 2, "of a shorter run all"
    (folder / FILE).unlink()
    with pytest.raises(CensusError, match=r"first_losses\.json: cannot be read"):
        taken_again(text, folder, tmp_path / "losses.csv")
