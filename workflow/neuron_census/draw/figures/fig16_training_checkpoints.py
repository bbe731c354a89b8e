"""Figure 16: the positional neurons of one model in the course of training (paper, appendix B)."""

from __future__ import annotations

from neuron_census.draw.figures.positional_neurons import draw, table

STUDY = "positions"
MODELS = "checkpoints"

__all__ = ["MODELS", "STUDY", "draw", "table"]
