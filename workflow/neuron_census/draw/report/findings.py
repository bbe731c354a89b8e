"""What a run found, in ten lines or fewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from neuron_census.draw.by_layer import summary_by_layer
from neuron_census.draw.claims.claim import CANNOT, DOES_NOT, HOLDS
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.vocabulary import NGRAMS, PATTERNS

OF_ABLATION = "ours-suppression-total"
"""The claim of our own that asks whether detectors suppress in fact."""
VERDICTS = (HOLDS, DOES_NOT, CANNOT)
"""What can be said of a claim, in the order in which a reader asks."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """One line of the summary: what it is about, and what is said."""

    about: str
    said: str


def findings(
    models: Mapping[str, ModelTables], summary: pl.DataFrame, claims: pl.DataFrame
) -> list[Found]:
    """Return what a run found: one line for each question that it could answer, at most ten.

    Parameters
    ----------
    models
        the census tables of each model
    summary
        one row per model, as `draw.summary` returns them
    claims
        one row per claim, as `check_claims` writes them
    """
    return [
        Found("Read", _read(models, summary)),
        Found(
            "Dead neurons",
            f"{_between(summary, 'dead', _share('dead'))} are dead: no token activates them.",
        ),
        *_where(models),
        *_detectors(summary),
        *_suppression(summary),
        *_ablated(claims),
        *_positions(models, summary),
        *_judged(claims),
    ]


def _read(models: Mapping[str, ModelTables], summary: pl.DataFrame) -> str:
    tokens = sorted({int(tables.census["tokens"][0]) for tables in models.values()})
    read = " to ".join(f"{number:,}" for number in dict.fromkeys((tokens[0], tokens[-1])))
    neurons = int(summary["neurons"].sum())
    return f"{count(len(summary), 'model')} with {neurons:,} feed-forward neurons, on {read} tokens of text each."


def _where(models: Mapping[str, ModelTables]) -> Iterator[Found]:
    layers = pl.concat(
        summary_by_layer(tables.census).with_columns(
            model=pl.lit(name), depth=pl.col("layer") / tables.census["layer"].n_unique()
        )
        for name, tables in models.items()
    )
    dead = int(layers["dead"].sum())
    if not dead:
        return
    most = layers.sort("dead_percent", descending=True, maintain_order=True).row(0, named=True)
    below = int(layers.filter(pl.col("depth") < 0.5)["dead"].sum())
    yield Found(
        "Where they are",
        f"{100 * below / dead:.0f}% of them lie in the first half of their model; the layer with the greatest share "
        f"is layer {most['layer']} of {most['model']}: {most['dead']:,} of {most['neurons']:,} "
        f"({most['dead_percent']:.1f}%).",
    )


def _detectors(summary: pl.DataFrame) -> Iterator[Found]:
    unigram, *longer = NGRAMS
    counted = summary.filter(pl.col(f"{unigram}_detectors").is_not_null())
    if counted.is_empty():
        return

    def said(ngram: str, called: str) -> str:
        def phrase(row: Row) -> str:
            detectors, ngrams = row[f"{ngram}_detectors"], row[f"detected_{ngram}s"]
            return f"{detectors:,} (of {count(ngrams, called)})" if detectors else "none"

        return _between(counted, f"{ngram}_detectors", phrase)

    yield Found("Token detectors", f"{said(unigram, 'token')}.")
    yield Found(
        "Longer n-grams",
        f"{'; '.join(f'{ngram} detectors: {said(ngram, ngram)}' for ngram in longer)}.",
    )


def _suppression(summary: pl.DataFrame) -> Iterator[Found]:
    if summary["unigram_detectors"].count() == 0:
        return
    shares = summary.filter(pl.col("suppressing_mean").is_not_null())
    if shares.is_empty():
        yield Found("Suppression", "nothing can be said, for no model has a token detector.")
        return

    def phrase(row: Row) -> str:
        return f"{100 * row['suppressing_mean']:.0f}% of {count(row['unigram_detectors'], 'token detector')}"

    said = _between(shares, "suppressing_mean", phrase)
    yield Found("Suppression", f"{said} suppress what they detect; in the paper, over 80% do.")


def _ablated(claims: pl.DataFrame) -> Iterator[Found]:
    """Say whether what the weights promise comes true when detectors are silenced, in the words of our own claim."""
    ours = claims.filter(pl.col("claim") == OF_ABLATION)
    for row in ours.filter(pl.col("tested_on").fill_null("") != "").iter_rows(named=True):
        verdict = {HOLDS: "yes", DOES_NOT: "no"}.get(row["verdict"], "that cannot be said")
        yield Found(
            "Silenced",
            f"do detectors that suppress by their weights do so in fact: {verdict}. {row['found']}",
        )


def _positions(models: Mapping[str, ModelTables], summary: pl.DataFrame) -> Iterator[Found]:
    counted = summary.filter(pl.col("positional").is_not_null())
    if counted.is_empty():
        return
    said = _between(counted, "positional", _share("positional"))
    yield Found("Positional neurons", f"{said} encode position.")
    patterns = pl.concat(
        models[name].census.filter("positional").select(pl.col("pattern").cast(pl.String))
        for name in counted["model"]
    )["pattern"]
    if patterns.is_empty():
        return
    kinds = ", ".join(f"{(patterns == pattern).sum():,} {pattern}" for pattern in PATTERNS)
    yield Found("Their patterns", f"{kinds}, in all models together.")


def _judged(claims: pl.DataFrame) -> Iterator[Found]:
    claims = claims.filter(pl.col("source") != "ours")
    holding, failing, open_ = (
        claims.filter(pl.col("verdict") == verdict).height for verdict in VERDICTS
    )
    said = (
        f"of {len(claims)}, {holding} {'holds' if holding == 1 else 'hold'}, {failing} "
        f"{'does' if failing == 1 else 'do'} not hold, and {open_} cannot be said with these models."
    )
    if analogues := claims.filter(pl.col("analogue")).height:
        said += (
            f" {analogues} {'was' if analogues == 1 else 'were'} tested on models of this run in place of the "
            "paper's, which says nothing about the paper's."
        )
    yield Found("The paper's claims", said)


def _share(column: str) -> Callable[[Row], str]:
    """Return a phrase: how many of a model's neurons, and in percent."""

    def phrase(row: Row) -> str:
        if not row[column]:
            return f"none of {row['neurons']:,} neurons"
        share = 100 * row[column] / row["neurons"]
        return f"{row[column]:,} of {row['neurons']:,} neurons ({share:.1f}%)"

    return phrase


def _between(rows: pl.DataFrame, column: str, phrase: Callable[[Row], str]) -> str:
    """Return what is said of the only model, of all, or of those with the least and the most."""
    values = rows[column]
    least, most = (
        rows.row(place or 0, named=True) for place in (values.arg_min(), values.arg_max())
    )
    if len(rows) == 1:
        return f"{phrase(most)} in {most['model']}"
    if not values.max():
        return "none in any model"
    return f"from {phrase(least)} in {least['model']} to {phrase(most)} in {most['model']}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or the plural.

    >>> count(1, "model"), count(1200, "model")
    ('1 model', '1,200 models')

    Parameters
    ----------
    number
        how many
    noun
        what, in the singular
    """
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
