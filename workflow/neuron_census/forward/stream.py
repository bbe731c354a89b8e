"""The loop: for super-batch, for layer, for micro-batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from neuron_census.errors import CensusError
from neuron_census.forward.decoder import Activations, Embedding, run_layer
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.weights import Weights


class Recorder(Protocol):
    """Sees the activations of every layer and micro-batch that its study reads."""

    def observe(self, layer: int, batch: MicroBatch, activations: Activations) -> None:
        """Take what is wanted of post-ReLU activations `[windows * length, ffn_dim]`.

        The rows of `batch.rows` hold tokens; the others are padding. For a given layer the
        micro-batches come in the order of the window table.
        """

    def super_batch_done(self) -> None:
        """All layers have seen the micro-batches so far."""


def stream(
    batches: Iterator[MicroBatch],
    *,
    embedding: Embedding,
    weights: Weights,
    recorders: list[Recorder],
    highest_layer: Callable[[MicroBatch], int],
    super_batch_tokens: int,
    advanced: Callable[[int, int], None],
) -> None:
    """Send micro-batches through the layers and show every activation to the recorders.

    A super-batch of hidden states stays on the device while one layer after the other passes over
    it, so that each layer's weights are fetched once per super-batch (design section 6).

    Parameters
    ----------
    batches
        micro-batches in the order of the window table
    embedding, weights
        the decoder
    recorders
        shown each layer's activations, in order
    highest_layer
        the highest layer that a micro-batch's studies need; nothing above it is computed
    super_batch_tokens
        positions whose hidden states are kept at a time
    advanced
        told (layer, tokens) after each micro-batch of each layer

    Raises
    ------
    CensusError
        if the residual stream is no longer finite, as in float16 with too large values
    """
    for super_batch in _super_batches(batches, super_batch_tokens):
        hidden: list[Tensor | None] = [
            embedding(torch.from_numpy(batch.ids).to(embedding.tokens.weight.device))
            for batch in super_batch
        ]
        highest = [highest_layer(batch) for batch in super_batch]
        for index, layer in enumerate(weights.layers(max(highest) + 1)):
            finite = torch.ones((), dtype=torch.bool, device=embedding.tokens.weight.device)
            for place, batch in enumerate(super_batch):
                states = hidden[place]
                if states is None:
                    continue

                def see(
                    activations: Activations, batch: MicroBatch = batch, index: int = index
                ) -> None:
                    for recorder in recorders:
                        recorder.observe(index, batch, activations)

                states = run_layer(layer, states, see, last=index == highest[place])
                if states is not None:
                    # Least and greatest value: NaN and infinity both show, in one pass.
                    finite &= torch.stack(torch.aminmax(states)).isfinite().all()
                hidden[place] = states
                advanced(index, batch.tokens)
            if not finite:
                raise CensusError(
                    f"layer {index}: the residual stream is no longer finite in "
                    f"{embedding.tokens.weight.dtype}. Set the checkpoint's dtype to bfloat16 or "
                    "float32, which hold larger values."
                )
        for recorder in recorders:
            recorder.super_batch_done()


def _super_batches(batches: Iterator[MicroBatch], tokens: int) -> Iterator[list[MicroBatch]]:
    gathered: list[MicroBatch] = []
    held = 0
    for batch in batches:
        if gathered and held + batch.ids.size > tokens:
            yield gathered
            gathered, held = [], 0
        gathered.append(batch)
        held += batch.ids.size
    if gathered:
        yield gathered
