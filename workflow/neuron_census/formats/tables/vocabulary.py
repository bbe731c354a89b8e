"""Names that tables and their readers share: lengths of n-grams, types of patterns, readings of suppression."""

from __future__ import annotations

import polars as pl

NGRAM_LENGTHS = {"unigram": 1, "bigram": 2, "trigram": 3}
"""Tokens of an n-gram, by its name."""


NGRAMS = tuple(NGRAM_LENGTHS)


PATTERNS = ("oscillatory", "both extremes", "one extreme", "other")


STRENGTHS = ("strong", "weak")


EARLY_POSITIONS = 16
"""Positions of a window that count as its first few, the BOS position among them."""


DESCRIPTORS: dict[str, str] = {
    "half_cycles": "how often the smoothed curve goes from its low to its high part, or back",
    "lowest": "1% quantile of the smoothed curve",
    "highest": "99% quantile of the smoothed curve",
    "straightness": "share of its variance that a straight line explains",
    "low_run": "its longest stretch near 0, as a share of the window",
    "high_run": "its longest stretch near 1, as a share of the window",
    "low_share": "share of its positions near 0",
    "high_share": "share of its positions near 1",
    "never_share": "share of its positions at which the neuron is all but never active",
    "always_share": "share of its positions at which the neuron is all but always active",
    "texture": "how far positions stand out from both neighbours, the noise of counting taken off",
}
"""What the rules decide by, each with its meaning: columns of the positions table."""


READINGS = {
    "mean": pl.col("suppression") < 0,
    "all": pl.col("suppression_all_negative"),
    "majority": pl.col("suppression_majority_negative"),
}
"""Readings of "suppresses its tokens", by their names in the config (section 4.4)."""
