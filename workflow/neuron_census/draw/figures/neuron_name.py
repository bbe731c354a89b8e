"""What figures call a neuron."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def neuron_name(neuron: Mapping[str, Any]) -> str:
    """Return the name of a neuron for a title; its layer counts from 1, as in the paper.

    Parameters
    ----------
    neuron
        its model, layer (from 0) and neuron (from 0)
    """
    return f"{neuron['model']}, {layer_name(neuron['layer'])}, neuron {neuron['neuron']}"


def layer_name(layer: int) -> str:
    """Return the name of a layer for a title; it counts from 1, as in the paper.

    Parameters
    ----------
    layer
        from 0
    """
    return f"layer {layer + 1} (from 1)"
