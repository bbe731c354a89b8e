"""What is computed: every layer that a window's studies need, whatever else is in its super-batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from helpers.made.checkpoints import make_checkpoint
from helpers.made.recordings import record_shard
from helpers.made.windows import made_windows
from helpers.oracles.brute_force import count_by_hand
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward import observation as observed
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.micro_batch import micro_batches
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream
from neuron_census.forward.weights import Weights
from neuron_census.record.planning.work import highest_layer

CPU = torch.device("cpu")
LAYERS, NGRAM_LAYERS = 4, 2
# By its length a window is told from the others; the n-gram study needs two layers of four.
STUDIES = {5: "ngrams", 7: "dead", 9: "ngrams", 11: "positions", 3: "ngrams", 4: "dead"}
NEEDED = {"ngrams": NGRAM_LAYERS, "dead": LAYERS, "positions": LAYERS}


def windows(lengths: list[int]) -> pl.DataFrame:
    studies = [{STUDIES[length]} for length in lengths]
    return made_windows(lengths, studies=studies, domains=["a"] * len(lengths), vocabulary=96)


def computed(
    folder: Path, lengths: list[int], super_batch: int
) -> tuple[list[tuple[int, str, int]], list[tuple[int, int]]]:
    """Stream windows of these lengths, each a micro-batch; return what ran, and what progress was told.

    What ran is (layer, matrix of the FFN, window), in order; progress is told (layer, tokens).
    """
    checkpoint = Checkpoint.open(folder)
    weights = Weights(checkpoint, torch.float32, CPU, layers=LAYERS, resident=LAYERS)
    ran: list[tuple[int, str, int]] = []
    advanced: list[tuple[int, int]] = []
    for layer, module in weights.resident.items():
        for name in ("fc1", "fc2"):

            def note(
                _module: nn.Module,
                inputs: tuple[torch.Tensor, ...],
                what: tuple[int, str] = (layer, name),
            ) -> None:
                ran.append((*what, len(inputs[0])))

            getattr(module, name).register_forward_pre_hook(note)
    with torch.inference_mode():
        stream(
            micro_batches(windows(lengths), ["a"], 1),
            embedding=Embedding(checkpoint, torch.float32, CPU),
            weights=weights,
            recorders=[],
            outbox=Outbox(CPU),
            highest_layer=highest_layer(LAYERS, NGRAM_LAYERS),
            super_batch_tokens=super_batch,
            hidden_states="device",
            advanced=lambda layer, tokens: advanced.append((layer, tokens)),
        )
    return ran, advanced


@pytest.mark.parametrize(
    ("lengths", "super_batch", "super_batches"),
    [
        ([5, 7, 9], 100, [[5, 7, 9]]),
        ([5, 7, 9, 11, 3], 100, [[5, 7, 9, 11, 3]]),
        ([5, 9, 7, 3], 14, [[5, 9], [7, 3]]),
        ([5, 9, 7, 3], 13, [[5], [9], [7, 3]]),
        ([7, 5, 11, 9, 3, 4], 20, [[7, 5], [11, 9], [3, 4]]),
        ([5, 9, 3], 100, [[5, 9, 3]]),
        ([11], 1, [[11]]),
    ],
)
def test_each_window_passes_the_layers_that_it_needs_and_no_matrix_more(
    tmp_path: Path, lengths: list[int], super_batch: int, super_batches: list[list[int]]
) -> None:
    expected = []
    for together in super_batches:
        for layer in range(LAYERS):
            for length in together:
                needed = NEEDED[STUDIES[length]]
                if layer < needed:
                    expected.append((layer, "fc1", length))
                # The second matrix of the highest layer would be of no use.
                if layer + 1 < needed:
                    expected.append((layer, "fc2", length))
    folder = make_checkpoint(tmp_path, num_hidden_layers=LAYERS)
    ran, advanced = computed(folder, lengths, super_batch)
    assert ran == expected
    assert advanced == [(layer, length) for layer, name, length in expected if name == "fc1"]


@pytest.mark.parametrize("order", [[5, 7, 9, 11, 3, 4], [7, 5, 11, 9], [5, 3, 9, 7]])
@pytest.mark.parametrize("way", ["loops", "tensors"])
def test_mixed_windows_are_recorded_as_a_loop_would(
    tmp_path: Path, order: list[int], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows of the n-gram study alone come first, in between and last."""
    if way == "tensors":
        monkeypatch.setattr(observed, "LOOPS_RUN_ON", frozenset())
    folder = make_checkpoint(tmp_path / "m", dtype=torch.float64, num_hidden_layers=LAYERS)
    table = windows(order)
    found = record_shard(tmp_path, folder, table, window=11, batch_tokens="16")
    expected = count_by_hand(folder, table, ["a"], 11)
    names = ["active", "active_at_bos"] + (["positions"] if 11 in order else [])
    for name in names:
        assert np.array_equal(np.asarray(found[f"counts/{name}"]), expected[name]), name
