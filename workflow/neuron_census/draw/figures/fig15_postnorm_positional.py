"""Figure 15: the positional neurons of post-norm models, by layer and type (paper, appendix B)."""

from __future__ import annotations

from neuron_census.draw.figures.positional_neurons import draw, table

STUDY = "positions"
MODELS = "post_norm"

__all__ = ["MODELS", "STUDY", "draw", "table"]
