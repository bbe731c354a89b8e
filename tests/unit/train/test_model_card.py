"""The card of a checkpoint: the licences of its text, and the machine that made its weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from helpers.made.training import train
from helpers.repository import REPOSITORY
from neuron_census.train.processor import machine


def test_licences_of_the_text_are_on_the_card(text: tuple[Path, Path], tmp_path: Path) -> None:
    known = train(text, tmp_path / "known", steps=1, licences={"made": "CC0-1.0", "other": "MIT"})
    card = (known / "README.md").read_text()
    assert "| made | CC0-1.0 | " in card and "| other |" not in card
    assert '--licences \'{"made": "CC0-1.0"' in card, "who trains it again has them, too"
    unknown = train(text, tmp_path / "unknown", steps=1)
    assert "| made | not known | " in (unknown / "README.md").read_text()


def test_the_card_says_which_machine_made_the_weights(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = (train(text, tmp_path / "model", steps=1) / "README.md").read_text()
    assert f" on {machine('cpu', 1)}, bf16 autocast" in card
    assert machine("cpu", 1).startswith("a CPU (") and machine("cpu", 1).endswith(", 1 thread)")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Name 9000")
    assert machine("cuda", 2) == "a GPU (Name 9000)"


def test_the_licence_of_every_domain_that_a_recipe_names_is_in_the_config() -> None:
    config = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text())
    recipes = [*config["train"]["checkpoints"].values(), *config["train"]["tokenizers"].values()]
    named = {domain for recipe in recipes for domain in recipe["domains"]}
    assert named <= set(config["train"]["licences"]) <= set(config["domains"])
