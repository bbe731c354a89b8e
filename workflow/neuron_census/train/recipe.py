"""How a checkpoint is trained: everything that a run depends on besides its text."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

from neuron_census.errors import CensusError, one_of

CHOICES = {
    "positions": ("learned", "none"),
    "norm": ("before", "after"),
    "attention": ("fused", "eager"),
}


@dataclass(frozen=True)
class Recipe:
    """A training run.

    `hidden_size`, `layers`, `heads`, `window` give the shape; `ffn_dim` is the width of the FFN, four
    times that of the model unless it is given. `positions` is "learned", or "none": the table of
    positions is zero and stays so. `norm` is "before" each block or "after" it. `embedding_size` is
    the width of the token embeddings, that of the model unless it is given. `steps` of
    `batch_windows` windows each, which go through the model in `accumulate` parts; `learning_rate`
    is the peak after `warm_up` steps and falls linearly to a tenth. Matrices decay by
    `weight_decay`; `decay_positions` says whether the table of positions is one of them. `dropout`
    is the share of the values that a block adds to the stream that is left out at random.
    `last_target` says whether the last position of a window has a target, too: the first token of
    the next window. `initial_deviation` is that of the weights at step 0. The model as it is after each of the steps
    `keep` is kept, too.
    """

    hidden_size: int
    layers: int
    heads: int
    steps: int
    window: int = 256
    batch_windows: int = 32
    learning_rate: float = 3e-3
    warm_up: int = 100
    weight_decay: float = 0.1
    seed: int = 0
    positions: str = "learned"
    norm: str = "before"
    embedding_size: int | None = None
    ffn_dim: int | None = None
    last_target: bool = False
    decay_positions: bool = True
    dropout: float = 0.0
    initial_deviation: float = 0.02
    accumulate: int = 1
    attention: str = "fused"
    keep: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Return a recipe; CensusError for a key that is unknown, missing or at odds with another."""
        given: dict[str, Any] = json.loads(text)
        known = [field.name for field in fields(cls)]
        for key in given:
            if key not in known:
                raise CensusError(f"train: unknown key '{key}' in a recipe; {one_of(key, known)}")
        try:
            recipe = cls(**{**given, "keep": tuple(given.get("keep", ()))})
        except TypeError as error:
            raise CensusError(f"train: a recipe is incomplete: {error}.") from error
        recipe._check()
        return recipe

    def learning_rate_factor(self, step: int) -> float:
        """Return the share of the peak rate at a step: linear warm-up, then linear decay to a tenth."""
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        return 1.0 - 0.9 * (step - self.warm_up) / max(1, self.steps - self.warm_up)

    def _check(self) -> None:
        for key, choices in CHOICES.items():
            if (found := getattr(self, key)) not in choices:
                raise CensusError(
                    f"train: {key} is '{found}' in a recipe; {one_of(found, list(choices))}"
                )
        if self.hidden_size % self.heads:
            raise CensusError(
                f"train: hidden_size {self.hidden_size} does not part into {self.heads} heads."
            )
        if self.batch_windows % self.accumulate:
            raise CensusError(
                f"train: batch_windows {self.batch_windows} do not part into {self.accumulate} equal "
                "parts; set `accumulate` to a divisor."
            )
        if beyond := [step for step in self.keep if not 0 < step < self.steps]:
            raise CensusError(
                f"train: keep names step {beyond[0]} of a run of {self.steps} steps; expected steps "
                "before the last, which is always kept."
            )
