"""A layer of transformers that rows can ride through, as those of a family with `rows_can_ride`."""

from __future__ import annotations

from typing import Any, TypeAlias

Layer: TypeAlias = Any
"""It has `self_attn`, `self_attn_layer_norm`, `final_layer_norm` and `fc2`, and takes no positions."""
