"""The loop: for super-batch, for layer, for micro-batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from neuron_census.errors import CensusError
from neuron_census.record.forward.activity import Activity
from neuron_census.record.forward.decoder import Activations, Embedding, run_layer
from neuron_census.record.forward.hidden import HiddenStates, Place
from neuron_census.record.forward.micro_batch import MicroBatch
from neuron_census.record.forward.outbox import Outbox
from neuron_census.record.forward.weights import Weights


@runtime_checkable
class Recorder(Protocol):
    """Sees the activations of every layer and micro-batch that its study reads."""

    def observe(self, layer: int, batch: MicroBatch, activity: Activity) -> None:
        """Take what is wanted of the activity of `[windows * length, ffn_dim]`.

        The rows of `batch.rows` hold tokens; the others are padding. For a given layer the
        micro-batches come in the order of the window table.
        """

    def layer_done(self, layer: int) -> None:
        """All micro-batches of the super-batch have passed the layer."""


def stream(
    batches: Iterable[MicroBatch],
    *,
    embedding: Embedding,
    weights: Weights,
    recorders: list[Recorder],
    outbox: Outbox,
    highest_layer: Callable[[MicroBatch], int],
    super_batch_tokens: int,
    hidden_states: Place,
    advanced: Callable[[int, int], None],
) -> None:
    """Send micro-batches through the layers and show every activation to the recorders.

    The hidden states of a super-batch are kept while one layer after the other passes over them, so
    that each layer's weights are fetched once per super-batch (design section 6).

    Parameters
    ----------
    batches
        micro-batches in the order of the window table
    embedding, weights
        the decoder
    recorders
        shown each layer's activity, in order
    outbox
        by which results leave the device
    highest_layer
        the highest layer that a micro-batch's studies need; nothing above it is computed
    super_batch_tokens
        positions whose hidden states are kept at a time
    hidden_states
        where they are kept
    advanced
        told (layer, tokens) after each micro-batch of each layer

    Raises
    ------
    CensusError
        if the residual stream is no longer finite, as in float16 with too large values
    """
    device = embedding.tokens.weight.device
    super_batches = list(_super_batches(batches, super_batch_tokens))
    counts = [max(map(highest_layer, super_batch)) + 1 for super_batch in super_batches]
    order = [index for count in counts for index in range(count)]
    with closing(weights.lend(order)) as layers:
        for super_batch, count in zip(super_batches, counts, strict=True):
            hidden = HiddenStates(len(super_batch), hidden_states, device)
            for number, batch in enumerate(super_batch):
                hidden.put(number, embedding(torch.from_numpy(batch.ids).to(device)))
            for index in range(count):
                layer = next(layers)
                finite = torch.ones((), dtype=torch.bool, device=device)
                for number, batch in enumerate(super_batch):
                    states = hidden.get(number)
                    if states is None:
                        continue
                    states = run_layer(
                        layer,
                        states,
                        _shown_to(recorders, index, batch),
                        last=index == highest_layer(batch),
                    )
                    if states is not None:
                        finite &= _finite(states)
                    hidden.put(number, states)
                    advanced(index, batch.tokens)
                outbox.send(finite, _refusal(index, embedding.tokens.weight.dtype))
                for recorder in recorders:
                    recorder.layer_done(index)
    outbox.wait()


def _shown_to(
    recorders: list[Recorder], layer: int, batch: MicroBatch
) -> Callable[[Activations], None]:
    def see(activations: Activations) -> None:
        activity = Activity(activations, batch)
        for recorder in recorders:
            recorder.observe(layer, batch, activity)

    return see


def _finite(states: Tensor) -> Tensor:
    # Least and greatest value: NaN and infinity both show, in one pass.
    return torch.stack(torch.aminmax(states)).isfinite().all()


def _refusal(layer: int, dtype: torch.dtype) -> Callable[[np.ndarray], None]:
    def refuse(finite: np.ndarray) -> None:
        if not finite:
            raise CensusError(
                f"layer {layer}: the residual stream is no longer finite in {dtype}. Set the "
                "checkpoint's dtype to bfloat16 or float32, which hold larger values."
            )

    return refuse


def _super_batches(batches: Iterable[MicroBatch], tokens: int) -> Iterator[list[MicroBatch]]:
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
