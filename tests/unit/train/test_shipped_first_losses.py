"""The first steps of shipped models, trained again from the windows that they read, have the losses of then.

`snakemake check_demo_family` does the same for every shipped model, from its text, in some minutes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from jaxtyping import Int64

from helpers.repository import REPOSITORY
from neuron_census.train.check_first_losses import TOLERANCE, first_losses
from neuron_census.train.first_losses import STEPS, read_first_losses
from neuron_census.train.recipe import Recipe
from neuron_census.train.training_windows import PAD, TrainingWindows

WINDOWS = Path(__file__).parent / "first_windows"
CHECKPOINTS = REPOSITORY / "resources" / "checkpoints"
CONFIG: dict[str, Any] = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text())
RECIPES = CONFIG["train"]["checkpoints"]


class FirstWindows(TrainingWindows):
    """The windows of the first steps alone, `[step, window, length]`, right-padded."""

    def batch(self, step: int, size: int, seed: int) -> Int64[np.ndarray, "size length"]:
        """Return the windows of a step, trimmed to the longest of them."""
        chosen: np.ndarray = np.load(WINDOWS / f"{next(iter(self.domain_tokens))}.npz")["windows"][
            step
        ]
        longest = int((chosen != PAD).sum(axis=1).max())
        trimmed: Int64[np.ndarray, "size length"] = chosen[:, :longest].astype(np.int64)
        return trimmed


@pytest.mark.parametrize(("name", "steps"), [("opt-mini-s", 5), ("opt-mini-wide", STEPS)])
def test_the_first_steps_have_the_losses_of_then(name: str, steps: int) -> None:
    given = {
        key: value for key, value in RECIPES[name].items() if key not in ("domains", "tokenizer")
    }
    shape = json.loads((CHECKPOINTS / name / "config.json").read_text())
    windows = FirstWindows(np.zeros((1, 1), np.uint16), {name: 0}, shape["vocab_size"])
    again = first_losses(Recipe.from_json(json.dumps(given)), windows, steps)
    assert again == pytest.approx(read_first_losses(CHECKPOINTS / name)[:steps], abs=TOLERANCE)
    # A run that learns nothing, or reads other windows, is farther off than that.
    assert again[0] - again[-1] > 20 * TOLERANCE


@pytest.mark.parametrize("name", sorted(name for name in RECIPES if name.startswith("opt-mini-")))
def test_every_shipped_model_says_its_first_losses(name: str) -> None:
    losses = read_first_losses(CHECKPOINTS / name)
    assert len(losses) == STEPS and min(losses) < losses[0] < 10
