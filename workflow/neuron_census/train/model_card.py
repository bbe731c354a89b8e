"""The README of a trained checkpoint: what it is, what it read, how its loss fell, how to train it again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers


@dataclass(frozen=True)
class LossPoint:
    """Mean training loss, in nats per token, over the steps that end at `tokens`."""

    tokens: int
    loss: float

    @classmethod
    def curve(cls, losses: list[float], tokens_per_step: int, points: int = 20) -> list[LossPoint]:
        """Return the losses of all steps, averaged over at most `points` stretches of equal length."""
        stretch = max(1, -(-len(losses) // points))
        return [
            cls(
                tokens=min(start + stretch, len(losses)) * tokens_per_step,
                loss=sum(losses[start : start + stretch]) / len(losses[start : start + stretch]),
            )
            for start in range(0, len(losses), stretch)
        ]


def write_model_card(
    path: Path,
    *,
    name: str,
    step: int,
    recipe: dict[str, Any],
    parameters: int,
    text: dict[str, int],
    licences: dict[str, str],
    curve: list[LossPoint],
    machine: str,
    command: list[str],
    seconds: float,
) -> None:
    """Write the model card, in the Markdown that model hubs show."""
    domains = {domain: count for domain, count in text.items() if domain != "windows"}
    lines = [
        "---",
        "license: mit",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "---",
        f"# {name}",
        "",
        "A small model of the OPT architecture, trained from scratch by Neuron Census so that its",
        "workflow has real neurons to count where no model hub is reachable. It is a specimen for",
        "interpretability tools, not a language model to use: its sentences mean nothing.",
        "",
        *(
            [f"As it was after {step:,} of {recipe['steps']:,} steps.", ""]
            * (step < recipe["steps"])
        ),
        f"{parameters:,} parameters, weights in fp16. Trained with transformers {transformers.__version__} "
        f"and torch {torch.__version__.split('+')[0]} on {machine}, bf16 autocast, AdamW (0.9, 0.95), "
        "gradients clipped at norm 1.",
        "",
        "## Recipe",
        "",
        "| setting | value |",
        "|---|---|",
        *[
            f"| {key} | {list(value) if isinstance(value, tuple) else value} |"
            for key, value in recipe.items()
        ],
        "",
        "## Text",
        "",
        f"The training part (documents that are not held out) of these domains, {text['windows']:,} windows in all:",
        "",
        "| domain | licence | tokens |",
        "|---|---|---|",
        *[
            f"| {domain} | {licences.get(domain, 'not known')} | {count:,} |"
            for domain, count in domains.items()
        ],
        "",
        "## Loss",
        "",
        "Mean training loss in nats a token, up to the number of positions read (padding included):",
        "",
        "| positions | loss |",
        "|---|---|",
        *[f"| {point.tokens:,} | {point.loss:.3f} |" for point in curve],
        "",
        "## Make it again",
        "",
        "```",
        shlex.join(command),
        "```",
        "",
        f"The last uninterrupted stretch of this run took {seconds / 60:.0f} minutes.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
