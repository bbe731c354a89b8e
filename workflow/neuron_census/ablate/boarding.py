"""How firings come aboard: what is taken from the residual stream, in the layer of the neuron."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from neuron_census.ablate.aboard import Aboard
from neuron_census.ablate.candidates import Candidates
from neuron_census.ablate.subjects import Subject
from neuron_census.families.adapter.layer import Layer
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.unembedding import Unembedding, frozen_norm

Match = Callable[[int, frozenset[int]], int]


@dataclass(frozen=True)
class Found:
    """First activations in a micro-batch, with the residual stream there.

    `inner` is the sum of the layer's two branches; `clean` is what leaves the layer, which in a post-norm model
    is its norm.
    """

    batch: MicroBatch
    candidates: Candidates
    inner: Float[Tensor, "firings hidden_size"]
    clean: Float[Tensor, "firings hidden_size"]

    def of(self, column: int) -> tuple[list[int], list[int]]:
        """Return the firings of one neuron, and the places of their windows."""
        firings = (self.candidates.column == column).nonzero()[:, 0]
        return firings.tolist(), self.candidates.place[firings].tolist()


def board(
    found: Found,
    firings: Sequence[int],
    layer: Layer,
    index: int,
    *,
    subjects: Sequence[tuple[int, Subject]],
    unembedding: Unembedding,
    match: Match,
    seed: int,
    layers: int,
) -> Aboard:
    """Return some firings with their rows: the residual stream after the layer, less what each kind takes.

    Parameters
    ----------
    found
        firings of a micro-batch
    firings
        which of them come aboard
    layer, index
        the layer, and its number from 0
    subjects
        the neurons that were looked for, each with its number among all
    unembedding
        what comes after the last layer
    match
        returns a token of matched frequency for a trigger, none of the tokens that are given besides
    seed
        of the random directions
    layers
        of the model
    """
    candidates, device = found.candidates, found.inner.device
    at = torch.tensor(firings, device=device)
    column = candidates.column[at].tolist()
    place, position = candidates.place[at], candidates.position[at]
    windows = torch.from_numpy(found.batch.windows)[place.cpu()]
    triggers = torch.from_numpy(found.batch.ids)[place.cpu(), position.cpu()]
    numbers = [subjects[which][0] for which in column]
    matched = [
        match(token, subjects[which][1].triggers)
        for which, token in zip(column, triggers.tolist(), strict=True)
    ]
    neurons, activations = candidates.neurons[at], candidates.activations[at]
    columns = layer.fc2.weight.T[neurons.clamp(min=0)].double()
    taken = activations[:, :, None] * columns
    norm = taken[:, 0].norm(dim=-1)
    seeds = [
        (seed, index, subjects[which][1].neuron, window)
        for which, window in zip(column, windows.tolist(), strict=True)
    ]
    directions = _random_directions(seeds, taken.shape[-1]).to(device)
    taken = torch.cat([taken, (norm[:, None] * directions)[:, None]], dim=1)
    inner, clean = found.inner[at], found.clean[at]
    inner_states = (inner[:, None].double() - taken).to(inner.dtype)
    states, direct = inner_states, taken
    if not layer.do_layer_norm_before:
        states = layer.final_layer_norm(inner_states)
        direct = frozen_norm(layer.final_layer_norm, inner, taken)
    tokens = torch.stack([triggers, torch.tensor(matched)], dim=1).to(device)
    weights = unembedding.project(columns[:, 0])
    return Aboard(
        subject=torch.tensor(numbers, device=device),
        window=windows.to(device),
        place=place,
        position=position,
        tokens=tokens,
        activation=activations[:, 0],
        norm=norm,
        projection=(unembedding.embeddings[tokens[:, 0]].double() * weights).sum(dim=-1),
        controls=neurons[:, 1:],
        nothing=(taken == 0).all(dim=-1),
        clean=clean,
        states=states,
        direct=direct,
        inner=inner,
        inner_states=inner_states,
        ranks=torch.zeros(len(at), layers, 2, dtype=torch.int64, device=device),
    )


def _random_directions(
    seeds: Sequence[tuple[int, ...]], width: int
) -> Float64[Tensor, "firings hidden_size"]:
    """Return a unit vector for each seed."""
    drawn: Float64[np.ndarray, "firings hidden_size"] = np.array(
        [np.random.default_rng(seed).standard_normal(width) for seed in seeds]
    )
    return torch.from_numpy(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
