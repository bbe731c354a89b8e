"""The first half of the layers, by its definition."""

from __future__ import annotations

import pytest

from neuron_census.formats.layers import first_half


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5, 12, 24, 31, 64])
def test_the_first_half_are_the_layers_below_half_of_the_depth(layers: int) -> None:
    assert first_half(layers) == sum(layer < layers / 2 for layer in range(layers))
