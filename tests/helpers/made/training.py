"""A short training run of a tiny model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neuron_census.train.train_checkpoint import train_checkpoint

SHAPE = {"hidden_size": 16, "layers": 2, "heads": 2, "window": 16, "batch_windows": 4, "warm_up": 2}


def train(text: tuple[Path, Path], output: Path, **recipe: Any) -> Path:
    """Train a tiny model for six steps on a domain with a tokenizer, and return its folder."""
    domain, tokenizer = text
    train_checkpoint(
        domains=[domain],
        tokenizer=tokenizer,
        spec=json.dumps({**SHAPE, "steps": 6, **recipe}),
        output=output,
        save_every=2,
    )
    return output
