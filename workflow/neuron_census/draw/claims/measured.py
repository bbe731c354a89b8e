"""A model as claims see it: its tables, and the numbers of which several claims speak."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from neuron_census.draw.by_layer import summary_by_layer
from neuron_census.draw.causal_suppression import measured
from neuron_census.draw.claims.finding import UndecidedError
from neuron_census.draw.detected_ngrams import detected_by_layer
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.layers import first_half
from neuron_census.formats.tables.ablations import ABLATIONS
from neuron_census.formats.tables.vocabulary import NGRAMS


@dataclass(frozen=True)
class Measured:
    """One model of a run."""

    name: str
    tables: ModelTables

    @property
    def neurons(self) -> int:
        """How many neurons it has: models are ordered by it."""
        return len(self.tables.census)

    @cached_property
    def layers(self) -> int:
        """How many layers it has."""
        return int(self.tables.census["layer"].n_unique())

    @cached_property
    def by_layer(self) -> pl.DataFrame:
        """Dead share and mean frequency of alive neurons of each layer, in order."""
        return summary_by_layer(self.tables.census)

    @property
    def dead_percent(self) -> list[float]:
        """The share of dead neurons in each layer, in percent."""
        return self.by_layer["dead_percent"].to_list()

    @property
    def first_half(self) -> int:
        """How many layers lie below half of the depth."""
        return first_half(self.layers)

    def covered(self, n: int) -> pl.DataFrame:
        """Return the alive neurons of the first half of layers that n-grams of length `n` trigger."""
        self.need("unigram_cover", "n-grams")
        cover = pl.col(f"{NGRAMS[n - 1]}_cover")
        return self.tables.census.filter(
            ~pl.col("dead") & cover.is_not_null() & (pl.col("layer") < self.first_half)
        )

    def median_cover(self, n: int) -> float | None:
        """Return the median over these neurons of how many n-grams cover one."""
        median = self.covered(n)[f"{NGRAMS[n - 1]}_cover"].median()
        return None if median is None else float(str(median))

    def detectors(self, n: int) -> pl.DataFrame:
        """Return the rows of the census that are detectors of n-grams, in all analysed layers."""
        self.need("unigram_cover", "n-grams")
        return self.tables.census.filter(pl.col(f"{NGRAMS[n - 1]}_detector"))

    def ngrams_by_layer(self, n: int) -> pl.DataFrame:
        """Return the detectors, and the n-grams that they detect, of each analysed layer."""
        self.need("unigram_cover", "n-grams")
        return detected_by_layer(self.tables.census, self.tables.covered, NGRAMS[n - 1])

    def detected(self, n: int) -> int:
        """Return how many n-grams are detected in any layer."""
        return int(self.ngrams_by_layer(n)["new_overall"].sum())

    @cached_property
    def positional(self) -> pl.DataFrame:
        """The rows of the census that are positional neurons, their patterns as text."""
        self.need("position_mi", "positions")
        return self.tables.census.filter("positional").with_columns(
            pl.col("pattern", "strength").cast(pl.String)
        )

    def patterns(self, pattern: str, strength: str | None = None) -> int:
        """Return how many positional neurons have a pattern, of one strength or of both."""
        rows = self.positional.filter(pl.col("pattern") == pattern)
        return len(rows if strength is None else rows.filter(pl.col("strength") == strength))

    def positional_in_stage(self, *, first: bool) -> pl.DataFrame:
        """Return the positional neurons of the first third of layers, or of the rest.

        Raises UndecidedError where there are none.
        """
        in_first = pl.col("layer") < self.layers / 3
        rows = self.positional.filter(in_first if first else ~in_first)
        if rows.is_empty():
            where = "first third" if first else "upper two thirds"
            raise UndecidedError(f"{self.name} has no positional neuron in its {where} of layers.")
        return rows

    @cached_property
    def ablated(self) -> pl.DataFrame:
        """The rows of the ablations table with enough firings.

        Raises UndecidedError where nothing was ablated.
        """
        if ABLATIONS.name not in self.tables.files:
            raise UndecidedError("the run has no study of ablations.")
        return measured(self.tables.ablations)

    def need(self, column: str, study: str) -> None:
        """Raise UndecidedError unless the study that makes a column of the census was done."""
        if column not in self.tables.census.columns:
            raise UndecidedError(f"the run has no study of {study}.")
