"""The census: one row per neuron.

write_table(frame, CENSUS, path)       # names and types are checked (see `table_files`)
census = read_table(path, CENSUS)      # a CensusError for any other file
pl.DataFrame(schema=CENSUS.schema)     # no rows, every column that is always there
CENSUS.optional["positions"]           # columns that are there once a study has been read
"""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import NEURON, Column, Table
from neuron_census.formats.tables.vocabulary import EARLY_POSITIONS, NGRAMS


def _ngram_columns() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for ngram in NGRAMS:
        columns |= {
            f"{ngram}_activations": Column(pl.Int64(), f"activations at which there is a {ngram}"),
            f"{ngram}_distinct": Column(pl.Int32(), f"different {ngram}s that trigger the neuron"),
            f"{ngram}_cover": Column(
                pl.Int32(),
                f"fewest {ngram}s that hold the coverage of its activations; null outside the analysed "
                "layers or when never active",
            ),
            f"{ngram}_detector": Column(pl.Boolean(), f"whether it is a {ngram} detector"),
        }
    return columns


CENSUS = Table(
    name="census",
    row="One row per neuron, by layer and neuron.",
    columns={
        **NEURON,
        "tokens": Column(pl.Int64(), "tokens of the dead study"),
        "activations": Column(pl.Int64(), "of these, how many activate the neuron (post-ReLU > 0)"),
        "frequency": Column(pl.Float64(), "activations / tokens"),
        "dead": Column(pl.Boolean(), "whether no token activates it"),
    },
    optional={
        "evidence": {
            "documents": Column(
                pl.Int32(), "documents of the dead study in which the neuron is active"
            ),
            "margin": Column(
                pl.Float64(),
                "its largest pre-activation in the dead study; of a dead neuron, how close it came to be active",
            ),
            "margin_window": Column(
                pl.Int32(),
                "where that was: number of the window, the first one if there are several",
            ),
            "margin_position": Column(
                pl.Int32(), "and position in the window, the first one, the BOS at 0"
            ),
            "dead_upper": Column(
                pl.Float64(),
                "upper bound of the share of documents in which it is active (rule of three); null unless dead",
            ),
        },
        "ngrams": {
            **_ngram_columns(),
            "suppression": Column(
                pl.Float32(), "mean projection on its tokens; null unless a token detector"
            ),
            "suppresses": Column(
                pl.Boolean(),
                "whether it suppresses its tokens, as the config reads it; null unless a token detector",
            ),
            "suppression_all_negative": Column(
                pl.Boolean(),
                "whether all its projections on its tokens are negative; null unless a token detector",
            ),
            "suppression_majority_negative": Column(
                pl.Boolean(), "whether more than half of them are; null unless a token detector"
            ),
            "suppression_percentile": Column(
                pl.Float32(),
                "median place of its tokens among all, by projection: 0 most suppressed, 1 most "
                "promoted; null unless a token detector",
            ),
        },
        "positions": {
            "position_mi": Column(pl.Float64(), "mutual information of activity and position"),
            "positional": Column(pl.Boolean(), "whether that exceeds the threshold"),
            "pattern": Column(pl.Categorical(), "type of its pattern; null unless positional"),
            "strength": Column(pl.Categorical(), "strong or weak; null unless positional"),
            "early_frequency": Column(
                pl.Float32(),
                "share of full-length windows in which it is active, on average over the first "
                f"{EARLY_POSITIONS} positions, that of the BOS included as in `position_mi`",
            ),
            "late_frequency": Column(
                pl.Float32(),
                f"the same over all later positions; null where a window has at most {EARLY_POSITIONS}",
            ),
        },
        "domains": {
            "activations_by_domain": Column(
                pl.List(pl.Int64()),
                "activations in each domain, in the order that the file's metadata name them with their "
                "tokens (`domains`)",
            ),
        },
    },
)
