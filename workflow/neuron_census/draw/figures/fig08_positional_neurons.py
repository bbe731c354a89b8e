"""Figure 8: the positional neurons of every model, by layer and type (paper, section 5.2)."""

from __future__ import annotations

from neuron_census.draw.figures.positional_neurons import draw, table

STUDY = "positions"
MODELS = "models"

__all__ = ["MODELS", "STUDY", "draw", "table"]
