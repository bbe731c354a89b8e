"""Figure 13, for bigrams: their detectors, and what these detect, by depth (appendix A.2)."""

from __future__ import annotations

from functools import partial

from neuron_census.draw.figures import detectors_by_layer

STUDY = "ngrams"
MODELS = "models"

table = partial(detectors_by_layer.table, ngram="bigram")
draw = partial(detectors_by_layer.draw, ngrams="bigrams")
