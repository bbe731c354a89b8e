"""Figure 12: how many trigrams cover the activations of neurons, by layer (paper, appendix A.1)."""

from __future__ import annotations

from functools import partial

from neuron_census.draw.figures import cover_sizes

STUDY = "ngrams"
MODELS = "models"

table = partial(cover_sizes.table, ngram="trigram")
draw = partial(cover_sizes.draw, ngrams="trigrams")
