"""How sure we are of dead neurons, and of n-grams: what more text of the same kind would show.

Documents are the sampling units everywhere: activations, and n-grams, cluster in them.
"""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import Column, Table

_PLACE = {"documents": pl.Int32(), "tokens": pl.Int64(), "never_active": pl.Float64()}

COVERAGE = Table(
    name="coverage",
    row="One row per layer, and a last one for all layers together.",
    columns={
        "layer": Column(pl.Int16(), "layer, from 0; null for all layers together"),
        "neurons": Column(pl.Int64(), "neurons of the layer"),
        "documents": Column(pl.Int32(), "documents of the dead study"),
        "tokens": Column(pl.Int64(), "tokens of the dead study"),
        "dead": Column(pl.Int64(), "neurons that are active in no document"),
        "singletons": Column(pl.Int64(), "neurons that are active in exactly one document"),
        "doubletons": Column(pl.Int64(), "neurons that are active in exactly two documents"),
        "curve": Column(
            pl.List(pl.Struct(_PLACE)),
            "accumulation curve: the share of neurons that are expected to be active in none of so many "
            "documents drawn at random from those read (exact rarefaction), and the tokens that these hold "
            "on average; from 0 to all documents",
        ),
        "further": Column(
            pl.List(pl.Struct({**_PLACE, "lower": pl.Float64(), "upper": pl.Float64()})),
            "its continuation to twice the documents as Chao2 extrapolates it, with the interval of the share",
        ),
        "wakes": Column(
            pl.Float64(), "dead neurons expected to wake in as many documents again (Chao2)"
        ),
        "wakes_lower": Column(pl.Float64(), "lower end of the interval of how many will"),
        "wakes_upper": Column(pl.Float64(), "upper end of that interval"),
        "wakes_ever": Column(
            pl.Float64(),
            "dead neurons that would wake in any amount of such text: Chao2's lower bound",
        ),
        "rate_upper": Column(
            pl.Float64(),
            "upper bound of the share of documents in which one given dead neuron is active (rule of three)",
        ),
        "rate_upper_jointly": Column(
            pl.Float64(),
            "upper bound that holds for all its dead neurons at once; null without any",
        ),
        "woken_by": Column(
            pl.List(
                pl.Struct(
                    {
                        "domain": pl.String(),
                        "documents": pl.Int32(),
                        "tokens": pl.Int64(),
                        "neurons": pl.Int64(),
                    }
                )
            ),
            "for each domain its documents and tokens, and the neurons that are active in it and in no other: "
            "so many more would be dead without it",
        ),
        "half_documents": Column(
            pl.Int32(),
            "documents of one half, those with even numbers, from which the other is predicted",
        ),
        "half_dead": Column(pl.Int64(), "neurons that are active in none of them"),
        "half_predicted": Column(
            pl.Float64(), "of these, how many are expected to wake in the other half"
        ),
        "half_lower": Column(pl.Float64(), "lower end of the interval of how many will"),
        "half_upper": Column(pl.Float64(), "upper end of that interval"),
        "half_woken": Column(pl.Int64(), "how many do wake in the other half"),
        "margin_auc": Column(
            pl.Float64(),
            "how well the margin in the first half ranks them: the probability that one that wakes had a "
            "larger margin than one that does not; null where all do or none does",
        ),
    },
)
"""The table of `coverage/{model}.parquet`."""

SEEN_NGRAMS = Table(
    name="seen_ngrams",
    row="One row per length of n-grams.",
    columns={
        "n": Column(pl.Int8(), "tokens of the n-grams: 1, 2 or 3"),
        "documents": Column(pl.Int32(), "documents of the n-gram study that hold any"),
        "occurrences": Column(pl.Int64(), "n-grams of the study"),
        "distinct": Column(pl.Int64(), "different ones among them"),
        "seen": Column(pl.Float64(), "share of all sequences of so many tokens that these are"),
        "new": Column(
            pl.Float64(),
            "share of the n-grams of a further document that would be new, by leaving one document out at a "
            "time",
        ),
        "new_lower": Column(pl.Float64(), "lower end of its interval"),
        "new_upper": Column(pl.Float64(), "upper end of its interval"),
    },
)
"""The table of `seen_ngrams/{model}.parquet`."""
