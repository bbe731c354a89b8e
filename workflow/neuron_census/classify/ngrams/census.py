"""The n-gram part of a census: covers, detectors and triggers of all analysed layers (section 4).

census = classify_ngrams([NgramCounts.open(path) for path in layers], study, thresholds, dead)
census.columns                   # one row per neuron of the model
census.token_detectors           # their covered tokens
for part in census.triggers(text): ...   # rows of the triggers table, part by part
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from neuron_census.classify.ngrams.covers import cover_sizes
from neuron_census.classify.ngrams.detectors import (
    activations_held,
    are_covered,
    are_detectors,
    require_exact,
)
from neuron_census.classify.ngrams.triggers import add_effects, choose_triggers, trigger_rows
from neuron_census.classify.thresholds import NgramThresholds
from neuron_census.errors import CensusError
from neuron_census.formats.ngram_counts import NgramCounts, Triggers
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.table import NEURON
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS, NGRAMS
from neuron_census.progress import progress
from neuron_census.tokenizer.token_text import TokenText

NEURONS_OF_A_PART = 4096
"""Neurons whose rows of the triggers table are in memory at a time: about 100 MB."""

MEASURED = ("activations", "distinct", "cover", "detector")
COLUMNS = CENSUS.types(*NEURON, *(f"{ngram}_{what}" for ngram in NGRAMS for what in MEASURED))
TOKEN_DETECTORS = CENSUS.types(*NEURON) | {"tokens": pl.List(pl.Int32())}


@dataclass(frozen=True)
class NgramCensus:
    """What thresholds make of the n-gram counts of a model.

    `columns` are those of the census, one row per neuron of every layer, null outside the analysed ones;
    `token_detectors` has `layer`, `neuron` and `tokens`, the ascending list of covered tokens.
    """

    layers: Sequence[NgramCounts]
    study: NgramIndex
    occurrences: Mapping[int, Int64[np.ndarray, " ngram"]]
    thresholds: NgramThresholds
    dead: Bool[np.ndarray, "layer neuron"]
    columns: pl.DataFrame
    token_detectors: pl.DataFrame

    def triggers(
        self, text: TokenText, effects: pl.DataFrame | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield the triggers table part by part, by layer, neuron and n, the most activations first.

        Parameters
        ----------
        text
            how the tokens are spelled
        effects
            columns `layer`, `neuron`, `token`, `projection`, `percentile` of token detectors
        """
        with progress(what="listing triggers", unit="layer", total=len(self.layers)) as bar:
            for counts in self.layers:
                yield from self._triggers_of(counts, text, effects)
                bar.update()

    def _triggers_of(
        self, counts: NgramCounts, text: TokenText, effects: pl.DataFrame | None
    ) -> Iterator[pl.DataFrame]:
        rows = self.columns.filter(layer=counts.layer)
        read = []
        for ngram, n in NGRAM_LENGTHS.items():
            triggers = counts.triggers(n)
            covered = _are_covered(triggers, self.occurrences[n], self.thresholds)
            detector = rows[f"{ngram}_detector"].to_numpy()
            most = counts.limits.triggers
            chosen = choose_triggers(triggers, detector, self.dead[counts.layer], most)
            read.append((n, triggers, covered, chosen))
        for first in range(0, counts.ffn_dim, NEURONS_OF_A_PART):
            parts = [
                trigger_rows(
                    triggers,
                    covered,
                    chosen,
                    neurons=range(first, min(first + NEURONS_OF_A_PART, counts.ffn_dim)),
                    n=n,
                    layer=counts.layer,
                    study=self.study,
                    occurrences=self.occurrences[n],
                    text=text,
                )
                for n, triggers, covered, chosen in read
            ]
            if effects is not None:
                parts[0] = add_effects(parts[0], effects)
            yield pl.concat(parts).sort("neuron", "n", maintain_order=True)


def classify_ngrams(
    layers: Sequence[NgramCounts],
    study: NgramIndex,
    thresholds: NgramThresholds,
    dead: Bool[np.ndarray, "layer neuron"],
) -> NgramCensus:
    """Find the covers and the detectors of n-grams, one layer at a time.

    Parameters
    ----------
    layers
        counts of the analysed layers: the first ones
    study
        the n-grams that they were counted with
    thresholds
        of the config
    dead
        which neurons of the model are dead; dead neurons are no detectors

    Raises CensusError for thresholds that the counts cannot answer, and for counts of other layers,
    another model or another study.
    """
    layers = sort_layers(layers, study, dead)
    for counts in layers:
        require_exact(thresholds, counts.limits)
    occurrences = {n: study.occurrences(n) for n in NGRAM_LENGTHS.values()}
    columns = [pl.DataFrame(schema=COLUMNS)]
    detectors = [pl.DataFrame(schema=TOKEN_DETECTORS)]
    with progress(what="classifying n-grams", unit="layer", total=len(layers)) as bar:
        for counts in layers:
            found, covered = _classify_layer(counts, occurrences, thresholds, dead[counts.layer])
            columns.append(found)
            detectors.append(_token_detectors(counts, study, found, covered))
            bar.update()
    for layer in range(len(layers), len(dead)):
        columns.append(_neurons(layer, dead.shape[1]))
    return NgramCensus(
        layers,
        study,
        occurrences,
        thresholds,
        dead,
        pl.concat(columns, how="diagonal"),
        pl.concat(detectors),
    )


def _classify_layer(
    counts: NgramCounts,
    occurrences: Mapping[int, Int64[np.ndarray, " ngram"]],
    thresholds: NgramThresholds,
    dead: Bool[np.ndarray, " neuron"],
) -> tuple[pl.DataFrame, Bool[np.ndarray, " entry"]]:
    """Return the columns of a layer, and which entries of its unigrams are covered."""
    columns: dict[str, pl.Series] = {}
    of_tokens = np.empty(0, dtype=np.bool_)
    for ngram, n in NGRAM_LENGTHS.items():
        triggers, activations = counts.triggers(n), counts.activations(n)
        cover = cover_sizes(counts.profile(n), thresholds.coverage)
        covered = _are_covered(triggers, occurrences[n], thresholds)
        detector = are_detectors(
            cover,
            activations_held(covered, triggers.activations, triggers.offsets),
            activations,
            coverage=thresholds.coverage,
            max_cover=thresholds.max_cover[ngram],
        )
        columns |= {
            f"{ngram}_activations": pl.Series(activations),
            f"{ngram}_distinct": pl.Series(counts.distinct(n)).cast(pl.Int32),
            f"{ngram}_cover": pl.Series(cover).cast(pl.Int32).set(pl.Series(cover == 0), None),
            f"{ngram}_detector": pl.Series(detector & triggers.all_kept & ~dead),
        }
        if n == 1:
            of_tokens = covered
    return _neurons(counts.layer, counts.ffn_dim).with_columns(**columns), of_tokens


def _are_covered(
    triggers: Triggers,
    occurrences: Int64[np.ndarray, " ngram"],
    thresholds: NgramThresholds,
) -> Bool[np.ndarray, " entry"]:
    return are_covered(
        triggers.activations,
        occurrences[triggers.ids],
        thresholds.presence,
        thresholds.min_occurrences,
    )


def _token_detectors(
    counts: NgramCounts,
    study: NgramIndex,
    found: pl.DataFrame,
    covered: Bool[np.ndarray, " entry"],
) -> pl.DataFrame:
    """Return the token detectors of a layer with their covered tokens."""
    triggers = counts.triggers(1)
    entries = np.diff(triggers.offsets)
    detector = found["unigram_detector"].to_numpy()
    chosen = covered & np.repeat(detector, entries)
    rows = pl.DataFrame(
        {
            "neuron": np.repeat(np.arange(counts.ffn_dim), entries)[chosen],
            "tokens": study.tokens(1, triggers.ids[chosen])[:, 0],
        }
    )
    return (
        rows.group_by("neuron", maintain_order=True)
        .agg(pl.col("tokens").sort())
        .with_columns(layer=pl.lit(counts.layer))
        .select(pl.col(name).cast(dtype) for name, dtype in TOKEN_DETECTORS.items())
    )


def _neurons(layer: int, ffn_dim: int) -> pl.DataFrame:
    place = {"layer": [layer] * ffn_dim, "neuron": range(ffn_dim)}
    return pl.DataFrame(place, schema=CENSUS.types(*NEURON))


def sort_layers(
    layers: Sequence[NgramCounts], study: NgramIndex, dead: Bool[np.ndarray, "layer neuron"]
) -> list[NgramCounts]:
    """Return counts in the order of their layers, after checking that they belong together.

    Parameters
    ----------
    layers
        counts of the analysed layers: the first ones
    study
        the n-grams that they were counted with
    dead
        which neurons of the model are dead

    Raises CensusError unless the layers are the first ones of this model, counted in this study.
    """
    ordered = sorted(layers, key=lambda counts: counts.layer)
    found = [counts.layer for counts in ordered]
    if found != list(range(len(found))) or len(found) > len(dead):
        raise CensusError(
            f"n-gram counts: found the layers {', '.join(map(str, found))}; expected the first "
            f"ones of {len(dead)}, from 0 on, each once. Give those of all analysed layers."
        )
    for counts in ordered:
        if counts.ffn_dim != dead.shape[1]:
            raise CensusError(
                f"{counts.path}: found {counts.ffn_dim} neurons, expected "
                f"{dead.shape[1]}, as in the counts. Give the n-gram counts of the same model."
            )
        if counts.windows_digest != study.windows_digest:
            raise CensusError(
                f"{counts.path}: were made from other windows than the "
                f"numbered n-grams {study.path} (found {counts.windows_digest}, expected "
                f"{study.windows_digest}). Count them again."
            )
    return ordered
