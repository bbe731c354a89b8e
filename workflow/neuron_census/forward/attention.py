"""Rows beside windows: single positions that attend to the keys and values of a window that passed before.

    with watched(layer) as seen:
        output = layer(hidden, attention_mask=None)       # whole windows
    output_of_rows = pass_rows(layer, states, Places(window, position), seen)

A row is another version of the residual stream at one position of a window. Nothing before that position
changes, so that its layer is the model's own with one query: all earlier keys and values are the window's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from transformers import AttentionInterface

from neuron_census.families.adapter.layer import Layer

_NAME = "neuron_census"
_OWN = "sdpa"
"""The attention that layers have otherwise."""
NORMS = ("self_attn_layer_norm", "final_layer_norm")

Attention = Callable[..., tuple[Tensor, None]]
Heads = Float[Tensor, "batch heads length head_dim"]


@dataclass
class Seen:
    """What passed inside a layer: keys and values of every window, inputs of the norms, and of the second matrix."""

    keys: Heads | None = None
    values: Heads | None = None
    activations: Float[Tensor, "positions ffn_dim"] | None = None
    norm_inputs: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Places:
    """Where rows belong: the window of each, by its place in the micro-batch, ascending, and the position in it."""

    window: Int64[Tensor, " rows"]
    position: Int64[Tensor, " rows"]


@contextmanager
def watched(layer: Layer) -> Iterator[Seen]:
    """Note what passes inside a layer while inside; its results are the same."""
    seen = Seen()

    def attend(
        module: nn.Module,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        **rest: Any,
    ) -> tuple[Tensor, None]:
        seen.keys, seen.values = key, value
        attended: tuple[Tensor, None] = AttentionInterface()[_OWN](
            module, query, key, value, mask, **rest
        )
        return attended

    def note_activations(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.activations = inputs[0]

    handles = [layer.fc2.register_forward_pre_hook(note_activations)]
    for name in NORMS:

        def note_input(_module: nn.Module, inputs: tuple[Tensor, ...], name: str = name) -> None:
            seen.norm_inputs[name] = inputs[0].reshape(-1, inputs[0].shape[-1])

        handles.append(getattr(layer, name).register_forward_pre_hook(note_input))
    try:
        with _attention(layer, attend):
            yield seen
    finally:
        for handle in handles:
            handle.remove()


def pass_rows(
    layer: Layer,
    states: Float[Tensor, "rows hidden_size"],
    places: Places,
    windows: Seen,
) -> tuple[Float[Tensor, "rows hidden_size"], Seen]:
    """Send rows through a layer, each attending to what its window holds before its position, and to itself.

    Parameters
    ----------
    layer
        the layer, with weights
    states
        the residual stream that enters it, of each row
    places
        where the rows belong
    windows
        what was seen when the windows passed this layer

    Returns the residual stream that leaves the layer, and what was seen inside it.
    """
    keys, values = windows.keys, windows.values
    assert keys is not None and values is not None
    table = _Table.of(places, keys.shape[2])

    def attend(
        module: nn.Module,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        *,
        scaling: float,
        **rest: Any,
    ) -> tuple[Tensor, None]:
        attended = nn.functional.scaled_dot_product_attention(
            table.spread(query),
            torch.cat([keys[table.windows, :, : table.length], table.spread(key)], dim=2),
            torch.cat([values[table.windows, :, : table.length], table.spread(value)], dim=2),
            attn_mask=table.mask[:, None],
            scale=scaling,
        )
        return table.gather(attended), None

    with watched(layer) as seen, _attention(layer, attend):
        output: Tensor = layer(states[:, None], attention_mask=None)
    return output[:, 0], seen


@dataclass(frozen=True)
class _Table:
    """Rows laid out by their windows: `group` and `slot` of each row, and who may look at what.

    `mask` is `[groups, slots, length + slots]`: a row sees the window before its own position, and itself.
    """

    windows: Int64[Tensor, " groups"]
    group: Int64[Tensor, " rows"]
    slot: Int64[Tensor, " rows"]
    mask: Bool[Tensor, "groups slots keys"]
    length: int

    @classmethod
    def of(cls, places: Places, length: int) -> _Table:
        """Lay rows out."""
        device = places.window.device
        windows, group, sizes = places.window.unique_consecutive(
            return_inverse=True, return_counts=True
        )
        first = sizes.cumsum(0) - sizes
        slot = torch.arange(len(group), device=device) - first[group]
        slots = int(sizes.max())
        length = min(length, int(places.position.max()))
        position = torch.zeros(len(windows), slots, dtype=torch.int64, device=device)
        position[group, slot] = places.position
        before = torch.arange(length, device=device) < position[..., None]
        itself = torch.eye(slots, dtype=torch.bool, device=device).expand(len(windows), -1, -1)
        return cls(windows, group, slot, torch.cat([before, itself], dim=2), length)

    def spread(self, rows: Float[Tensor, "rows heads 1 head_dim"]) -> Heads:
        """Return rows by group and slot; empty slots are zero."""
        groups, slots = self.mask.shape[:2]
        table = rows.new_zeros(groups, slots, rows.shape[1], rows.shape[3])
        table[self.group, self.slot] = rows[:, :, 0]
        return table.transpose(1, 2)

    def gather(self, table: Heads) -> Float[Tensor, "rows 1 heads head_dim"]:
        """Return the rows of a table, as the layer expects what was attended to."""
        return table.transpose(1, 2)[self.group, self.slot][:, None]


@contextmanager
def _attention(layer: Layer, attend: Attention) -> Iterator[None]:
    """Let a layer attend in another way while inside."""
    config = layer.self_attn.config
    before = config._attn_implementation
    registered = AttentionInterface._global_mapping.get(_NAME)
    AttentionInterface.register(_NAME, attend)
    config._attn_implementation = _NAME
    try:
        yield
    finally:
        config._attn_implementation = before
        if registered is None:
            del AttentionInterface._global_mapping[_NAME]
        else:
            AttentionInterface.register(_NAME, registered)
