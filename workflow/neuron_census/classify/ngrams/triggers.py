"""Rows of the triggers table: the n-grams that activate neurons (contract: design section 5)."""

from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from neuron_census.formats.ngram_counts import Triggers
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.tokenizer.token_text import TokenText


def choose_triggers(
    triggers: Triggers,
    detector: Bool[np.ndarray, " neuron"],
    dead: Bool[np.ndarray, " neuron"],
    most: int,
) -> Bool[np.ndarray, " entry"]:
    """Return which entries become rows: every one of a detector, the first ones of other neurons, none of dead ones.

    Parameters
    ----------
    triggers
        the n-grams of a layer
    detector
        which neurons detect n-grams of this size
    dead
        which neurons are dead
    most
        how many n-grams are chosen of a neuron that is no detector
    """
    entries = np.diff(triggers.offsets)
    rank = np.arange(len(triggers.ids)) - np.repeat(triggers.offsets[:-1], entries)
    alive = ~np.repeat(dead, entries)
    chosen: Bool[np.ndarray, " entry"] = alive & ((rank < most) | np.repeat(detector, entries))
    return chosen


def trigger_rows(
    triggers: Triggers,
    covered: Bool[np.ndarray, " entry"],
    chosen: Bool[np.ndarray, " entry"],
    *,
    neurons: range,
    n: int,
    layer: int,
    study: NgramIndex,
    occurrences: Int64[np.ndarray, " ngram"],
    text: TokenText,
) -> pl.DataFrame:
    """Return rows of the triggers table, neuron by neuron, the most frequent n-gram first.

    The columns about the output row are null.

    Parameters
    ----------
    triggers
        the n-grams of a layer, of one length
    covered
        whether the neuron is active on enough occurrences of each
    chosen
        which of them become rows
    neurons
        the neurons whose rows are made
    n
        tokens of an n-gram
    layer
        0-based
    study
        the n-grams
    occurrences
        how often each n-gram is in the study
    text
        how the tokens are spelled
    """
    first, last = triggers.offsets[neurons.start], triggers.offsets[neurons.stop]
    entry = first + np.flatnonzero(chosen[first:last])
    # Neurons share n-grams: each is looked up and spelled once.
    ids, which = np.unique(triggers.ids[entry], return_inverse=True)
    tokens = study.tokens(n, ids)
    neuron = np.searchsorted(triggers.offsets, entry, side="right") - 1
    return pl.DataFrame(
        {
            "layer": pl.repeat(layer, len(entry), eager=True),
            "neuron": neuron,
            "n": pl.repeat(n, len(entry), eager=True),
            "ngram": pl.Series(tokens[which], dtype=pl.Array(pl.Int32, n)).arr.to_list(),
            "text": text.of(tokens).gather(which),
            "activations": triggers.activations[entry],
            "occurrences": occurrences[ids][which],
            "covered": covered[entry],
            "projection": pl.repeat(None, len(entry), eager=True),
            "percentile": pl.repeat(None, len(entry), eager=True),
        },
        schema_overrides=TRIGGERS.schema,
    )


def add_effects(rows: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """Return rows of unigrams with what the output rows of their neurons do to them.

    Parameters
    ----------
    rows
        rows of the triggers table, of n-grams of one token
    effects
        columns `layer`, `neuron`, `token`, `projection`, `percentile`
    """
    place = ["layer", "neuron", "token"]
    known = effects.select(*place, "projection", "percentile")
    joined = (
        rows.drop("projection", "percentile")
        .with_columns(token=pl.col("ngram").list.first())
        .join(known, on=place, how="left", maintain_order="left", validate="m:1")
    )
    return joined.select(list(TRIGGERS.columns))
