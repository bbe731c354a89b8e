"""Token detectors that figures show by example, with their tokens (Figures 5 and 6)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from neuron_census.draw.detected_ngrams import analysed_neurons, covered_by_detectors
from neuron_census.draw.figures.token_label import visible
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.vocabulary import NGRAMS

LISTS = ("detected", "promoted", "suppressed")
LISTED = 10
"""Rows of a list at most."""

PLACE = {"model": pl.String, "layer": pl.Int64, "neuron": pl.Int64}
"""Columns that name a detector."""

TOKENS = {
    "list": pl.String,
    "rank": pl.Int64,
    "token": pl.Int64,
    "text": pl.String,
    "value": pl.Float64,
    "percentile": pl.Float64,
    "activations": pl.Int64,
    "occurrences": pl.Int64,
    "is_detected": pl.Boolean,
}


def token_detectors(models: Mapping[str, ModelTables]) -> pl.DataFrame:
    """Return one row per token detector, the most active first, else in the order of models and layers.

    Columns: model, layer, neuron, activations (at tokens of the n-gram study), suppression, suppresses.

    Parameters
    ----------
    models
        the tables of each model, in the order in which they are shown
    """
    return pl.concat(
        analysed_neurons(tables.census, NGRAMS[0])
        .filter("unigram_detector")
        .sort("layer", "neuron")
        .select(
            pl.lit(model).alias("model"),
            *[pl.col(name).cast(PLACE[name]) for name in ("layer", "neuron")],
            pl.col("unigram_activations").alias("activations"),
            pl.col("suppression").cast(pl.Float64),
            "suppresses",
        )
        for model, tables in models.items()
    ).sort("activations", descending=True, maintain_order=True)


def tokens_of(tables: ModelTables, detector: Mapping[str, object]) -> pl.DataFrame:
    """Return one row per token of each list: what a detector detects, promotes most and suppresses most.

    Columns: list; rank, from 1; token; text, as `visible` writes it; value, the projection of the output
    row on the token; percentile, its rank among all tokens (0 most suppressed, 1 most promoted),
    activations and occurrences, of detected tokens; is_detected. Detected tokens are in the order of
    their activations.

    Parameters
    ----------
    tables
        of the detector's model
    detector
        its layer and neuron
    """
    here = (pl.col("layer") == detector["layer"]) & (pl.col("neuron") == detector["neuron"])
    detected = (
        covered_by_detectors(tables.census, tables.covered.filter(here), NGRAMS[0])
        .with_columns(pl.col("ngram").list.first().alias("token"))
        .sort("activations", "token", descending=[True, False])
        .with_columns(
            pl.lit("detected").alias("list"),
            pl.int_range(1, pl.len() + 1).alias("rank"),
            pl.col("projection").alias("value"),
        )
    )
    extremes = tables.projections.filter(here).with_columns(
        pl.when(pl.col("rank") > 0)
        .then(pl.lit("promoted"))
        .otherwise(pl.lit("suppressed"))
        .alias("list"),
        pl.col("rank").abs(),
    )
    rows = pl.concat([detected, extremes.sort("list", "rank")], how="diagonal_relaxed")
    return rows.with_columns(
        pl.col("token").is_in(detected["token"].implode()).alias("is_detected"),
        pl.Series("text", [visible(text) for text in rows["text"]], dtype=pl.String),
    ).select(pl.col(name).cast(dtype) for name, dtype in TOKENS.items())
