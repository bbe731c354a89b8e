"""Claims about positional neurons, each just on either side of its border."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from helpers.made.measured import Kind, by_pattern, measured
from neuron_census.draw.claims import positions
from neuron_census.draw.claims.claim import Test
from neuron_census.draw.claims.finding import UndecidedError
from neuron_census.draw.claims.measured import Measured

WAVE, WAVE_WEAK = ("oscillatory", "strong"), ("oscillatory", "weak")
BOTH, BOTH_WEAK = ("both extremes", "strong"), ("both extremes", "weak")
ONE, ONE_WEAK = ("one extreme", "strong"), ("one extreme", "weak")
OTHER, OTHER_WEAK = ("other", "strong"), ("other", "weak")
Layers = Sequence[Mapping[Kind, int]]


def models(*several: Layers) -> list[Measured]:
    return [by_pattern(f"m{number}", layers) for number, layers in enumerate(several)]


# A model of three layers is cut into stages after its first; nothing is left out of either.
@pytest.mark.parametrize(
    ("test", "layers", "holds"),
    [
        # More than any other pattern, and not only as many, in every model.
        (
            positions.oscillatory_are_most,
            [[{WAVE: 1, WAVE_WEAK: 2, ONE: 2, BOTH: 2, OTHER: 2}], [{WAVE_WEAK: 1}]],
            True,
        ),
        (
            positions.oscillatory_are_most,
            [[{WAVE: 1, WAVE_WEAK: 2, ONE: 3}], [{WAVE_WEAK: 1}]],
            False,
        ),
        (
            positions.oscillatory_are_most,
            [[{WAVE: 1, WAVE_WEAK: 2, BOTH: 3}], [{WAVE_WEAK: 1}]],
            False,
        ),
        (
            positions.oscillatory_are_most,
            [[{WAVE: 1, WAVE_WEAK: 2, OTHER: 3}], [{WAVE_WEAK: 1}]],
            False,
        ),
        (positions.oscillatory_are_most, [[{WAVE_WEAK: 1}], [{}], [{WAVE_WEAK: 1}]], False),
        (positions.no_oscillatory, [[{ONE: 1}], [{}], [{BOTH: 2}]], True),
        (positions.no_oscillatory, [[{ONE: 1}], [{WAVE_WEAK: 1}], [{BOTH: 2}]], False),
        # Strong and weak ones are counted alike, for both claims.
        (
            positions.two_sided_fall,
            [[{BOTH: 2, BOTH_WEAK: 1}], [{BOTH: 3}], [{}, {BOTH_WEAK: 2}]],
            True,
        ),
        (
            positions.two_sided_fall,
            [[{BOTH: 2, BOTH_WEAK: 1}], [{BOTH_WEAK: 4}], [{BOTH: 1}]],
            False,
        ),
        (positions.two_sided_fall, [[{BOTH: 3}], [{BOTH_WEAK: 3}]], False),
        (positions.two_sided_fall, [[{BOTH: 3, ONE: 1}], [{BOTH: 1, BOTH_WEAK: 1, ONE: 9}]], True),
        (positions.one_sided_rise, [[{ONE: 1, ONE_WEAK: 1}], [{ONE_WEAK: 2}], [{ONE: 3}]], True),
        (positions.one_sided_rise, [[{ONE: 1, ONE_WEAK: 1}], [{ONE_WEAK: 1}], [{ONE: 3}]], False),
        (positions.one_sided_rise, [[{ONE: 1, ONE_WEAK: 1}], [{ONE_WEAK: 2, BOTH: 9}]], False),
        # Both extremes 1/2 to 1/3, oscillatory 1/3 to 2/5; and just not.
        (
            positions.from_two_sided_to_oscillatory,
            [
                [{BOTH: 3, WAVE: 2, ONE: 1}, {BOTH_WEAK: 2}, {WAVE_WEAK: 3, ONE: 1}],
                [{BOTH: 1}, {}, {WAVE_WEAK: 1}],
            ],
            True,
        ),
        (
            positions.from_two_sided_to_oscillatory,
            [
                [{BOTH: 3, WAVE: 2, ONE: 1}, {BOTH_WEAK: 2}, {WAVE_WEAK: 2, ONE: 2}],
                [{BOTH: 1}, {}, {WAVE_WEAK: 1}],
            ],
            False,
        ),
        (
            positions.from_two_sided_to_oscillatory,
            [[{BOTH: 2, WAVE: 1}, {BOTH_WEAK: 4}, {WAVE_WEAK: 2}], [{BOTH: 1}, {}, {WAVE_WEAK: 1}]],
            False,
        ),
        (
            positions.two_sided_matter_less_above,
            [[{BOTH: 2, ONE: 2}, {BOTH_WEAK: 2}, {ONE: 3}]] * 3,
            True,
        ),
        (
            positions.two_sided_matter_less_above,
            [[{BOTH: 2, ONE: 2}, {BOTH_WEAK: 2}, {ONE: 2}]],
            False,
        ),
        (
            positions.weaker_above,
            [[{BOTH: 2, ONE_WEAK: 2}, {ONE: 2}, {OTHER_WEAK: 3}], [{WAVE: 1}, {}, {WAVE_WEAK: 1}]],
            True,
        ),
        (
            positions.weaker_above,
            [[{BOTH: 2, ONE_WEAK: 2}, {ONE: 2}, {OTHER_WEAK: 2}], [{WAVE: 1}, {}, {WAVE_WEAK: 1}]],
            False,
        ),
        # A dip between two peaks, though they be far apart and unequal, in every model.
        (
            positions.two_stages,
            [[{ONE: 2}, {OTHER: 1}, {OTHER: 1}, {WAVE: 3}], [{ONE: 1}, {}, {ONE: 1}]],
            True,
        ),
        (
            positions.two_stages,
            [[{ONE: 2}, {OTHER: 2}, {OTHER: 2}, {WAVE: 3}], [{ONE: 1}, {}, {ONE: 1}]],
            False,
        ),
        (positions.two_stages, [[{ONE: 3}, {ONE: 2}, {ONE: 1}], [{ONE: 1}, {}, {ONE: 1}]], False),
        (positions.without_positions_none_oscillates, [[{WAVE_WEAK: 1}], [{BOTH: 1}]], True),
        (positions.without_positions_none_oscillates, [[{WAVE_WEAK: 1}], [{WAVE_WEAK: 1}]], False),
        (positions.without_positions_none_oscillates, [[{BOTH: 1}], [{BOTH: 1}]], False),
        # A quarter of those of the second model, of whatever pattern.
        (positions.without_positions_many_are_strong, [[{}], [{OTHER: 1, OTHER_WEAK: 3}]], True),
        (
            positions.without_positions_many_are_strong,
            [[{WAVE: 9}], [{BOTH: 1, OTHER_WEAK: 4}]],
            False,
        ),
        (positions.without_positions_many_are_strong, [[{WAVE: 9}], [{}]], False),
        (positions.without_positions_the_first_layer_has_none, [[{WAVE: 1}], [{}, {ONE: 1}]], True),
        (positions.without_positions_the_first_layer_has_none, [[{}], [{ONE: 1}, {ONE: 1}]], False),
        (positions.oscillation_comes_late, [[{BOTH: 2}], [{ONE: 1}], [{WAVE_WEAK: 1}]], True),
        (
            positions.oscillation_comes_late,
            [[{BOTH: 2}], [{WAVE_WEAK: 1}], [{WAVE_WEAK: 1}]],
            False,
        ),
        (positions.oscillation_comes_late, [[{BOTH: 2}], [{ONE: 1}], [{ONE: 1}]], False),
        (positions.there_are_positional_neurons, [[{}, {OTHER_WEAK: 1}]], True),
        (positions.there_are_positional_neurons, [[{}, {}]], False),
    ],
)
def test_positional_neurons(test: Test, layers: list[Layers], holds: bool) -> None:
    assert test(models(*layers)).holds is holds


def test_stages_are_a_third_of_the_layers_and_the_rest() -> None:
    """Of seven layers three begin below a third of them."""
    layers: Layers = [{}, {}, {BOTH: 1}, {ONE: 1}, {}, {}, {}]
    assert positions.two_sided_matter_less_above(models(layers)).found == (
        "m0 both extremes 1.00 to 0.00"
    )
    for lacking, said in (
        ([{}, {ONE: 1}, {}], "m0 has no positional neuron in its first third of layers"),
        ([{ONE: 1}, {}, {}], "m0 has no positional neuron in its upper two thirds of layers"),
    ):
        for test in (positions.weaker_above, positions.from_two_sided_to_oscillatory):
            with pytest.raises(UndecidedError, match=said):
                test(models(lacking))


def test_type_other_tells_least() -> None:
    """Medians over all models together: each of the other three has a higher one, or the claim fails."""
    every: Layers = [{WAVE: 1, BOTH: 1, ONE: 1, OTHER: 1}]

    def several(*others: float, **patterns: float) -> list[Measured]:
        named = {name.replace("_", " "): value for name, value in patterns.items()}
        return [
            by_pattern(f"m{number}", every, {**named, "other": other})
            for number, other in enumerate(others)
        ]

    test = positions.other_tell_least
    assert test(several(0.1, 0.29, 0.9)).holds, "the median is 0.29, the others' 0.3"
    assert not test(several(0.1, 0.3, 0.2, 0.9, 0.9)).holds
    for pattern in ("oscillatory", "both_extremes", "one_extreme"):
        assert not test(several(0.1, 0.2, 0.9, **{pattern: 0.2})).holds, "as much is not more"
        assert test(several(0.1, 0.2, 0.9, **{pattern: 0.21})).holds
    with pytest.raises(UndecidedError, match="no two types to compare"):
        test(models([{OTHER: 1, OTHER_WEAK: 1}]))
    with pytest.raises(UndecidedError, match="no two types to compare"):
        test(models([{ONE: 1, WAVE: 1}]))


def test_without_any_positional_neuron_none_is_most_frequent() -> None:
    with pytest.raises(UndecidedError, match="no positional neuron"):
        positions.oscillatory_are_most(models([{}], [{}]))


def oscillating(ranges: dict[int, tuple[int, int]]) -> Measured:
    """A model whose second layer has strong oscillatory neurons, active in one range of ten positions.

    Others that are weak, in another layer or of another type would cover everything.
    """
    chosen = {"layer": 1, "positional": True, "pattern": WAVE[0], "strength": WAVE[1]}
    rows: list[dict[str, Any]] = [chosen | {"neuron": neuron} for neuron in ranges]
    rows += [
        chosen | {"neuron": 3001, "strength": "weak"},
        chosen | {"neuron": 3002, "pattern": "other"},
        chosen | {"neuron": 3003, "layer": 0},
    ]
    active = {(1, neuron): pair for neuron, pair in ranges.items()}
    active |= {(1, 3001): (0, 9), (1, 3002): (0, 9), (0, 3003): (0, 9)}
    positions = [
        {"layer": layer, "neuron": neuron, "windows": 100, "frequency": [0.5] * 10}
        | {"active_ranges": [{"start": start, "end": end}]}
        for (layer, neuron), (start, end) in active.items()
    ]
    return measured("opt-125m", rows, positions=positions)


TEN = (167, 213, 422, 850, 968, 1114, 1693, 1900, 1948, 2669)


def test_the_ten_neurons_of_figure_9() -> None:
    each = {neuron: (place, place) for place, neuron in enumerate(TEN)}
    assert positions.the_ten_of_125m([oscillating(each)]).holds
    assert not positions.the_ten_of_125m([oscillating(each | {7: (0, 0)})]).holds
    nine = {neuron: each[neuron] for neuron in TEN[1:]}
    finding = positions.the_ten_of_125m([oscillating(nine)])
    assert (finding.holds, finding.found) == (False, f"9 neurons: {list(TEN[1:])}")


def test_together_they_cover_every_position_and_none_is_redundant() -> None:
    each = {neuron: (place, place) for place, neuron in enumerate(TEN)}
    ten = oscillating(each)
    finding = positions.the_ten_cover_every_position([ten])
    assert (finding.holds, finding.found) == (True, "1 of positions")
    assert positions.none_of_the_ten_is_redundant([ten]).holds
    lacking = oscillating({**each, 2669: (8, 8)})
    assert positions.the_ten_cover_every_position([lacking]).found == "0.9 of positions"
    assert not positions.the_ten_cover_every_position([lacking]).holds
    finding = positions.none_of_the_ten_is_redundant(
        [oscillating({1: (0, 4), 2: (4, 7), 3: (4, 4)})]
    )
    assert (finding.holds, finding.found) == (False, "positions of its own: 4, 3, 0")
    # What two of them cover belongs to neither.
    finding = positions.none_of_the_ten_is_redundant(
        [oscillating({1: (0, 4), 2: (4, 7), 3: (5, 5)})]
    )
    assert finding.found == "positions of its own: 4, 2, 0"
    for test in (positions.the_ten_cover_every_position, positions.none_of_the_ten_is_redundant):
        with pytest.raises(UndecidedError, match="opt-125m has no strong oscillatory neuron"):
            test([oscillating({})])


def early(*neurons: tuple[float | None, float | None], without: Sequence[str] = ()) -> Measured:
    """A model whose neurons are so often active at the first 16 positions, and at later ones."""
    rows = [{"early_frequency": first, "late_frequency": later} for first, later in neurons]
    return measured("m", rows, without=without)


def test_a_neuron_of_the_first_few_positions_falls_silent() -> None:
    """None of these neurons is positional: one at the first 16 of 2,048 positions has I = 0.0457."""
    test = positions.active_at_the_first_few_positions_only
    ordinary = (0.1, 0.1)
    finding = test(
        [early(ordinary, (1.0, 0.0)), early((1 / 32, 0.0009), (0.5, 0.0)), early((1, 0))]
    )
    assert (finding.holds, finding.found) == (True, "neurons: 1, 2, 1")
    assert not test([early((1.0, 0.0)), early((0.031, 0.0)), early((1.0, 0.0))]).holds
    assert not test([early((1.0, 0.0)), early((0.5, 0.0011))]).holds
    with pytest.raises(UndecidedError, match="m has windows of too few positions"):
        test([early((0.5, None))])
    with pytest.raises(UndecidedError, match="census of m has no column 'early_frequency'"):
        test([early(ordinary, without=["early_frequency", "late_frequency"])])
    with pytest.raises(UndecidedError, match="the run has no study of positions"):
        test([early(ordinary, without=["position_mi"])])
