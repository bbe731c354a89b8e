"""The ablations themselves: each firing sends rows of its own through the layers above, beside its window.

riders = AblationRiders(subjects, firings=64, unembedding=..., match=..., seed=0, layers=12)
stream(batches, ..., riders=riders)
riders.outcomes        # one Outcomes per micro-batch that had firings
riders.finished        # every neuron has all its firings
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import torch

from neuron_census.ablate.aboard import Aboard
from neuron_census.ablate.boarding import Found, Match, board
from neuron_census.ablate.candidates import find_candidates
from neuron_census.ablate.outcomes import Outcomes, measure_outcomes
from neuron_census.ablate.subjects import Subject
from neuron_census.families.adapter.layer import Layer
from neuron_census.forward.attention import NORMS, Seen, pass_rows, watched
from neuron_census.forward.hidden import States
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.unembedding import Unembedding, frozen_norm


class AblationRiders:
    """Finds the firings of neurons, and sends their rows through the layers above."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        *,
        firings: int,
        unembedding: Unembedding,
        match: Match,
        seed: int,
        layers: int,
    ) -> None:
        self.outcomes: list[Outcomes] = []
        self._subjects = subjects
        self._left = Counter(dict.fromkeys(range(len(subjects)), firings))
        self._unembedding = unembedding
        self._match = match
        self._seed = seed
        self._layers = layers
        self._order: Mapping[int, int] = {}
        self._aboard: dict[int, Aboard] = {}
        self._found: list[Found] = []
        self._layer: Layer | None = None

    def take_up(self, order: Mapping[int, int]) -> None:
        """Begin with other windows: `order` says which of them come first, by their rows in the window table."""
        self._order = order

    @property
    def finished(self) -> bool:
        """Whether every neuron has all its firings."""
        return not any(self._left.values())

    def pass_layer(
        self,
        index: int,
        layer: Layer,
        batch: MicroBatch,
        forward: Callable[[], States | None],
    ) -> States | None:
        wanted = {self._subjects[number].layer for number, left in self._left.items() if left}
        key = int(batch.windows[0])
        aboard = self._aboard.get(key)
        if aboard is None and index > max(wanted, default=-1):
            return None
        with watched(layer) as seen:
            states = forward()
        assert states is not None
        self._layer = layer
        if aboard is not None:
            self._advance(index, layer, aboard, seen, states)
        if index in wanted:
            self._seek(index, layer, batch, seen, states)
        return states

    def layer_done(self, index: int) -> None:
        assert self._layer is not None
        self._board(index, self._layer)
        if index == self._layers - 1:
            norm = (
                self._unembedding.norm
                if self._layer.do_layer_norm_before
                else self._layer.final_layer_norm
            )
            for aboard in self._aboard.values():
                self.outcomes.append(measure_outcomes(aboard, self._unembedding, norm))
            self._aboard = {}

    def _advance(
        self, index: int, layer: Layer, aboard: Aboard, seen: Seen, states: States
    ) -> None:
        """Send the rows of a micro-batch through the layer after its windows."""
        shape = aboard.states.shape
        output, inside = pass_rows(layer, aboard.states.flatten(0, 1), aboard.rows, seen)
        aboard.states = output.view(shape)
        aboard.clean = states[aboard.place, aboard.position]
        if layer.do_layer_norm_before:
            aboard.inner, aboard.inner_states = aboard.clean, aboard.states
        else:
            at = aboard.at(states.shape[1])
            for name in NORMS:
                inputs = seen.norm_inputs[name][at]
                aboard.direct = frozen_norm(getattr(layer, name), inputs, aboard.direct)
            aboard.inner = seen.norm_inputs[NORMS[-1]][at]
            aboard.inner_states = inside.norm_inputs[NORMS[-1]].view(shape)
        self._note_ranks(index, aboard)

    def _note_ranks(self, index: int, aboard: Aboard) -> None:
        for place, states in enumerate((aboard.clean, aboard.states[:, 0])):
            aboard.ranks[:, index, place] = self._unembedding.ranks(states, aboard.tokens[:, 0])

    def _seek(
        self, index: int, layer: Layer, batch: MicroBatch, seen: Seen, states: States
    ) -> None:
        """Find the firings of this layer's neurons in a micro-batch."""
        device = states.device
        length = torch.from_numpy(batch.lengths).to(device)
        position = torch.arange(states.shape[1], device=device)
        text = (position[None] > 0) & (position[None] < length[:, None])
        neurons = [self._subjects[number].neuron for number in self._open(index)]
        assert seen.activations is not None
        candidates = find_candidates(
            seen.activations.view(*states.shape[:2], -1),
            text,
            torch.tensor(neurons, device=device),
            layer.fc2.weight.double().norm(dim=0),
        )
        if len(candidates.place):
            after = candidates.place * states.shape[1] + candidates.position
            inner = (
                states.flatten(0, 1) if layer.do_layer_norm_before else seen.norm_inputs[NORMS[-1]]
            )
            clean = states[candidates.place, candidates.position]
            self._found.append(Found(batch, candidates, inner[after], clean))

    def _open(self, index: int) -> list[int]:
        return [
            number
            for number, subject in enumerate(self._subjects)
            if subject.layer == index and self._left[number]
        ]

    def _board(self, index: int, layer: Layer) -> None:
        """Let the first firings of each neuron of this layer come aboard, as many as it still lacks."""
        numbers = self._open(index)
        chosen: list[list[int]] = [[] for _ in self._found]
        for column, number in enumerate(numbers):
            first = sorted(
                (self._order[int(found.batch.windows[place])], part, firing)
                for part, found in enumerate(self._found)
                for firing, place in zip(*found.of(column), strict=True)
            )[: self._left[number]]
            self._left[number] -= len(first)
            for _, part, firing in first:
                chosen[part].append(firing)
        for found, firings in zip(self._found, chosen, strict=True):
            if not firings:
                continue
            aboard = board(
                found,
                sorted(firings),
                layer,
                index,
                subjects=[(number, self._subjects[number]) for number in numbers],
                unembedding=self._unembedding,
                match=self._match,
                seed=self._seed,
                layers=self._layers,
            )
            self._note_ranks(index, aboard)
            key = int(found.batch.windows[0])
            others = [self._aboard[key]] if key in self._aboard else []
            self._aboard[key] = Aboard.joined([*others, aboard])
        self._found = []
