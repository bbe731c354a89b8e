"""How many neurons of each model are dead or detect n-grams, and how many detectors suppress."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from neuron_census.draw.detected_ngrams import analysed_neurons, detected_by_layer
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.vocabulary import NGRAMS, READINGS

SCHEMA = {
    "model": pl.String(),
    "layers": pl.Int64(),
    "neurons": pl.Int64(),
    "dead": pl.Int64(),
    "analysed_layers": pl.Int64(),
    **{f"{ngram}_detectors": pl.Int64() for ngram in NGRAMS},
    **{f"detected_{ngram}s": pl.Int64() for ngram in NGRAMS},
    **{f"suppressing_{reading}": pl.Float64() for reading in READINGS},
    "positional": pl.Int64(),
}


def summary(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per model with what all its layers have together.

    Columns: model, layers, neurons, dead, analysed_layers (whose n-grams are counted), {n}_detectors,
    detected_{n}s (different n-grams), suppressing_{reading}: the share of token detectors that suppress
    their tokens, 0 to 1, because the mean of their projections is negative, all of them are, or more than
    half of them are; positional (neurons). Columns of a study that was not done are null, shares also where
    there is no token detector.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    rows = []
    for model, tables in models.items():
        census = tables.census
        row: dict[str, object] = {
            "model": model,
            "layers": census["layer"].n_unique(),
            "neurons": len(census),
            "dead": int(census["dead"].sum()),
        }
        if f"{NGRAMS[0]}_detector" in census.columns:
            row |= _of_ngrams(tables)
        if "positional" in census.columns:
            row["positional"] = int(census["positional"].sum())
        rows.append(row)
    return pl.DataFrame(rows, schema=SCHEMA)


def suppressing_shares(census: pl.DataFrame) -> dict[str, float | None]:
    """Return the share of token detectors that suppress their tokens, in every reading; null without any.

    Parameters
    ----------
    census
        of one model

    Raises CensusError for a census without the ngrams study.
    """
    detectors = analysed_neurons(census, NGRAMS[0]).filter("unigram_detector")
    shares: dict[str, float | None] = detectors.select(
        test.mean().alias(reading) for reading, test in READINGS.items()
    ).row(0, named=True)
    return shares


def _of_ngrams(tables: ModelTables) -> dict[str, object]:
    neurons = analysed_neurons(tables.census, NGRAMS[0])
    row: dict[str, object] = {"analysed_layers": neurons["layer"].n_unique()}
    for ngram in NGRAMS:
        layers = detected_by_layer(tables.census, tables.covered, ngram)
        row[f"{ngram}_detectors"] = int(layers["detectors"].sum())
        row[f"detected_{ngram}s"] = int(layers["new_overall"].sum())
    for reading, share in suppressing_shares(tables.census).items():
        row[f"suppressing_{reading}"] = share
    return row
