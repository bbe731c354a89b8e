"""Figure 2: how many tokens cover the activations of neurons, by layer (paper, section 4.1)."""

from __future__ import annotations

from functools import partial

from neuron_census.draw.figures import cover_sizes

STUDY = "ngrams"
MODELS = "models"

table = partial(cover_sizes.table, ngram="unigram")
draw = partial(cover_sizes.draw, ngrams="tokens")
