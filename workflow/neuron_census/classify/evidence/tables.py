"""The tables about evidence, written: coverage, contexts, and n-grams seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from neuron_census.classify.evidence.contexts import ContextTexts, contexts_of
from neuron_census.classify.evidence.seen_ngrams import measure_seen_ngrams
from neuron_census.classify.thresholds import EvidenceThresholds
from neuron_census.formats.counts import Counts
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.table_files import write_table, write_table_parts
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.coverage import COVERAGE, SEEN_NGRAMS
from neuron_census.formats.windows import Windows
from neuron_census.tokenizer.token_text import TokenText


@dataclass(frozen=True)
class EvidenceSources:
    """What the tables are made from; without `windows` there are no contexts, without `ngrams` none are seen."""

    counts: Counts
    windows: Windows | None
    ngrams: Path | None
    tokenizer: Path
    thresholds: EvidenceThresholds

    def write(
        self,
        found: pl.DataFrame | None,
        *,
        coverage: Path,
        contexts: Path,
        seen_ngrams: Path,
        facts: Mapping[str, str],
    ) -> None:
        """Write the tables; one that there is nothing for has no rows.

        Parameters
        ----------
        found
            rows of the coverage table
        coverage, contexts, seen_ngrams
            the files
        facts
            what names weights, windows and the like in the seals
        """
        nothing = pl.DataFrame(schema=COVERAGE.schema)
        write_table(nothing if found is None else found, COVERAGE, coverage, facts=facts)
        write_table_parts(self._contexts(), CONTEXTS, contexts, facts=facts)
        write_table(self._seen_ngrams(), SEEN_NGRAMS, seen_ngrams, facts=facts)

    def _contexts(self) -> Iterable[pl.DataFrame]:
        if self.windows is None or not self.counts.has_contexts:
            return ()
        texts = ContextTexts(self.windows, TokenText.open(self.tokenizer))
        return contexts_of(self.counts, texts, self.thresholds.contexts)

    def _seen_ngrams(self) -> pl.DataFrame:
        if self.windows is None or self.ngrams is None:
            return pl.DataFrame(schema=SEEN_NGRAMS.schema)
        return measure_seen_ngrams(NgramIndex.open(self.ngrams), self.windows, self.thresholds)
