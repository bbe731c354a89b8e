"""A short training run of a tiny model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from neuron_census.train import train_checkpoint as stage
from neuron_census.train.take_step import take_step
from neuron_census.train.train_checkpoint import train_checkpoint

SHAPE = {"hidden_size": 16, "layers": 2, "heads": 2, "window": 16, "batch_windows": 4, "warm_up": 2}


def train(
    text: tuple[Path, Path],
    output: Path,
    licences: Mapping[str, str] | None = None,
    **recipe: Any,
) -> Path:
    """Train a tiny model for six steps on a domain with a tokenizer, and return its folder."""
    domain, tokenizer = text
    train_checkpoint(
        domains=[domain],
        tokenizer=tokenizer,
        spec=json.dumps({**SHAPE, "steps": 6, **recipe}),
        output=output,
        licences=json.dumps(licences or {}),
        save_every=2,
    )
    return output


def train_killed(
    text: tuple[Path, Path], output: Path, patch: pytest.MonkeyPatch, *, at: int, **recipe: Any
) -> Path:
    """Train as `train` does, but for a run that is killed before step `at`, and then continued."""
    step: Callable[..., float] = take_step
    calls = iter(range(100))

    def killed(*arguments: Any) -> float:
        if next(calls) == at:
            raise KeyboardInterrupt
        return step(*arguments)

    patch.setattr(stage, "take_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(text, output, **recipe)
    assert not output.exists()
    patch.setattr(stage, "take_step", step)
    return train(text, output, **recipe)
