"""Figure 3: token detectors, and the tokens that they detect, by depth (paper, section 4.2)."""

from __future__ import annotations

from functools import partial

from neuron_census.draw.figures import detectors_by_layer

STUDY = "ngrams"
MODELS = "models"

table = partial(detectors_by_layer.table, ngram="unigram")
draw = partial(detectors_by_layer.draw, ngrams="tokens")
