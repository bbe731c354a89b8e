"""Ablations of a made checkpoint, run without the stage around them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import torch

from neuron_census.ablate.matched import MatchedTokens, count_tokens
from neuron_census.ablate.outcomes import Outcomes
from neuron_census.ablate.riders import AblationRiders
from neuron_census.ablate.subjects import Subject
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.micro_batch import micro_batches
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream
from neuron_census.forward.unembedding import Unembedding
from neuron_census.forward.weights import Weights

CPU = torch.device("cpu")


def subject(layer: int, neuron: int, triggers: frozenset[int] = frozenset()) -> Subject:
    """Return a neuron to ablate."""
    return Subject(layer, neuron, False, None, None, triggers)


def ablated(
    folder: Path,
    table: pl.DataFrame,
    subjects: Sequence[Subject],
    *,
    firings: int = 64,
    dtype: torch.dtype = torch.float64,
    micro: int = 48,
    super_batch: int = 10**6,
    resident: int | None = None,
) -> list[Outcomes]:
    """Ablate neurons at their first activations in windows, in the order of the table."""
    checkpoint = Checkpoint.open(folder)
    layers = checkpoint.config.num_hidden_layers
    tokens = np.concatenate([np.asarray(row[1:]) for row in table["tokens"].to_list()])
    riders = AblationRiders(
        subjects,
        firings=firings,
        unembedding=Unembedding(checkpoint, dtype, CPU),
        match=MatchedTokens(count_tokens(tokens, checkpoint.config.vocab_size)).match,
        seed=0,
        layers=layers,
    )
    riders.take_up({row: row for row in range(len(table))})
    with torch.inference_mode():
        stream(
            micro_batches(table, sorted(set(table["domain"])), micro),
            embedding=Embedding(checkpoint, dtype, CPU),
            weights=Weights(
                checkpoint,
                dtype,
                CPU,
                layers=layers,
                resident=layers if resident is None else resident,
            ),
            recorders=[],
            outbox=Outbox(CPU),
            highest_layer=lambda batch: layers - 1,
            super_batch_tokens=super_batch,
            hidden_states="device",
            advanced=lambda layer, count: None,
            riders=riders,
        )
    return riders.outcomes
