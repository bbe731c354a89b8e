"""Figure 10: positional neurons of a model with and of one without position embeddings (section 5.4)."""

from __future__ import annotations

import polars as pl
from matplotlib.figure import Figure

from neuron_census.draw.figures import positional_neurons
from neuron_census.draw.figures.positional_neurons import table

STUDY = "positions"
MODELS = "no_positions"

__all__ = ["MODELS", "STUDY", "draw", "table"]


def draw(numbers: pl.DataFrame) -> Figure:
    """Return one panel for the baseline, which comes first, and one for the model without positions.

    Parameters
    ----------
    numbers
        as `table` returns them
    """
    baseline, *others = numbers["model"].unique(maintain_order=True)
    titles = {baseline: f"baseline: {baseline}"}
    titles |= {model: f"without positions: {model}" for model in others}
    return positional_neurons.draw(numbers, titles)
