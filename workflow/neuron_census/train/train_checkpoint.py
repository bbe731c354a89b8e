"""Train a small OPT from scratch on the training part of some domains.

    train_checkpoint(domains=[Path("text/docs.parquet")], tokenizer=Path("tokenizers/mini"),
                     spec='{"hidden_size": 64, "layers": 4, "heads": 4, "steps": 1000}',
                     output=Path("checkpoints/mini"))    # a Hugging Face folder with a model card

The demo family, and the paper's training experiments (section 5.4), come from here. A run is
deterministic from its seed and thread count: the order of the windows is a function of the seed
and the epoch alone, so a run that was killed continues from its last saved state as if nothing
had happened.
"""

from __future__ import annotations

import copy
import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm
from transformers import OPTForCausalLM

from neuron_census.formats.atomic import remove, written_whole
from neuron_census.formats.seal import sealed
from neuron_census.train.first_losses import write_first_losses
from neuron_census.train.model_card import LossPoint, write_model_card
from neuron_census.train.new_model import new_model, new_optimizer
from neuron_census.train.processor import compute_deterministically, keep_freed_memory, machine
from neuron_census.train.recipe import Recipe
from neuron_census.train.take_step import take_step
from neuron_census.train.training_windows import TrainingWindows


def train_checkpoint(
    *,
    domains: list[Path],
    tokenizer: Path,
    spec: str,
    output: Path,
    threads: int = 1,
    device: str = "cpu",
    licences: str = "{}",
    save_every: int = 100,
) -> None:
    """Train one checkpoint and write it as a Hugging Face folder in fp16, with a model card.

    Each step that the recipe keeps is written as such a folder in `steps/` of the output.

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
    licences
        the licences of the text, by domain, as JSON
    save_every
        steps between saved states, from which a killed run continues
    """
    recipe = Recipe.from_json(spec)
    torch.set_num_threads(threads)
    compute_deterministically(device)
    keep_freed_memory()
    cut = output.with_name(f".{output.name}.windows")
    windows = TrainingWindows.from_domains(
        domains, tokenizer, recipe.window, cut, last_target=recipe.last_target
    )
    with torch.device(device):
        model = new_model(recipe, windows.vocabulary)
    model.train()
    run = Run(
        output=output,
        recipe=recipe,
        tokenizer=tokenizer,
        model=model,
        optimizer=new_optimizer(model, recipe),
        losses=[],
        text=windows.summary(),
        licences=json.loads(licences),
        machine=machine(device, threads),
        command=[
            *("python", "-m", "neuron_census", "train_checkpoint", "--domains"),
            *map(str, domains),
            *("--tokenizer", str(tokenizer), "--spec", json.dumps(asdict(recipe))),
            *("--threads", str(threads), "--device", device, "--licences", licences),
            *("--output", str(output)),
        ],
    )
    run.resume()

    bar = tqdm(total=recipe.steps, initial=run.step, unit="step", desc=output.name, mininterval=5)
    while run.step < recipe.steps:
        run.losses.append(take_step(run.step, recipe, model, run.optimizer, windows, device))
        bar.set_postfix(loss=f"{np.mean(run.losses[-50:]):.3f}", refresh=False)
        bar.update()
        if run.step in recipe.keep:
            run.write(run.kept / str(run.step))
        if run.step in recipe.keep or run.step % save_every == 0:
            run.save()
    bar.close()
    run.finish()
    remove(cut)


@dataclass
class Run:
    """A run in progress: what it has learned so far, and where its states are saved until it ends."""

    output: Path
    recipe: Recipe
    tokenizer: Path
    model: OPTForCausalLM
    optimizer: torch.optim.Optimizer
    losses: list[float]
    text: dict[str, int]
    licences: dict[str, str]
    machine: str
    command: list[str]

    def __post_init__(self) -> None:
        self.since = time.monotonic()
        self.state = self.output.with_name(f".{self.output.name}.training.pt")
        self.kept = self.output.with_name(f".{self.output.name}.steps")

    @property
    def step(self) -> int:
        """How many steps are done."""
        return len(self.losses)

    def save(self) -> None:
        """Save all that the next step depends on."""
        with written_whole(self.state) as temporary:
            torch.save(
                {
                    "recipe": asdict(self.recipe),
                    "model": self.model.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "losses": self.losses,
                },
                temporary,
            )

    def resume(self) -> None:
        """Continue from a saved state of the same recipe; without one, start at step 0."""
        if self.state.exists():
            state = torch.load(self.state, weights_only=True)
            if state["recipe"] == asdict(self.recipe):
                self.model.load_state_dict(state["model"])
                self.optimizer.load_state_dict(state["optimizer"])
                self.losses = state["losses"]
                return
        remove(self.kept)

    def write(self, output: Path) -> None:
        """Write the model as it is now: weights in fp16, tokenizer, card."""
        with written_whole(output) as folder:
            # In half precision it could not go on learning.
            copy.deepcopy(self.model).half().save_pretrained(folder)
            for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
                if (self.tokenizer / file).exists():
                    shutil.copy(self.tokenizer / file, folder / file)
            write_first_losses(folder, self.losses)
            write_model_card(
                folder / "README.md",
                name=self.output.name,
                step=self.step,
                recipe=asdict(self.recipe),
                parameters=sum(parameter.numel() for parameter in self.model.parameters()),
                text=self.text,
                licences=self.licences,
                curve=LossPoint.curve(
                    self.losses, tokens_per_step=self.recipe.batch_windows * self.recipe.window
                ),
                machine=self.machine,
                command=self.command,
                seconds=time.monotonic() - self.since,
            )

    def finish(self) -> None:
        """Write the finished model with the steps that are kept, and remove the saved states."""
        with sealed(self.output) as folder:
            self.write(folder)
            if self.kept.exists():
                shutil.copytree(self.kept, folder / "steps")
        remove(self.kept)
        remove(self.state)
