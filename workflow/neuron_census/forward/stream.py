"""The loop: for super-batch, for layer, for micro-batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Protocol, runtime_checkable

import torch

from neuron_census.families.adapter.layer import Layer
from neuron_census.forward.decoder import Embedding, PreActivations, run_layer
from neuron_census.forward.finiteness import require_finite
from neuron_census.forward.hidden import HiddenStates, Place, States
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.weights import Weights


@runtime_checkable
class Recorder(Protocol):
    """Sees the pre-activations of every layer and micro-batch that is computed."""

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        """Take what is wanted of the pre-activations `[windows * length, ffn_dim]`.

        The rows of `batch.rows` hold tokens; the others are padding. For a given layer the
        micro-batches come in the order of the window table.
        """

    def layer_done(self, layer: int) -> None:
        """Take note that all micro-batches of the super-batch have passed the layer."""


@runtime_checkable
class Riders(Protocol):
    """Further rows that pass through the layers, beside the windows and with the same weights."""

    def pass_layer(
        self,
        index: int,
        layer: Layer,
        batch: MicroBatch,
        forward: Callable[[], States | None],
    ) -> States | None:
        """Call `forward`, which sends the micro-batch through the layer, and send the rows after it.

        Returns what `forward` returned, or None if nothing above is needed of this micro-batch.
        """

    def layer_done(self, index: int) -> None:
        """Take note that all micro-batches of the super-batch have passed the layer, which is still there."""


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
    riders: Riders | None = None,
) -> None:
    """Send micro-batches through the layers and show every pre-activation to the recorders.

    The hidden states of a super-batch are kept while one layer after the other passes over them, so
    that each layer's weights are fetched once per super-batch (design section 6).

    Parameters
    ----------
    batches
        micro-batches in the order of the window table
    embedding, weights
        the decoder
    recorders
        shown each layer's pre-activations, in order
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
    riders
        send rows of their own through every layer, which is then finished and not left at its pre-activations

    Raises
    ------
    CensusError
        if pre-activations are not finite, as in float16 with values that are too large
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
                for number, batch in enumerate(super_batch):
                    states = hidden.get(number)
                    if states is None:
                        continue
                    forward = partial(
                        run_layer,
                        layer,
                        states,
                        _show_to(recorders, outbox, index, batch),
                        last=riders is None and index == highest_layer(batch),
                    )
                    states = (
                        riders.pass_layer(index, layer, batch, forward) if riders else forward()
                    )
                    hidden.put(number, states)
                    advanced(index, batch.tokens)
                for recorder in recorders:
                    recorder.layer_done(index)
                if riders:
                    riders.layer_done(index)
    outbox.wait()


def _show_to(
    recorders: list[Recorder], outbox: Outbox, layer: int, batch: MicroBatch
) -> Callable[[PreActivations], None]:
    def see(values: PreActivations) -> None:
        observation = Observation(values, batch)
        require_finite(layer, observation, outbox)
        for recorder in recorders:
            recorder.observe(layer, batch, observation)

    return see


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
