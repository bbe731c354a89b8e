"""OPT checkpoints in which chosen neurons detect chosen n-grams, exactly, by hand-made weights.

Of the hidden state every coordinate of a first half has its negative in a second half, so that the
mean that a LayerNorm takes off is zero. A half has a slot for each token of the text three times
(the token itself, the one before, the one before that) and a slot for each position. Embeddings
fill one slot of the token and one of the position. The attention of layer 0 has a head that looks
one position back and one that looks two back, by the positions alone; they copy the tokens that
they find there into the other slots. Four slots of the half hold a one, then, at every position:
the LayerNorm before fc1 multiplies with one known number, and a row of fc1 reads off an n-gram.

Where nothing is planted weights are random, and small enough not to spoil that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from helpers.made.checkpoints import (
    StateDict,
    make_checkpoint,
    plant_always_active,
    plant_dead,
    planted,
)

BOS = 2
LAYERS = 4
HEADS = 2
FFN_DIM = 40
ROWS_BEYOND = 6
"""Rows of the embedding that belong to no token, so long that they would be on every list."""
# Of attention scores: exp(-60) vanishes beside 1 in float64.
SHARPNESS = 60.0
SMALL = 0.01
ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")


@dataclass(frozen=True)
class Planted:
    """A neuron that is active where its n-gram ends: `places` has the choices for each token.

    `effects` are the projections of its output row on the choices for the last token. After a
    token of `unless_after` it is not active.
    """

    layer: int
    neuron: int
    places: tuple[tuple[int, ...], ...]
    effects: tuple[float, ...]
    unless_after: tuple[int, ...] = ()

    def is_active(self, tokens: Sequence[int], place: int) -> bool:
        """Return whether it must be active at a place of a window, whose BOS is at 0."""
        ngram = tokens[max(0, place + 1 - len(self.places)) : place + 1]
        matches = len(ngram) == len(self.places) and all(
            token in choices for token, choices in zip(ngram, self.places, strict=True)
        )
        return matches and tokens[max(0, place - 1)] not in self.unless_after


@dataclass(frozen=True)
class Slots:
    """Where in the first half of the hidden state a token, an earlier token and a position are."""

    tokens: tuple[int, ...]
    window: int

    @property
    def half(self) -> int:
        """Coordinates of a half."""
        return 3 * len(self.tokens) + self.window

    def of(self, token: int, back: int) -> int:
        """Return the slot of a token that is `back` positions ago."""
        return back * len(self.tokens) + self.tokens.index(token)

    def of_position(self, position: int) -> int:
        """Return the slot of a position."""
        return 3 * len(self.tokens) + position

    def doubled(self, slots: Mapping[int, float]) -> Tensor:
        """Return a vector of the hidden state with values in slots, and their negatives."""
        half = torch.zeros(self.half, dtype=torch.float64)
        for slot, value in slots.items():
            half[slot] = value
        return torch.cat([half, -half])


def make_planted(
    folder: Path,
    neurons: Sequence[Planted],
    *,
    tokens: Sequence[int],
    vocabulary: int,
    window: int,
    always: tuple[int, int],
    dead: tuple[int, int],
    post_norm: bool = False,
    seed: int = 0,
) -> Path:
    """Write a float64 OPT of four layers with planted neurons, and return its folder.

    Parameters
    ----------
    folder
        made where it does not exist
    neurons
        what is planted, in any layer
    tokens
        all that the text may hold besides the BOS; others must not be sent through the model
    vocabulary
        of the tokenizer
    window
        the longest window, BOS included
    always, dead
        (layer, neuron) of one that is active at every position, and of one that never is
    post_norm
        norms after the sublayers, and embeddings narrower than the hidden state, as in 350m
    seed
        of everything that is not planted
    """
    slots = Slots((BOS, *tokens), window)

    def plant(weights: StateDict) -> None:
        _calm(weights)
        _plant_embeddings(weights, slots)
        _plant_attention(weights, slots, 1.0 if post_norm else _scale(slots, ones=2))
        for neuron in neurons:
            _plant_neuron(weights, slots, neuron)
        planted(plant_always_active(always), plant_dead(dead))(weights)

    return make_checkpoint(
        folder,
        dtype=torch.float64,
        seed=seed,
        plant=plant,
        post_norm=post_norm,
        **_sizes(slots, vocabulary, post_norm),
    )


def _sizes(slots: Slots, vocabulary: int, post_norm: bool) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary + ROWS_BEYOND,
        "hidden_size": 2 * slots.half,
        "word_embed_proj_dim": len(slots.tokens) if post_norm else None,
        "num_hidden_layers": LAYERS,
        "ffn_dim": FFN_DIM,
        "num_attention_heads": HEADS,
        "max_position_embeddings": slots.window,
    }


def _scale(slots: Slots, *, ones: int) -> float:
    """Return the factor of a LayerNorm where so many slots of a half hold a one."""
    return float((slots.half / ones) ** 0.5)


def _calm(weights: StateDict) -> None:
    """Make norms only normalise, biases zero, and sublayers add little."""
    for name, tensor in weights.items():
        if name.endswith("layer_norm.weight"):
            tensor.fill_(1)
        elif name.endswith("fc1.bias"):
            tensor.mul_(2).sub_(1)
        elif name.endswith("bias"):
            tensor.zero_()
        elif name.endswith(("out_proj.weight", "fc2.weight")):
            tensor.mul_(SMALL)


def _plant_embeddings(weights: StateDict, slots: Slots) -> None:
    """Give each token of the text a slot; put other tokens at random places between them."""
    embedding, positions = weights["embed_tokens.weight"], weights["embed_positions.weight"]
    generator = torch.Generator().manual_seed(1)
    known = torch.randn(len(embedding), len(slots.tokens), generator=generator, dtype=torch.float64)
    known[-ROWS_BEYOND:] *= 100
    known[list(slots.tokens)] = torch.eye(len(slots.tokens), dtype=torch.float64)
    into = torch.stack([slots.doubled({slots.of(token, 0): 1.0}) for token in slots.tokens])
    if "project_in.weight" in weights:
        embedding.copy_(known)
        weights["project_in.weight"].copy_(into.T)
        weights["project_out.weight"].copy_(into)
    else:
        embedding.copy_(known @ into)
    positions.zero_()
    for position in range(slots.window):
        # OPT's positions start at row 2.
        positions[position + 2] = slots.doubled({slots.of_position(position): 1.0})


def _plant_attention(weights: StateDict, slots: Slots, scale: float) -> None:
    """Make head 0 copy the token before, and head 1 the one before that; the BOS where there is none."""
    names = {name: weights[f"layers.0.self_attn.{name}.weight"] for name in ATTENTION}
    for tensor in names.values():
        tensor.zero_()
    head_dim = 2 * slots.half // HEADS
    count = len(slots.tokens)
    for head in range(HEADS):
        first = head * head_dim
        for position in range(slots.window):
            looked_at = max(0, position - head - 1)
            query = SHARPNESS * head_dim**0.5 / scale
            names["q_proj"][first + looked_at, slots.of_position(position)] = query
            names["k_proj"][first + position, slots.of_position(position)] = 1 / scale
        for token in slots.tokens:
            row = first + slots.of(token, 0)
            names["v_proj"][row, slots.of(token, 0)] = 1 / scale
            copied = slots.doubled({(head + 1) * count + slots.of(token, 0): 1.0})
            names["out_proj"][:, row] = copied


def _plant_neuron(weights: StateDict, slots: Slots, neuron: Planted) -> None:
    """Plant a neuron whose row of fc1 adds up what it looks for; all of it together exceeds the bias."""
    scale = _scale(slots, ones=4)
    wanted = {
        slots.of(token, back): 0.5 / scale
        for back, choices in enumerate(reversed(neuron.places))
        for token in choices
    }
    wanted |= {slots.of(token, 1): -0.5 / scale for token in neuron.unless_after}
    name = f"layers.{neuron.layer}"
    weights[f"{name}.fc1.weight"][neuron.neuron] = slots.doubled(wanted)
    weights[f"{name}.fc1.bias"][neuron.neuron] = 0.5 - len(neuron.places)
    column = weights[f"{name}.fc2.weight"][:, neuron.neuron]
    for token, effect in zip(neuron.places[-1], neuron.effects, strict=True):
        # Half of an effect comes from either half of the hidden state.
        slot = slots.of(token, 0)
        column[slot], column[slots.half + slot] = effect / 2, -effect / 2
