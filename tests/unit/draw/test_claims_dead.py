"""Claims about dead neurons, each just on either side of its border."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from helpers.made.measured import by_dead
from neuron_census.draw.claims import dead
from neuron_census.draw.claims.claim import Test
from neuron_census.draw.claims.finding import UndecidedError
from neuron_census.draw.claims.measured import Measured

Layers = Sequence[float]


def sizes(*models: Layers) -> list[Measured]:
    """Models by size, each as dead neurons in ten of its layers."""
    return [by_dead(f"m{number}", layers) for number, layers in enumerate(models)]


def with_frequencies(*models: tuple[Layers, Layers]) -> list[Measured]:
    """Models by size, each as dead neurons in ten and the frequency of the others, by layer."""
    return [by_dead(f"m{number}", *both) for number, both in enumerate(models)]


@pytest.mark.parametrize(
    ("test", "models", "holds"),
    [
        # Two layers above 70%: 70% itself is not above, and one layer is not several.
        (dead.several_layers_mostly_dead, [(7.01, 0, 7.01, 0)], True),
        (dead.several_layers_mostly_dead, [(7.01, 7.0, 0, 0)], False),
        # Means over the first half: neither step may go down, and equal ends do not rise.
        (dead.dead_share_rises, [(1, 2, 9, 9), (2, 1, 0, 0), (2, 2, 0, 0)], True),
        (dead.dead_share_rises, [(1, 2, 0, 0), (1, 1.9, 9, 9), (3, 3, 9, 9)], False),
        (dead.dead_share_rises, [(1, 2, 0, 0), (2, 1, 9, 9), (1, 2, 9, 9)], False),
        # Of three layers the middle one is in the first half, with five the third one.
        (dead.dead_share_rises, [(1, 1, 0), (1, 2, 0), (2, 2, 0)], True),
        (dead.upper_half_alive, [(9, 9, 0.1, 0.1), (9, 0, 0), (9, 9, 0, 0.1)], True),
        (dead.upper_half_alive, [(9, 9, 0.1, 0.1), (9, 0, 0), (9, 9, 0, 0.11)], False),
        (dead.lower_half_has_the_dead, [(1, 0.1, 1, 0), (0.01, 0), (2, 1)], True),
        (dead.lower_half_has_the_dead, [(1, 0, 1, 0), (0.01, 0), (2, 1)], False),
        (dead.lower_half_has_the_dead, [(1, 0), (2, 2.01), (2, 1)], False),
        (dead.no_dead_neurons, [(0, 0, 0)], True),
        (dead.no_dead_neurons, [(0, 0, 0.01)], False),
    ],
)
def test_dead_neurons(test: Test, models: list[Layers], holds: bool) -> None:
    assert test(sizes(*models)).holds is holds


@pytest.mark.parametrize(
    ("test", "models", "holds"),
    [
        # Means over layers, of the alive neurons in each.
        (
            dead.frequency_falls,
            [((0, 0), (0.3, 0.1)), ((5, 0), (0.1, 0.3)), ((0, 9), (0.2, 0.1))],
            True,
        ),
        (
            dead.frequency_falls,
            [((0, 0), (0.3, 0.1)), ((5, 0), (0.11, 0.3)), ((0, 9), (0.2, 0.1))],
            False,
        ),
        (dead.frequency_falls, [((0, 0), (0.2, 0.1)), ((5, 0), (0.1, 0.2))], False),
        # From most dead to fewest, frequencies by rank: 1, 2, 3, and once 3, 1, 2 (correlation -0.5, 0.5).
        (
            dead.rare_where_many_are_dead,
            [((9, 5, 1), (0.1, 0.2, 0.3)), ((9, 5, 1), (0.2, 0.1, 0.3)), ((2, 0), (0.1, 0.2))],
            True,
        ),
        (
            dead.rare_where_many_are_dead,
            [((9, 5, 1), (0.1, 0.2, 0.3)), ((9, 5, 1), (0.3, 0.1, 0.2)), ((2, 0), (0.1, 0.2))],
            False,
        ),
    ],
)
def test_frequencies(test: Test, models: list[tuple[Layers, Layers]], holds: bool) -> None:
    assert test(with_frequencies(*models)).holds is holds


def test_a_layer_without_alive_neurons_has_no_frequency() -> None:
    (model,) = with_frequencies(((10, 5, 0), (0.9, 0.1, 0.2)))
    assert dead.rare_where_many_are_dead([model]).found == "rank correlation: -1"
    (dead_whole,) = sizes((10, 10))
    with pytest.raises(UndecidedError, match="m0 has nothing to compare"):
        dead.frequency_falls([dead_whole])


@pytest.mark.parametrize(
    ("layers", "frequencies", "said"),
    [
        ((1, 1, 1), (0.1, 0.2, 0.3), "every layer has the same dead share"),
        ((1, 2, 3), (0.1, 0.1, 0.1), "every layer has the same frequency"),
    ],
)
def test_what_does_not_vary_correlates_with_nothing(
    layers: Layers, frequencies: Layers, said: str
) -> None:
    with pytest.raises(UndecidedError, match=said):
        dead.rare_where_many_are_dead([by_dead("m", layers, frequencies)])


def test_what_is_found_is_said() -> None:
    model = by_dead("m", (8, 7.5, 1, 0.5))
    assert dead.several_layers_mostly_dead([model]).found == (
        "most dead: 80%; layers with more than 70%: 0, 1"
    )
    assert dead.upper_half_alive([model]).found == "most in an upper layer (%): 10"
    assert dead.lower_half_has_the_dead([model]).found == "lower and upper (%): 77.5, 7.5"
    assert dead.no_dead_neurons([model]).found == "1700 of 4000 neurons are dead"
    assert dead.dead_share_rises([model, model]).found == "m 77.5; m 77.5"
