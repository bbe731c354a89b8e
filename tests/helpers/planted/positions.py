"""A checkpoint whose neurons follow position, text or both in ways that are known exactly.

The residual stream holds three points on a circle, each with its mirror image, so that its mean is 0
and its length the same everywhere, and norms only scale it: one goes half around over the window, one
several times, one depends on the token. Attention adds nothing. A neuron is active where a weighted
sum of the points' coordinates exceeds a threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np
import torch
from jaxtyping import Float64

from helpers.made.checkpoints import StateDict

CYCLES = 4
SHIFT = 0.3
# Rows that OPT keeps before the first position.
OFFSET = 2
FIRST_TOKEN = 4

# Place of each planted neuron in its layer, and what the rules are to say of it.
PLANTED: dict[str, tuple[int, tuple[str, str] | None]] = {
    "switch": (0, ("both extremes", "strong")),
    "oscillation": (1, ("oscillatory", "strong")),
    "wave": (2, ("oscillatory", "weak")),
    "one side": (3, ("one extreme", "strong")),
    "ramp": (4, ("other", "strong")),
    "text": (5, None),
}


def plant_positional(
    layers: int, window: int, vocabulary: int, narrow: bool
) -> Callable[[StateDict], None]:
    """Return an edit that makes the neurons of `PLANTED` in every layer and leaves the others' rows of fc1 alone.

    Parameters
    ----------
    layers
        of the model
    window
        positions of a window
    vocabulary
        rows of the embedding; tokens from `FIRST_TOKEN` up lie evenly on half a circle
    narrow
        whether tokens are embedded in fewer dimensions, and projected
    """

    def plant(weights: StateDict) -> None:
        _plant_embeddings(weights, window, vocabulary, narrow)
        for layer in range(layers):
            name = f"layers.{layer}."
            for silent in ("self_attn.out_proj", "fc2"):
                for part in ("weight", "bias"):
                    weights[f"{name}{silent}.{part}"][:] = 0
            for norm in ("self_attn_layer_norm", "final_layer_norm"):
                weights[f"{name}{norm}.weight"][:] = 1
                weights[f"{name}{norm}.bias"][:] = 0
            _plant_neurons(weights, name, window)

    return plant


def share_active(neuron: str, window: int) -> Float64[np.ndarray, " position"]:
    """Return the share of windows of even text in which a planted neuron is active, at each position but the BOS."""
    place = np.arange(window) / window
    wave = np.cos(2 * pi * CYCLES * place + SHIFT)
    curves = {
        "switch": (place > _switch_at(window)).astype(np.float64),
        "oscillation": (wave > 0).astype(np.float64),
        "wave": np.arccos(-0.85 * wave) / pi,
        "one side": np.arccos(np.clip(np.cos(pi * place) + 0.5, -1, 1)) / pi,
        "ramp": place,
        "text": np.full(window, 1 / 3),
    }
    return curves[neuron]


def _switch_at(window: int) -> float:
    return (round(0.4 * window) + 0.5) / window


def _plant_embeddings(weights: StateDict, window: int, vocabulary: int, narrow: bool) -> None:
    place = torch.arange(window, dtype=torch.float64) / window
    positions = weights["embed_positions.weight"]
    positions[:] = 0
    positions[OFFSET : OFFSET + window, 0:4] = _with_mirror(pi * place)
    positions[OFFSET : OFFSET + window, 4:8] = _with_mirror(2 * pi * CYCLES * place + SHIFT)
    # A little off the even places, so that no token ties with a position.
    share = (torch.arange(vocabulary, dtype=torch.float64) - FIRST_TOKEN + 0.5123) / (
        vocabulary - FIRST_TOKEN
    )
    tokens = weights["embed_tokens.weight"]
    tokens[:] = 0
    if narrow:
        tokens[:, 0:4] = _with_mirror(pi * share)
        weights["project_in.weight"][:] = 0
        weights["project_in.weight"][8:12, 0:4] = torch.eye(4, dtype=torch.float64)
    else:
        tokens[:, 8:12] = _with_mirror(pi * share)


def _plant_neurons(weights: StateDict, name: str, window: int) -> None:
    rows, bias = weights[f"{name}fc1.weight"], weights[f"{name}fc1.bias"]
    half_turn, wave, token = 0, 4, 8  # the cosines
    # What a norm divides by: the root mean square of the stream, in which every point has length 2.
    scale = (3 * 2 / rows.shape[1]) ** 0.5
    planted: dict[str, tuple[dict[int, float], float]] = {
        "switch": ({half_turn: -1.0}, float(np.cos(pi * _switch_at(window)))),
        "oscillation": ({wave: 1.0}, 0.0),
        "wave": ({token: 1.0, wave: 0.85}, 0.0),
        "one side": ({token: 1.0, half_turn: -1.0}, -0.5),
        "ramp": ({token: 1.0, half_turn: -1.0}, 0.0),
        "text": ({token: 1.0}, -0.5),
    }
    for neuron, (weighted, offset) in planted.items():
        place, _ = PLANTED[neuron]
        rows[place] = 0
        for dimension, weight in weighted.items():
            rows[place, dimension] = weight * scale
        bias[place] = offset


def _with_mirror(angle: torch.Tensor) -> torch.Tensor:
    """Return points on a circle and their mirror images, `[..., 4]`."""
    return torch.stack([angle.cos(), angle.sin(), -angle.cos(), -angle.sin()], dim=-1)
