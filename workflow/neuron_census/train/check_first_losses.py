"""Check that a checkpoint's recipe still trains it: the first steps, taken again, have the same losses.

check_first_losses(domains=[Path("text/docs.parquet")], tokenizer=Path("tokenizers/mini"),
                   spec='{"hidden_size": 64, "layers": 4, "heads": 4, "steps": 1000}',
                   checkpoint=Path("checkpoints/mini"), output=Path("first_losses/mini.csv"))
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import torch

from neuron_census.errors import CensusError
from neuron_census.formats.atomic import remove
from neuron_census.formats.seal import sealed
from neuron_census.train.first_losses import read_first_losses
from neuron_census.train.new_model import new_model, new_optimizer
from neuron_census.train.processor import compute_deterministically, keep_freed_memory
from neuron_census.train.recipe import Recipe
from neuron_census.train.take_step import take_step
from neuron_census.train.training_windows import TrainingWindows

# Processors add in other orders: on one kind of processor losses are the same to the last bit.
TOLERANCE = 2e-3


def check_first_losses(
    *, domains: list[Path], tokenizer: Path, spec: str, checkpoint: Path, output: Path
) -> None:
    """Train the first steps of a checkpoint again, on a CPU in one thread, and compare their losses.

    Parameters
    ----------
    domains
        domain tables; only documents that are not held out are read
    tokenizer
        folder of the tokenizer
    spec
        the recipe, as JSON
    checkpoint
        folder of the checkpoint, which keeps the losses of its first steps
    output
        where to write the losses, as CSV: step, recorded, again

    Raises CensusError for losses that differ by more than rounding does.
    """
    recipe = Recipe.from_json(spec)
    recorded = read_first_losses(checkpoint)
    cut = output.with_name(f".{output.stem}.windows")
    windows = TrainingWindows.from_domains(
        domains, tokenizer, recipe.window, cut, last_target=recipe.last_target
    )
    again = first_losses(recipe, windows, len(recorded))
    for step, (before, now) in enumerate(zip(recorded, again, strict=True)):
        if abs(before - now) > TOLERANCE:
            raise CensusError(
                f"{checkpoint}: the loss of step {step} was {before:.6f}, and is {now:.6f} now. The recipe, "
                "the text, the tokenizer or the code has changed since. Train the checkpoint again."
            )
    with sealed(output) as temporary:
        table = pl.DataFrame({"step": range(len(again)), "recorded": recorded, "again": again})
        table.write_csv(temporary)
    remove(cut)


def first_losses(recipe: Recipe, windows: TrainingWindows, steps: int) -> list[float]:
    """Return the losses of the first steps of a run on a CPU in one thread, in nats per token."""
    torch.set_num_threads(1)
    compute_deterministically("cpu")
    keep_freed_memory()
    model = new_model(recipe, windows.vocabulary)
    model.train()
    optimizer = new_optimizer(model, recipe)
    return [take_step(step, recipe, model, optimizer, windows, "cpu") for step in range(steps)]
