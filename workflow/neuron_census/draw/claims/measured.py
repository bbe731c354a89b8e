"""A model as claims see it: its tables, and the numbers that several claims speak of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from neuron_census.draw.by_layer import summary_by_layer
from neuron_census.draw.claims.finding import UndecidedError
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables import NGRAMS


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
        """Dead share and mean frequency of alive neurons of each layer."""
        return summary_by_layer(self.tables.census).sort("layer")

    @property
    def dead_percent(self) -> list[float]:
        """Share of dead neurons in each layer, in percent."""
        return self.by_layer["dead_percent"].to_list()

    @property
    def first_half(self) -> int:
        """The number of layers below half of the depth."""
        return -(-self.layers // 2)

    def analysed(self, n: int) -> pl.DataFrame:
        """Alive neurons of the layers whose n-grams are counted."""
        self.need("unigram_cover", "n-grams")
        cover = pl.col(f"{NGRAMS[n - 1]}_cover")
        return self.tables.census.filter(
            ~pl.col("dead") & cover.is_not_null() & (pl.col("layer") < self.first_half)
        )

    def median_cover(self, n: int) -> float | None:
        """The median over these neurons of the n-grams that cover one."""
        median = self.analysed(n)[f"{NGRAMS[n - 1]}_cover"].median()
        return None if median is None else float(str(median))

    def detectors(self, n: int) -> pl.DataFrame:
        """The rows of the census that are detectors of n-grams."""
        self.need("unigram_cover", "n-grams")
        return self.tables.census.filter(pl.col(f"{NGRAMS[n - 1]}_detector"))

    def detectors_by_layer(self, n: int) -> list[int]:
        """How many detectors each layer of the first half has."""
        counts = dict(self.detectors(n).group_by("layer").len().iter_rows())
        return [counts.get(layer, 0) for layer in range(self.first_half)]

    def detected_by_layer(self, n: int) -> list[set[tuple[int, ...]]]:
        """The n-grams that the detectors of each layer of the first half detect."""
        detectors = self.detectors(n)
        covered = (
            self.tables.covered.filter((pl.col("n") == n) & pl.col("covered"))
            .join(detectors, on=["layer", "neuron"], how="semi")
            .select("layer", "ngram")
        )
        detected: list[set[tuple[int, ...]]] = [set() for _ in range(self.first_half)]
        for layer, ngram in covered.iter_rows():
            detected[layer].add(tuple(ngram))
        return detected

    def detected(self, n: int) -> int:
        """How many n-grams are detected in any layer."""
        return len(set().union(*self.detected_by_layer(n)))

    @cached_property
    def positional(self) -> pl.DataFrame:
        """The rows of the census that are positional neurons."""
        self.need("position_mi", "positions")
        return self.tables.census.filter("positional")

    def patterns(self, pattern: str, strength: str | None = None) -> int:
        """How many positional neurons have a pattern, of one strength or of both."""
        rows = self.positional.filter(pl.col("pattern").cast(pl.String) == pattern)
        if strength is not None:
            rows = rows.filter(pl.col("strength").cast(pl.String) == strength)
        return len(rows)

    def share_of_pattern(self, pattern: str, *, below: bool) -> float:
        """Share of a pattern among positional neurons of the first third of layers, or of the rest."""
        third = pl.col("layer") < self.layers / 3
        rows = self.positional.filter(third if below else ~third)
        if rows.is_empty():
            where = "first third" if below else "upper two thirds"
            raise UndecidedError(f"{self.name} has no positional neuron in its {where} of layers.")
        return float(rows.select((pl.col("pattern").cast(pl.String) == pattern).mean()).item())

    def need(self, column: str, study: str) -> None:
        """UndecidedError unless the study that gives a column was done."""
        if column not in self.tables.census.columns:
            raise UndecidedError(f"the run has no study of {study}.")
