"""Figure 4: the tokens that each layer detects, and the new ones among them (paper, section 4.3)."""

from __future__ import annotations

from functools import partial

from neuron_census.draw.figures import ngrams_by_layer

STUDY = "ngrams"
MODELS = "models"

table = partial(ngrams_by_layer.table, ngram="unigram")
draw = partial(ngrams_by_layer.draw, ngrams="tokens")
