"""The n-gram part of a census: covers, detectors and triggers of all analysed layers (section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from neuron_census.classify.ngrams.covers import cover_sizes
from neuron_census.classify.ngrams.detectors import covered_ngrams, detects, held_by, require_kept
from neuron_census.classify.ngrams.triggers import listed, trigger_rows, with_effects
from neuron_census.classify.thresholds import NgramThresholds
from neuron_census.errors import CensusError
from neuron_census.formats.ngram_counts import NgramCounts, Triggers
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.tables import CENSUS, NGRAMS
from neuron_census.progress import progress
from neuron_census.tokenizer.token_text import TokenText

NEURONS_OF_A_PART = 4096
"""Of these the rows of the triggers table are in memory at a time: about 100 MB."""

SIZES = {size: n for n, size in enumerate(NGRAMS, start=1)}
MEASURED = ("activations", "distinct", "cover", "detector")
COLUMNS = {
    name: CENSUS.all_columns[name].dtype
    for name in ("layer", "neuron", *(f"{size}_{what}" for size in NGRAMS for what in MEASURED))
}
TOKEN_DETECTORS = {"layer": pl.Int16(), "neuron": pl.Int32(), "tokens": pl.List(pl.Int32())}


@dataclass(frozen=True)
class NgramCensus:
    """What thresholds make of the n-gram counts of a model.

    `columns` are those of the census, a row a neuron of every layer, null outside the analysed ones;
    `token_detectors` has `layer`, `neuron` and `tokens`, the list of covered tokens, ascending.
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
        """Make the triggers table part by part, by layer, neuron and n, most activations first.

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
        for size, n in SIZES.items():
            triggers = counts.triggers(n)
            covered = _covered(triggers, self.occurrences[n], self.thresholds)
            detector = rows[f"{size}_detector"].to_numpy()
            most = counts.kept.triggers
            chosen = listed(triggers, detector, self.dead[counts.layer], most)
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
                parts[0] = with_effects(parts[0], effects)
            yield pl.concat(parts).sort("neuron", "n", maintain_order=True)


def classify_ngrams(
    layers: Sequence[NgramCounts],
    study: NgramIndex,
    thresholds: NgramThresholds,
    dead: Bool[np.ndarray, "layer neuron"],
) -> NgramCensus:
    """Find covers and detectors of n-grams, a layer at a time.

    Parameters
    ----------
    layers
        counts of the analysed layers: the first ones
    study
        the n-grams that they were counted with
    thresholds
        of the config
    dead
        which neurons of the model are dead: these are no detectors

    Raises CensusError for thresholds that the counts cannot answer, and for counts of other layers,
    another model or another study.
    """
    layers = in_order(layers, study, dead)
    for counts in layers:
        require_kept(thresholds, counts.kept)
    occurrences = {n: study.occurrences(n) for n in SIZES.values()}
    columns = [pl.DataFrame(schema=COLUMNS)]
    detectors = [pl.DataFrame(schema=TOKEN_DETECTORS)]
    with progress(what="classifying n-grams", unit="layer", total=len(layers)) as bar:
        for counts in layers:
            found, covered = _classified(counts, occurrences, thresholds, dead[counts.layer])
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


def _classified(
    counts: NgramCounts,
    occurrences: Mapping[int, Int64[np.ndarray, " ngram"]],
    thresholds: NgramThresholds,
    dead: Bool[np.ndarray, " neuron"],
) -> tuple[pl.DataFrame, Bool[np.ndarray, " entry"]]:
    """The columns of a layer, and which entries of its unigrams are covered."""
    columns: dict[str, pl.Series] = {}
    of_tokens = np.empty(0, dtype=np.bool_)
    for size, n in SIZES.items():
        triggers, activations = counts.triggers(n), counts.activations(n)
        cover = cover_sizes(counts.profile(n), thresholds.coverage)
        covered = _covered(triggers, occurrences[n], thresholds)
        detector = detects(
            cover,
            held_by(covered, triggers.activations, triggers.offsets),
            activations,
            coverage=thresholds.coverage,
            max_cover=thresholds.max_cover[size],
        )
        columns |= {
            f"{size}_activations": pl.Series(activations),
            f"{size}_distinct": pl.Series(counts.distinct(n)).cast(pl.Int32),
            f"{size}_cover": pl.Series(cover).cast(pl.Int32).set(pl.Series(cover == 0), None),
            f"{size}_detector": pl.Series(detector & triggers.all_kept & ~dead),
        }
        if n == 1:
            of_tokens = covered
    return _neurons(counts.layer, counts.ffn_dim).with_columns(**columns), of_tokens


def _covered(
    triggers: Triggers,
    occurrences: Int64[np.ndarray, " ngram"],
    thresholds: NgramThresholds,
) -> Bool[np.ndarray, " entry"]:
    return covered_ngrams(
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
    """The token detectors of a layer with their covered tokens."""
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
    return pl.select(
        layer=pl.repeat(layer, ffn_dim, dtype=pl.Int16),
        neuron=pl.int_range(ffn_dim, dtype=pl.Int32),
    )


def in_order(
    layers: Sequence[NgramCounts], study: NgramIndex, dead: Bool[np.ndarray, "layer neuron"]
) -> list[NgramCounts]:
    """Put counts in the order of their layers; CensusError if they do not belong together.

    Parameters
    ----------
    layers
        counts of the analysed layers: the first ones
    study
        the n-grams that they were counted with
    dead
        of every neuron of the model
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
