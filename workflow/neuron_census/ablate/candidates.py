"""Where neurons fire: the first activation in each window, and which neurons are alike there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from neuron_census.ablate.aboard import CONTROLS

NONE = -1


@dataclass(frozen=True)
class Candidates:
    """First activations in the windows of a micro-batch, of some neurons of a layer.

    `column` says which of these neurons it is. `neurons` are the neuron itself and its controls, -1 where
    there is none, and `activations` what they put out there.
    """

    column: Int64[Tensor, " firings"]
    place: Int64[Tensor, " firings"]
    position: Int64[Tensor, " firings"]
    neurons: Int64[Tensor, "firings neurons"]
    activations: Float64[Tensor, "firings neurons"]


def find_candidates(
    activations: Float[Tensor, "windows length ffn_dim"],
    text: Bool[Tensor, "windows length"],
    neurons: Int64[Tensor, " neurons"],
    norms: Float64[Tensor, " ffn_dim"],
) -> Candidates:
    """Return where neurons are first active in each window, with the neurons that are alike there.

    A control is active at the same position, and its contribution has the nearest norm; the lower index comes
    first where two are as near.

    Parameters
    ----------
    activations
        outputs of the activation function
    text
        which positions hold text: neither BOS nor padding
    neurons
        those that are looked for
    norms
        of the column of the second FFN matrix of every neuron of the layer
    """
    firing = (activations[:, :, neurons] > 0) & text[:, :, None]
    place, column = firing.any(dim=1).nonzero(as_tuple=True)
    position = firing.to(torch.uint8).argmax(dim=1)[place, column]
    there = activations[place, position].double()
    own = neurons[column]
    contributions = there * norms
    rows = torch.arange(len(own), device=own.device)
    distances = (contributions - contributions[rows, own][:, None]).abs()
    distances[there <= 0] = torch.inf
    distances[rows, own] = torch.inf
    nearest = distances.sort(dim=1, stable=True)
    width = min(CONTROLS, distances.shape[1])
    controls = torch.full((len(own), CONTROLS), NONE, device=own.device)
    controls[:, :width] = nearest.indices[:, :width].masked_fill(
        nearest.values[:, :width].isinf(), NONE
    )
    chosen = torch.cat([own[:, None], controls], dim=1)
    put_out = there.gather(1, chosen.clamp(min=0)).masked_fill(chosen == NONE, 0.0)
    return Candidates(column, place, position, chosen, put_out)
