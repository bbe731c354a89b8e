"""Train a small OPT from scratch on the training part of some domains.

The demo family, and the paper's training experiments (section 5.4), come from here. A run is
deterministic from its seed and thread count: the order of the windows is a function of the seed
and the epoch alone, so a run that was killed continues from its last saved state as if nothing
had happened.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm
from transformers import OPTConfig, OPTForCausalLM

from neuron_census.atomic import remove, written_whole
from neuron_census.errors import CensusError, one_of
from neuron_census.training.model_card import LossPoint, write_model_card
from neuron_census.training.tied_cross_entropy import TiedCrossEntropy
from neuron_census.training.training_windows import PAD, TrainingWindows

BOS = 2


@dataclass(frozen=True)
class Recipe:
    """Everything that a training run depends on besides its text.

    `hidden_size`, `layers`, `heads`, `window` give the shape (the FFN is four times as wide);
    `steps` of `batch_windows` windows each; `learning_rate` is the peak after `warm_up` steps and
    falls linearly to a tenth.
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

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read a recipe; CensusError for a key that is unknown or missing."""
        given: dict[str, Any] = json.loads(text)
        known = [field.name for field in fields(cls)]
        for key in given:
            if key not in known:
                raise CensusError(f"train: unknown key '{key}' in a recipe; {one_of(key, known)}")
        try:
            return cls(**given)
        except TypeError as error:
            raise CensusError(f"train: a recipe is incomplete: {error}.") from error

    def learning_rate_factor(self, step: int) -> float:
        """Share of the peak rate at a step: linear warm-up, then linear decay to a tenth."""
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        return 1.0 - 0.9 * (step - self.warm_up) / max(1, self.steps - self.warm_up)


def train_checkpoint(
    *,
    domains: list[Path],
    tokenizer: Path,
    spec: str,
    output: Path,
    threads: int = 1,
    device: str = "cpu",
    save_every: int = 100,
) -> None:
    """Train one checkpoint and write it as a Hugging Face folder in fp16, with a model card.

    Parameters
    ----------
    domains
        domain tables; only documents that are not held out are read
    tokenizer
        folder of the tokenizer, copied into the checkpoint
    spec
        the recipe, as JSON
    output
        folder of the finished checkpoint
    threads
        CPU threads; the result is deterministic for a given number
    device
        cpu or cuda
    save_every
        steps between saved states, from which a killed run continues
    """
    recipe = Recipe.from_json(spec)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    windows = TrainingWindows.from_domains(domains, tokenizer, recipe.window, BOS)
    state = output.with_name(f".{output.name}.training.pt")

    torch.manual_seed(recipe.seed)
    with torch.device(device):
        model = OPTForCausalLM(_model_config(recipe, windows.vocabulary))
    model.train()
    optimizer = _optimizer(model, recipe)
    losses, step = _resume(state, model, optimizer, recipe)

    bar = tqdm(total=recipe.steps, initial=step, unit="step", desc=output.name, mininterval=5)
    since = time.monotonic()
    while step < recipe.steps:
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * recipe.learning_rate_factor(step)
        tokens = windows.batch(step, recipe.batch_windows, recipe.seed)
        loss = _train_step(model, optimizer, tokens, device)
        losses.append(loss)
        step += 1
        bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
        bar.update()
        if step % save_every == 0 and step < recipe.steps:
            _save_state(state, model, optimizer, recipe, losses)
    bar.close()

    with written_whole(output) as folder:
        model.half().save_pretrained(folder)
        for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            if (tokenizer / file).exists():
                shutil.copy(tokenizer / file, folder / file)
        curve = LossPoint.curve(losses, tokens_per_step=recipe.batch_windows * recipe.window)
        write_model_card(
            folder / "README.md",
            name=output.name,
            recipe=asdict(recipe),
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            text=windows.summary(),
            curve=curve,
            threads=threads,
            device=device,
            command=[
                *("python", "-m", "neuron_census", "train_checkpoint", "--domains"),
                *map(str, domains),
                *("--tokenizer", str(tokenizer), "--spec", json.dumps(asdict(recipe))),
                *("--threads", str(threads), "--device", device, "--output", str(output)),
            ],
            seconds=time.monotonic() - since,
        )
    remove(state)


def _model_config(recipe: Recipe, vocabulary: int) -> OPTConfig:
    return OPTConfig(
        vocab_size=vocabulary,
        hidden_size=recipe.hidden_size,
        word_embed_proj_dim=recipe.hidden_size,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        ffn_dim=4 * recipe.hidden_size,
        max_position_embeddings=recipe.window,
        dropout=0.0,
        attention_dropout=0.0,
        bos_token_id=BOS,
        eos_token_id=BOS,
        pad_token_id=PAD,
        use_cache=False,
    )


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        betas=(0.9, 0.95),
    )


def _train_step(
    model: OPTForCausalLM, optimizer: torch.optim.Optimizer, tokens: np.ndarray, device: str
) -> float:
    """One step on right-padded windows `[batch, length]`; returns the mean loss in nats a token."""
    ids = torch.from_numpy(tokens).to(device)
    with torch.autocast(device, dtype=torch.bfloat16):
        hidden = model.model(input_ids=ids).last_hidden_state
    targets = ids[:, 1:]
    is_text = targets != PAD
    embedding = model.model.decoder.embed_tokens.weight
    loss: Tensor = TiedCrossEntropy.apply(hidden[:, :-1][is_text], embedding, targets[is_text])  # type: ignore[no-untyped-call]
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    value = loss.item()
    if not np.isfinite(value):
        raise CensusError("train: the loss is not finite; lower the recipe's learning_rate.")
    return value


def _save_state(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    losses: list[float],
) -> None:
    with written_whole(path) as temporary:
        torch.save(
            {
                "recipe": asdict(recipe),
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "losses": losses,
            },
            temporary,
        )


def _resume(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe
) -> tuple[list[float], int]:
    """Continue from a saved state of the same recipe, else start at step 0."""
    if not path.exists():
        return [], 0
    state = torch.load(path, weights_only=True)
    if state["recipe"] != asdict(recipe):
        return [], 0
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["losses"], len(state["losses"])
