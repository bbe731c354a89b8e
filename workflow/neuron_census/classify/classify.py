"""Classify: counts become a census, one row a neuron. Every threshold lives here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.classify.belonging import check_weights, facts_of_counts
from neuron_census.classify.dead import Activity, activity
from neuron_census.classify.ngrams.census import classify_ngrams
from neuron_census.classify.ngrams.sensitivity import COLUMNS as SENSITIVITY
from neuron_census.classify.ngrams.sensitivity import sensitivity as sensitivity_of
from neuron_census.classify.positions.census import classify_positions
from neuron_census.classify.suppression import suppression_of
from neuron_census.classify.thresholds import NgramThresholds, Thresholds
from neuron_census.errors import CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.ngram_counts import NgramCounts
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.seal import sealed
from neuron_census.formats.table_files import write_table, write_table_parts
from neuron_census.formats.tables import CENSUS, POSITIONS, PROJECTIONS, SPECTRA, TRIGGERS, Table
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.tokenizer.token_text import TokenText

NEURON = ["layer", "neuron"]


def classify(
    *,
    counts: Path,
    ngrams: Path | None = None,
    ngram_counts: list[Path] | None = None,
    checkpoint: Path,
    tokenizer: Path,
    thresholds: str,
    weights_note: Path | None = None,
    census: Path,
    triggers: Path,
    projections: Path,
    spectra: Path,
    positions: Path,
    sensitivity: Path,
) -> None:
    """Say of every neuron whether it is dead, what it detects, and whether it encodes position.

    Without n-gram counts the tables about n-grams are empty and the census has no columns of them;
    likewise where no windows of the positions study were read.

    Parameters
    ----------
    counts
        the counts store of one model
    ngrams
        the numbered n-grams of the study
    ngram_counts
        the n-gram counts of every analysed layer
    checkpoint
        folder of the model, of which output rows and embeddings are read
    tokenizer
        folder of its tokenizer
    thresholds
        the config's `classify`, as JSON
    weights_note
        the file in which record has remembered the digest of the weights, which saves reading them again
    census
        where to write the census table
    triggers
        where to write the n-grams that activate neurons
    projections
        where to write what token detectors promote and suppress most
    spectra
        where to write the quantiles of their projections
    positions
        where to write the curves of positional neurons
    sensitivity
        where to write how the number of detectors moves with thresholds, a CSV file
    """
    given = Thresholds.from_json(thresholds)
    store = Counts.open(counts)
    layers = [NgramCounts.open(path) for path in ngram_counts or []]
    facts = facts_of_counts(store, layers, ngrams)
    facts["thresholds"] = hashlib.sha256(thresholds.encode()).hexdigest()[:32]
    found = _activity(store, given)
    parts = [_dead_columns(found)]
    by_ngrams = _Ngrams.none()
    if ngrams is not None:
        source = Checkpoint.open(checkpoint)
        note = weights_note or census.with_name(f".{census.stem}.weights.json")
        check_weights(source, store, note)
        by_ngrams = _classify_ngrams(
            NgramIndex.open(ngrams),
            layers,
            source,
            tokenizer,
            given.ngrams,
            found,
        )
        parts.append(by_ngrams.columns)
    by_position = classify_positions(store, given.positions)
    if by_position is not None:
        parts.append(by_position.columns)
    by_domain, domains = _by_domain(store, given)
    parts.append(by_domain)
    write_table_parts(by_ngrams.triggers, TRIGGERS, triggers, facts=facts)
    write_table(by_ngrams.projections, PROJECTIONS, projections, facts=facts)
    write_table(by_ngrams.spectra, SPECTRA, spectra, facts=facts)
    curves = _empty(POSITIONS) if by_position is None else by_position.positions
    write_table(curves, POSITIONS, positions, facts=facts)
    with sealed(sensitivity, facts) as temporary:
        by_ngrams.sensitivity.write_csv(temporary)
    # The census comes last: where it is, the others are.
    write_table(
        _side_by_side(parts),
        CENSUS,
        census,
        facts=facts,
        metadata={
            "thresholds": thresholds,
            "recorded": json.dumps(store.recorded),
            "domains": json.dumps(domains),
        },
    )


@dataclass(frozen=True)
class _Ngrams:
    """What is known of n-grams: columns of the census, and tables that go with it."""

    columns: pl.DataFrame
    triggers: Iterable[pl.DataFrame]
    projections: pl.DataFrame
    spectra: pl.DataFrame
    sensitivity: pl.DataFrame

    @classmethod
    def none(cls) -> _Ngrams:
        """Nothing, where no study reads n-grams."""
        return cls(
            pl.DataFrame(),
            (),
            _empty(PROJECTIONS),
            _empty(SPECTRA),
            pl.DataFrame(schema=SENSITIVITY),
        )


def _activity(store: Counts, thresholds: Thresholds) -> Activity:
    if store.tokens.sum() == 0:
        raise CensusError(
            f"{store.path}: the dead study has no tokens. Give it some in `studies.dead`."
        )
    return activity(
        store.active(),
        store.active_at_bos(),
        store.tokens,
        store.windows,
        count_bos=thresholds.dead.count_bos,
    )


def _dead_columns(found: Activity) -> pl.DataFrame:
    layers, neurons = found.activations.shape
    return pl.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), neurons),
            "neuron": np.tile(np.arange(neurons), layers),
            "tokens": np.full(layers * neurons, found.tokens),
            "activations": found.activations.reshape(-1),
            "frequency": found.frequency.reshape(-1),
            "dead": found.dead.reshape(-1),
        },
        schema_overrides={name: column.dtype for name, column in CENSUS.columns.items()},
    )


def _by_domain(store: Counts, thresholds: Thresholds) -> tuple[pl.DataFrame, dict[str, int]]:
    """Activations of every neuron in each domain, and the tokens that each domain has."""
    active, tokens = store.active(), store.tokens
    if thresholds.dead.count_bos:
        active, tokens = active + store.active_at_bos(), tokens + store.windows
    layers, domains, neurons = active.shape
    rows = active.transpose(0, 2, 1).reshape(layers * neurons, domains)
    frame = pl.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), neurons),
            "neuron": np.tile(np.arange(neurons), layers),
            "activations_by_domain": pl.Series(
                rows, dtype=pl.Array(pl.Int64, domains)
            ).arr.to_list(),
        },
        schema_overrides={name: CENSUS.columns[name].dtype for name in NEURON},
    )
    return frame, dict(zip(store.domains, tokens.tolist(), strict=True))


def _classify_ngrams(
    index: NgramIndex,
    layers: list[NgramCounts],
    checkpoint: Checkpoint,
    tokenizer: Path,
    thresholds: NgramThresholds,
    found: Activity,
) -> _Ngrams:
    ngrams = classify_ngrams(layers, index, thresholds, found.dead)
    text = TokenText.open(tokenizer)
    effects = suppression_of(
        checkpoint,
        Encoder.open(tokenizer).vocabulary,
        ngrams.token_detectors,
        thresholds.suppression,
    )
    columns = ngrams.columns.join(
        effects.detectors, on=NEURON, how="left", maintain_order="left", validate="1:1"
    )
    projections = effects.projections.with_columns(
        text=text.texts.gather(effects.projections["token"])
    )
    return _Ngrams(
        columns.select(*NEURON, *CENSUS.optional["ngrams"]),
        ngrams.triggers(text, effects.tokens),
        projections.select(list(PROJECTIONS.columns)),
        effects.spectra,
        sensitivity_of(layers, index, thresholds, found.dead),
    )


def _side_by_side(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Parts of a census, of the same neurons in the same order."""
    first, *others = parts
    for part in others:
        if not part.select(NEURON).equals(first.select(NEURON)):
            raise ValueError("parts of a census are of different neurons")
    return pl.concat([first, *(part.drop(NEURON) for part in others)], how="horizontal")


def _empty(table: Table) -> pl.DataFrame:
    return pl.DataFrame(schema={name: column.dtype for name, column in table.columns.items()})
