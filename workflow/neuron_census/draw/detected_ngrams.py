"""The n-grams that layers detect: how many, and how many of them no layer before does (section 4.2)."""

from __future__ import annotations

import polars as pl

from neuron_census.errors import CensusError
from neuron_census.formats.tables.vocabulary import NGRAMS


def analysed_neurons(census: pl.DataFrame, ngram: str) -> pl.DataFrame:
    """Return the neurons, dead or alive, of the layers whose n-grams are counted.

    Parameters
    ----------
    census
        of one model
    ngram
        unigram, bigram or trigram

    Raises CensusError for a census without the ngrams study.
    """
    if f"{ngram}_activations" not in census.columns:
        raise CensusError(
            f"census: found no column '{ngram}_activations', expected those of the study 'ngrams'. "
            "Name text under `studies.ngrams` in the config, and classify again."
        )
    return census.filter(pl.col(f"{ngram}_activations").is_not_null())


def detectors(census: pl.DataFrame) -> pl.DataFrame:
    """Return the detectors of n-grams of every length; none for a census without the ngrams study.

    Parameters
    ----------
    census
        of one model, or of some of its layers

    Returns columns layer, neuron, n: a neuron that detects n-grams of two lengths has two rows.
    """
    place = {"layer": pl.Int16(), "neuron": pl.Int32(), "n": pl.Int8()}
    found = [
        census.filter(f"{ngram}_detector").select("layer", "neuron", n=pl.lit(n, dtype=pl.Int8))
        for n, ngram in enumerate(NGRAMS, start=1)
        if f"{ngram}_detector" in census.columns
    ]
    return pl.concat([pl.DataFrame(schema=place), *found])


def detected(census: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """Return the n-grams that detectors detect: the covered ones of detectors of their length.

    Parameters
    ----------
    census
        of one model, or of some of its layers
    covered
        the covered rows of its triggers table

    Returns rows of the triggers table, in its order.
    """
    keys = ["layer", "neuron", "n"]
    return covered.join(detectors(census), on=keys, how="semi", maintain_order="left")


def covered_by_detectors(census: pl.DataFrame, covered: pl.DataFrame, ngram: str) -> pl.DataFrame:
    """Return the n-grams of one length that detectors detect.

    Parameters
    ----------
    census
        of one model
    covered
        the covered rows of its triggers table
    ngram
        unigram, bigram or trigram

    Returns rows of the triggers table, in its order. Raises CensusError for a census without the ngrams
    study.
    """
    of_length = pl.col("n") == NGRAMS.index(ngram) + 1
    return detected(analysed_neurons(census, ngram), covered.filter(of_length))


def detected_by_layer(census: pl.DataFrame, covered: pl.DataFrame, ngram: str) -> pl.DataFrame:
    """Count the detectors, and the n-grams that they detect, of every layer whose n-grams are counted.

    What a layer detects is the union over its detectors (paper, Figures 3, 4, 13, 14).

    Parameters
    ----------
    census
        of one model
    covered
        the covered rows of its triggers table
    ngram
        unigram, bigram or trigram

    Returns one row per layer, in order, with columns layer; detectors; detected, different n-grams;
    cumulative, those of this layer and all below; new_overall, those that no lower layer detects;
    new_to_previous, those that the layer right below does not. Raises CensusError for a census without
    the ngrams study.
    """
    neurons = analysed_neurons(census, ngram)
    layers = neurons.group_by("layer").agg(
        pl.col(f"{ngram}_detector").sum().cast(pl.Int64).alias("detectors")
    )
    tokens = [f"token_{place}" for place in range(NGRAMS.index(ngram) + 1)]
    found = (
        covered_by_detectors(census, covered, ngram)
        .select(
            "layer", *[pl.col("ngram").list.get(i).alias(name) for i, name in enumerate(tokens)]
        )
        .unique()
    )
    first = found.group_by(tokens).agg(pl.col("layer").min())
    above = found.with_columns(pl.col("layer") + 1)
    unlike_previous = found.join(above, on=["layer", *tokens], how="anti")
    for name, rows in (
        ("detected", found),
        ("new_overall", first),
        ("new_to_previous", unlike_previous),
    ):
        layers = layers.join(
            rows.group_by("layer").agg(pl.len().cast(pl.Int64).alias(name)), on="layer", how="left"
        )
    return (
        layers.sort("layer")
        .with_columns(pl.col("detected", "new_overall", "new_to_previous").fill_null(0))
        .with_columns(pl.col("new_overall").cum_sum().alias("cumulative"))
        .select("layer", "detectors", "detected", "cumulative", "new_overall", "new_to_previous")
    )
