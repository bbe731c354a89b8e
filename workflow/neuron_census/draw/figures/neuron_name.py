"""What figures call a neuron."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def neuron_name(neuron: Mapping[str, Any]) -> str:
    """Return the name of a neuron for a title; its layer counts from 0, as everywhere.

    Parameters
    ----------
    neuron
        its model, layer (from 0) and neuron (from 0)
    """
    return f"{neuron['model']}, {layer_name(neuron['layer'])}, neuron {neuron['neuron']}"


def layer_name(layer: int) -> str:
    """Return the name of a layer for a title; it counts from 0, as in every table, page and name of a
    file; the paper counts from 1.

    Parameters
    ----------
    layer
        from 0
    """
    return f"layer {layer}"
