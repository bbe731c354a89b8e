"""Figure 13: trigram detectors, and the trigrams that they detect, by depth (appendix A.2)."""

from __future__ import annotations

from functools import partial

from neuron_census.draw.figures import detectors_by_layer

STUDY = "ngrams"
MODELS = "models"

table = partial(detectors_by_layer.table, ngram="trigram")
draw = partial(detectors_by_layer.draw, ngrams="trigrams")
