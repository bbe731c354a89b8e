"""One step of training: what a model learns from the windows of a step."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from transformers import OPTForCausalLM

from neuron_census.errors import CensusError
from neuron_census.train.recipe import Recipe
from neuron_census.train.tied_cross_entropy import TiedCrossEntropy
from neuron_census.train.training_windows import PAD, TrainingWindows


def take_step(
    step: int,
    recipe: Recipe,
    model: OPTForCausalLM,
    optimizer: torch.optim.Optimizer,
    windows: TrainingWindows,
    device: str,
) -> float:
    """Take one step of a run, and return its mean loss before the step, in nats per token.

    Parameters
    ----------
    step
        steps that were taken before; it decides the rate, the windows and what dropout leaves out
    recipe
        of the run
    model
        in training mode, on the device
    optimizer
        of the model
    windows
        all windows of the run
    device
        cpu or cuda

    Raises CensusError for a loss that is not finite.
    """
    rate = recipe.learning_rate * recipe.learning_rate_factor(step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    tokens = windows.batch(step, recipe.batch_windows, recipe.seed)
    if recipe.dropout:
        # What is left out depends on the step alone, so that a resumed run leaves out the same.
        torch.manual_seed(_seed_of_step(recipe.seed, step))
    return _learn(model, optimizer, tokens, device, recipe.accumulate)


def _seed_of_step(seed: int, step: int) -> int:
    """Return a seed of its own for each step of a run."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def _learn(
    model: OPTForCausalLM,
    optimizer: torch.optim.Optimizer,
    tokens: np.ndarray,
    device: str,
    parts: int,
) -> float:
    """Learn from right-padded windows `[batch, length]`; return the mean loss in nats per token."""
    ids = torch.from_numpy(tokens).to(device)
    targets = (ids[:, 1:] != PAD).sum()
    optimizer.zero_grad(set_to_none=True)
    value = 0.0
    for part in ids.chunk(parts):
        loss = _loss(model, part, device)
        if parts > 1:
            loss = loss * ((part[:, 1:] != PAD).sum() / targets)
        loss.backward()
        value += loss.item()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if not np.isfinite(value):
        raise CensusError("train: the loss is not finite; lower the recipe's learning_rate.")
    return value


def _loss(model: OPTForCausalLM, ids: Tensor, device: str) -> Tensor:
    """Return the mean loss over the targets of some windows."""
    # The target of a window's last position is one token more than the model reads.
    read = ids[:, : model.config.max_position_embeddings]
    with torch.autocast(device, dtype=torch.bfloat16):
        hidden = model.model(input_ids=read).last_hidden_state
    targets = ids[:, 1:]
    hidden = hidden[:, : targets.shape[1]]
    is_text = targets != PAD
    embedding = model.model.decoder.embed_tokens.weight
    loss: Tensor = TiedCrossEntropy.apply(hidden[is_text], embedding, targets[is_text])  # type: ignore[no-untyped-call]
    return loss
