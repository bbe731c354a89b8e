"""The figure of accumulation curves: what it takes from coverage tables, and what is to be seen of it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.made.tables import grown_model
from neuron_census.draw.figures import figure_accumulation as figure


def test_the_numbers_are_those_of_all_layers_together() -> None:
    models = {name: grown_model(name, 4, seed=seed) for seed, name in enumerate("ab")}
    numbers = figure.table(models)
    for name, tables in models.items():
        whole = tables.coverage.row(-1, named=True)
        of_model = numbers.filter(model=name)
        read, further = (of_model.filter(part=part) for part in ("read", "further"))
        assert read["never_active_percent"].to_list() == pytest.approx(
            [100 * point["never_active"] for point in whole["curve"]]
        )
        assert read["tokens"].to_list() == [point["tokens"] for point in whole["curve"]]
        assert further["upper_percent"].to_list() == pytest.approx(
            [100 * point["upper"] for point in whole["further"]]
        )
        (half,) = of_model.filter(part="half").iter_rows(named=True)
        assert (half["wakes_lower"], half["wakes_upper"], half["woken"]) == (
            whole["half_lower"],
            whole["half_upper"],
            whole["half_woken"],
        )


def test_every_model_has_a_curve_its_continuation_and_a_check() -> None:
    models = {name: grown_model(name, 4, seed=seed) for seed, name in enumerate("ab")}
    drawn = figure.draw(figure.table(models))
    try:
        left, middle, right = drawn.axes
        for panel in (left, middle):
            assert len(panel.lines) == 4 and len(panel.collections) == 2
        assert [
            float(np.asarray(line.get_ydata())[0])
            for line in right.lines
            if line.get_marker() == "o"
        ] == [4, 4]
        assert left.get_xlabel() == "documents read" and middle.get_xlabel() == "tokens read"
    finally:
        plt.close(drawn)
