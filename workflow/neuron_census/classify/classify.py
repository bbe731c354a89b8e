"""Classify: counts become a census, one row per neuron; every threshold is applied here.

classify(counts=Path("counts/m.zarr"), windows=..., checkpoint=model, tokenizer=model, thresholds="{}",
         census=Path("census/m.parquet"), triggers=..., projections=..., spectra=...,
         positions=..., looser=..., contexts=..., coverage=..., seen_ngrams=...,
         sensitivity=Path("sensitivity/m.csv"))
read_table(Path("census/m.parquet"), CENSUS)    # one row per neuron
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.classify.belonging import (
    check_tokenizer,
    check_weights,
    facts_of_counts,
    open_windows,
)
from neuron_census.classify.dead import Activity, count_activity
from neuron_census.classify.evidence.census import classify_evidence
from neuron_census.classify.evidence.tables import EvidenceSources
from neuron_census.classify.ngrams.census import classify_ngrams
from neuron_census.classify.ngrams.looser import measure_looser
from neuron_census.classify.ngrams.sensitivity import measure_sensitivity
from neuron_census.classify.positions.census import PositionCensus, classify_positions
from neuron_census.classify.positions.mutual_information import TooFewWindowsError
from neuron_census.classify.promoted_tokens import list_projections
from neuron_census.classify.suppression import measure_suppression
from neuron_census.classify.thresholds import NgramThresholds, PositionThresholds, Thresholds
from neuron_census.errors import CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.ngram_counts import NgramCounts
from neuron_census.formats.ngram_index import NgramIndex
from neuron_census.formats.seal import sealed
from neuron_census.formats.table_files import write_table, write_table_parts
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.looser import LOOSER
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.sensitivity import SENSITIVITY
from neuron_census.formats.tables.table import NEURON
from neuron_census.progress import note, speak_of
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.tokenizer.token_text import TokenText

PLACE = list(NEURON)
"""The columns that say which neuron a row is about."""


def classify(
    *,
    counts: Path,
    windows: Path | None = None,
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
    looser: Path,
    contexts: Path,
    coverage: Path,
    seen_ngrams: Path,
    sensitivity: Path,
) -> None:
    """Say for every neuron whether it is dead, what it detects, and whether it encodes position.

    Without n-gram counts the tables about n-grams are empty, and the census has no columns about them.
    Likewise without windows of the positions study, or with fewer than `positions.min_windows` of them: then
    a note on standard error, and `left_out` in the census's metadata, say why. The other studies stand.

    Parameters
    ----------
    counts
        the counts store of one model
    windows
        the window table that it was recorded from, of which contexts show the text
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
        where to write what neurons promote and suppress most
    spectra
        where to write the quantiles of the projections of token detectors
    positions
        where to write the curves of positional neurons
    looser
        where to write the detectors of every layer under looser thresholds
    contexts
        where to write the text around the places where neurons are active
    coverage
        where to write how sure the dead neurons of every layer are
    seen_ngrams
        where to write how many of the n-grams of such text were seen
    sensitivity
        where to write how the number of detectors changes with the thresholds, as CSV
    """
    speak_of(census.stem)
    given = Thresholds.from_json(thresholds)
    store = Counts.open(counts)
    layers = [NgramCounts.open(path) for path in ngram_counts or []]
    facts = facts_of_counts(store, layers, ngrams)
    facts["thresholds"] = hashlib.sha256(thresholds.encode()).hexdigest()[:32]
    activity = _count_activity(store, given)
    by_position, left_out = _classify_positions(store, given.positions)
    parts = [_dead_columns(activity)]
    evidence = classify_evidence(store, activity, given) if store.has_documents else None
    if evidence is not None:
        parts.append(evidence.columns)
    by_ngrams = _Ngrams.none()
    if ngrams is not None:
        source = Checkpoint.open(checkpoint)
        remembered = weights_note or census.with_name(f".{census.stem}.weights.json")
        check_weights(source, store, remembered)
        by_ngrams = _classify_ngrams(
            NgramIndex.open(ngrams),
            layers,
            source,
            tokenizer,
            given.ngrams,
            activity,
            None if by_position is None else by_position.columns,
        )
        parts.append(by_ngrams.columns)
    if by_position is not None:
        parts.append(by_position.columns)
    parts.append(_domain_columns(activity))
    curves = pl.DataFrame(schema=POSITIONS.schema) if by_position is None else by_position.positions
    write_table_parts(by_ngrams.triggers, TRIGGERS, triggers, facts=facts)
    write_table_parts(by_ngrams.projections, PROJECTIONS, projections, facts=facts)
    write_table(by_ngrams.spectra, SPECTRA, spectra, facts=facts)
    write_table(curves, POSITIONS, positions, facts=facts)
    write_table(by_ngrams.looser, LOOSER, looser, facts=facts)
    table = None if windows is None else open_windows(windows, store)
    sources = EvidenceSources(store, table, ngrams, tokenizer, given.evidence)
    sure = None if evidence is None else evidence.coverage
    sources.write(sure, coverage=coverage, contexts=contexts, seen_ngrams=seen_ngrams, facts=facts)
    with sealed(sensitivity, facts) as temporary:
        by_ngrams.sensitivity.write_csv(temporary)
    tokens_by_domain = dict(zip(store.domains, activity.tokens.tolist(), strict=True))
    # The census comes last: where it is, the others are.
    write_table(
        _side_by_side(parts),
        CENSUS,
        census,
        facts=facts,
        metadata={
            "thresholds": thresholds,
            "recorded": json.dumps(store.recorded),
            "domains": json.dumps(tokens_by_domain),
            **({"left_out": json.dumps(left_out)} if left_out else {}),
        },
    )


@dataclass(frozen=True)
class _Ngrams:
    """What is known of n-grams: columns of the census, and the tables that go with it."""

    columns: pl.DataFrame
    triggers: Iterable[pl.DataFrame]
    projections: Iterable[pl.DataFrame]
    spectra: pl.DataFrame
    looser: pl.DataFrame
    sensitivity: pl.DataFrame

    @classmethod
    def none(cls) -> _Ngrams:
        """Return empty tables, for where no study reads n-grams."""
        tables = (SPECTRA, LOOSER, SENSITIVITY)
        return cls(pl.DataFrame(), (), (), *(pl.DataFrame(schema=table.schema) for table in tables))


def _count_activity(store: Counts, thresholds: Thresholds) -> Activity:
    if store.tokens.sum() == 0:
        raise CensusError(
            f"{store.path}: the dead study has no tokens. Give it some in `studies.dead`."
        )
    return count_activity(
        store.active(),
        store.active_at_bos(),
        store.tokens,
        store.windows,
        count_bos=thresholds.dead.count_bos,
    )


def _place_columns(layers: int, neurons: int) -> dict[str, np.ndarray]:
    """Return layer and neuron of every row of a census."""
    return {
        "layer": np.repeat(np.arange(layers), neurons),
        "neuron": np.tile(np.arange(neurons), layers),
    }


def _dead_columns(activity: Activity) -> pl.DataFrame:
    layers, neurons = activity.activations.shape
    return pl.DataFrame(
        {
            **_place_columns(layers, neurons),
            "tokens": np.full(layers * neurons, activity.total_tokens),
            "activations": activity.activations.reshape(-1),
            "frequency": activity.frequency.reshape(-1),
            "dead": activity.dead.reshape(-1),
        },
        schema_overrides=CENSUS.schema,
    )


def _domain_columns(activity: Activity) -> pl.DataFrame:
    layers, domains, neurons = activity.active.shape
    rows = activity.active.transpose(0, 2, 1).reshape(layers * neurons, domains)
    return pl.DataFrame(
        {
            **_place_columns(layers, neurons),
            "activations_by_domain": pl.Series(
                rows, dtype=pl.Array(pl.Int64, domains)
            ).arr.to_list(),
        },
        schema_overrides=CENSUS.types(*PLACE),
    )


def _classify_positions(
    store: Counts, thresholds: PositionThresholds
) -> tuple[PositionCensus | None, dict[str, str]]:
    """Return the census of positions, if there is one, and why there is none where windows are too few."""
    try:
        return classify_positions(store, thresholds), {}
    except TooFewWindowsError as error:
        note(f"warning: {error} The census has no columns about positions; the others stand.")
        return None, {"positions": str(error)}


def _classify_ngrams(
    index: NgramIndex,
    layers: list[NgramCounts],
    checkpoint: Checkpoint,
    tokenizer: Path,
    thresholds: NgramThresholds,
    activity: Activity,
    positions: pl.DataFrame | None,
) -> _Ngrams:
    ngrams = classify_ngrams(layers, index, thresholds, activity.dead)
    encoder = Encoder.open(tokenizer)
    check_tokenizer(encoder, index.path)
    text = TokenText.open(tokenizer)
    effects = measure_suppression(
        checkpoint,
        encoder.vocabulary,
        ngrams.token_detectors,
        thresholds.suppression,
    )
    columns = ngrams.columns.join(
        effects.detectors, on=PLACE, how="left", maintain_order="left", validate="1:1"
    )
    return _Ngrams(
        columns.select(*PLACE, *CENSUS.optional["ngrams"]),
        ngrams.triggers(text, effects.tokens),
        list_projections(checkpoint, text, activity.dead, [ngrams.columns, positions]),
        effects.spectra,
        measure_looser(layers, index, thresholds, activity.dead),
        measure_sensitivity(layers, index, thresholds, activity.dead),
    )


def _side_by_side(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Join parts of a census, of the same neurons in the same order."""
    first, *others = parts
    for part in others:
        if not part.select(PLACE).equals(first.select(PLACE)):
            raise ValueError("parts of a census are of different neurons")
    return pl.concat([first, *(part.drop(PLACE) for part in others)], how="horizontal")
