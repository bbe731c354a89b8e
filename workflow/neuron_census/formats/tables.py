"""The schemas of the tables that classify writes; code, tests and docs/tables.md share them.

write_table(frame, CENSUS, path)       # names and types are checked (see `table_files`)
census = read_table(path, CENSUS)      # a CensusError for any other file
pl.DataFrame(schema=CENSUS.schema)     # no rows, every column that is always there
CENSUS.optional["positions"]           # columns that are there once a study has been read
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Column:
    """One column: its type and what it means."""

    dtype: pl.DataType
    meaning: str


@dataclass(frozen=True)
class Table:
    """A kind of table. Groups of columns of `optional` are there, each whole, once a study has been read."""

    name: str
    row: str
    columns: Mapping[str, Column]
    optional: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)

    @property
    def schema(self) -> pl.Schema:
        """The types of the columns that are always there, in order."""
        return self.types(*self.columns)

    def types(self, *names: str) -> pl.Schema:
        """Return the types of some columns, in the order of the names."""
        columns = self.all_columns
        return pl.Schema({name: columns[name].dtype for name in names})

    @property
    def all_columns(self) -> dict[str, Column]:
        """Every column that such a table can have, in order."""
        columns = dict(self.columns)
        for group in self.optional.values():
            columns |= group
        return columns


NEURON = {
    "layer": Column(pl.Int16(), "layer, from 0"),
    "neuron": Column(pl.Int32(), "index in the FFN layer, from 0"),
}
"""The columns that every table begins with."""


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
    row="One row per token detector and token that it promotes or suppresses most.",
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

POSITIONS = Table(
    name="positions",
    row="One row per positional neuron.",
    columns={
        **NEURON,
        "windows": Column(pl.Int32(), "full-length windows"),
        "frequency": Column(pl.List(pl.Float32()), "share of windows, at each position"),
        "position_mi": Column(
            pl.List(pl.Struct({"domain": pl.String(), "position_mi": pl.Float64()})),
            "mutual information of activity and position in each domain alone; null where the domain has "
            "too few windows",
        ),
        "active_ranges": Column(
            pl.List(pl.Struct({"start": pl.Int32(), "end": pl.Int32()})),
            "ranges of positions, the last one included, at which the smoothed frequency is high enough "
            "for the neuron to count as active",
        ),
        "shift": Column(
            pl.Float64(),
            "middle of the first of these ranges that is longer than the moving average, or else of the "
            "first one; null without any",
        ),
        **{name: Column(pl.Float64(), meaning) for name, meaning in DESCRIPTORS.items()},
    },
)

SENSITIVITY = Table(
    name="sensitivity",
    row="One row per choice of thresholds and length of n-grams.",
    columns={
        "n": Column(pl.Int8(), "tokens of the n-grams: 1, 2 or 3"),
        "max_cover": Column(pl.Int32(), "largest cover of a detector, as the config has it"),
        "coverage": Column(pl.Float64(), "share of activations that covers hold"),
        "presence": Column(
            pl.Float64(),
            "share of its occurrences that must activate a neuron for an n-gram to be covered",
        ),
        "min_occurrences": Column(pl.Int32(), "occurrences that a covered n-gram must have"),
        "detectors": Column(pl.Int64(), "neurons that are detectors under these thresholds"),
        "covered_ngrams": Column(pl.Int64(), "n-grams that at least one of them covers"),
    },
)
"""The table of `sensitivity/{model}.csv`."""

TABLES = (CENSUS, TRIGGERS, PROJECTIONS, SPECTRA, POSITIONS)
