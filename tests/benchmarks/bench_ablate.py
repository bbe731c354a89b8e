"""Ablations against a clean forward of the same windows: time, side by side in one run.

    python tests/benchmarks/bench_ablate.py [--threads 2] [--rounds 3] [--windows 64] [--window 512] [--detectors 100]

A checkpoint with random weights reads full-length windows twice in turn: through the streaming forward alone, and with
firings of detectors that ride along, with two controls and a random direction each, and every outcome measured.
Detectors lie in the first half of the layers; each fires in every window, so that firings are as many as windows allow.
Prints
the ratio of each round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import torch
from transformers import OPTConfig, OPTForCausalLM

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers.made.windows import made_windows
from neuron_census.ablate.matched import MatchedTokens
from neuron_census.ablate.model import MICRO_BATCH, Model
from neuron_census.ablate.riders import AblationRiders
from neuron_census.ablate.subjects import Subject
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward.micro_batch import micro_batches
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream

FIRINGS = 64


def make_checkpoint(folder: Path, arguments: argparse.Namespace) -> Path:
    torch.manual_seed(0)
    config = OPTConfig(
        vocab_size=arguments.vocabulary,
        hidden_size=arguments.width,
        num_hidden_layers=arguments.layers,
        ffn_dim=4 * arguments.width,
        num_attention_heads=arguments.width // 64,
        max_position_embeddings=arguments.window,
        word_embed_proj_dim=arguments.width,
    )
    OPTForCausalLM(config).save_pretrained(folder)
    return folder


def clean_forward(model: Model, windows: pl.DataFrame, length: int) -> None:
    stream(
        micro_batches(windows, ["a"], max(length, MICRO_BATCH[model.device.type])),
        embedding=model.embedding,
        weights=model.weights,
        recorders=[],
        outbox=Outbox(model.device),
        # Nothing above the last pre-activations: one product less than a model that is read to its end.
        highest_layer=lambda batch: model.layers - 1,
        super_batch_tokens=1 << 62,
        hidden_states="device",
        advanced=lambda layer, tokens: None,
    )
    finish(model.device)


def ablations(
    model: Model, windows: pl.DataFrame, length: int, subjects: list[Subject], vocabulary: int
) -> int:
    riders = AblationRiders(
        subjects,
        firings=FIRINGS,
        unembedding=model.unembedding,
        match=MatchedTokens(np.ones(vocabulary, dtype=np.int64)).match,
        seed=0,
        layers=model.layers,
    )
    model.send(windows, ["a"], length, riders)
    finish(model.device)
    return sum(len(found.window) for found in riders.outcomes)


def finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    for name, default in (
        ("threads", 2),
        ("rounds", 3),
        ("windows", 64),
        ("window", 512),
        ("detectors", 100),
        ("layers", 12),
        ("width", 768),
        ("vocabulary", 50272),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    windows = made_windows(
        [arguments.window] * arguments.windows,
        studies=[{"dead"}] * arguments.windows,
        domains=["a"] * arguments.windows,
        vocabulary=arguments.vocabulary,
    ).with_row_index("order")
    half = arguments.layers // 2
    # A random neuron is active at every other token, and so in every window.
    subjects = [
        Subject(number % half, number // half, False, None, None, frozenset())
        for number in range(arguments.detectors)
    ]
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        source = Checkpoint.open(make_checkpoint(Path(folder), arguments))
        model = Model.load(source, getattr(torch, arguments.dtype), device, "resident")
        ratios = []
        for _ in range(arguments.rounds + 1):
            clean = timed(lambda: clean_forward(model, windows, arguments.window))
            found = [0]

            def ablate(into: list[int] = found) -> None:
                into[0] = ablations(
                    model, windows, arguments.window, subjects, arguments.vocabulary
                )

            with_rows = timed(ablate)
            ratios.append(with_rows / clean)
            print(
                f"clean {clean:7.2f} s, with {found[0]:,} firings {with_rows:7.2f} s: {ratios[-1]:.2f}",
                flush=True,
            )
        # The first round also compiles and fills caches.
        print(f"median of {arguments.rounds}: {statistics.median(ratios[1:]):.3f}")


if __name__ == "__main__":
    main()
