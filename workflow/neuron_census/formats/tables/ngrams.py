"""What goes with the census for n-grams: triggers, projections, spectra."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import NEURON, Column, Table

TRIGGERS = Table(
    name="triggers",
    row="One row per neuron and n-gram that triggers it: every n-gram of a detector, and the most frequent ones of "
    "every other alive neuron of the analysed layers; by layer, neuron and n, the most frequent first.",
    columns={
        **NEURON,
        "n": Column(pl.Int8(), "tokens of the n-gram: 1, 2 or 3"),
        "ngram": Column(pl.List(pl.Int32()), "its tokens"),
        "text": Column(pl.String(), "its text"),
        "activations": Column(pl.Int64(), "occurrences at which the neuron is active"),
        "occurrences": Column(pl.Int64(), "occurrences in the study"),
        "covered": Column(pl.Boolean(), "whether the neuron is active on enough of them"),
        "projection": Column(
            pl.Float32(),
            "projection of the output row on the token's embedding; null unless a covered token of a "
            "token detector",
        ),
        "percentile": Column(
            pl.Float32(),
            "place of that among all tokens: 0 most suppressed, 1 most promoted; null likewise",
        ),
    },
)


PROJECTIONS = Table(
    name="projections",
    row="One row per neuron and token that it promotes or suppresses most, ten each way: of every alive neuron of a "
    "small model (alive neurons by tokens by the width of an embedding are at most 2e12, as in OPT-125m), else of "
    "n-gram detectors and positional neurons.",
    columns={
        **NEURON,
        "rank": Column(pl.Int32(), "1, 2, … promoted; -1, -2, … suppressed"),
        "token": Column(pl.Int32(), "token"),
        "text": Column(pl.String(), "its text"),
        "value": Column(pl.Float32(), "projection of the output row on the token's embedding"),
    },
)


SPECTRA = Table(
    name="spectra",
    row="One row per token detector.",
    columns={
        **NEURON,
        "quantiles": Column(
            pl.List(pl.Float32()),
            "257 evenly spaced quantiles of its projections on all tokens, ascending",
        ),
    },
)
