"""What a run found, in lines: against counts by hand."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from helpers.made.measured import measured
from neuron_census.draw.model_tables import ModelTables
from neuron_census.draw.report.findings import Found, findings
from neuron_census.draw.summary import SCHEMA

CLAIMS = pl.DataFrame(
    {
        "claim": ["one", "two", "three", "four"],
        "source": ["text", "figure", "text", "text"],
        "tested_on": ["small", "small", "large", None],
        "found": ["1", "2", "3", "needs others"],
        "verdict": ["holds", "does not hold", "does not hold", "cannot be said"],
        "analogue": [True, False, False, False],
    }
)


def tables(
    name: str, dead: list[tuple[int, bool]], patterns: list[str] | None = None
) -> ModelTables:
    """Return a model with a neuron of a layer for each pair, the first ones positional."""
    kinds = [*(patterns or []), *[None] * len(dead)]
    rows = [
        {"layer": layer, "dead": is_dead, "pattern": kind, "positional": kind is not None}
        for (layer, is_dead), kind in zip(dead, kinds, strict=False)
    ]
    census = measured(name, rows).tables.census
    return ModelTables(name, {}, {"census": census.with_columns(tokens=pl.lit(5000))})


SMALL = tables("small", [(0, False), (0, False), (1, True), (1, False)], ["oscillatory"])
LARGE = tables("large", [(0, True), (0, True), (0, True), (0, False), (1, False), (1, True)])


def summary(**columns: Sequence[object]) -> pl.DataFrame:
    """Return a summary of the two models; columns that are not given are null."""
    given: dict[str, Sequence[object]] = {
        "model": ["small", "large"],
        "neurons": [4, 6],
        "dead": [1, 4],
    }
    rows = {**given, **columns}
    return pl.DataFrame({name: rows.get(name, [None] * 2) for name in SCHEMA}, schema=SCHEMA)


def said(found: list[Found]) -> dict[str, str]:
    return {one.about: one.said for one in found}


def test_dead_neurons_and_where_they_are() -> None:
    lines = said(findings({"small": SMALL, "large": LARGE}, summary(), CLAIMS))
    assert lines["Read"] == "2 models with 10 feed-forward neurons, on 5,000 tokens of text each."
    assert lines["Dead neurons"] == (
        "from 1 of 4 neurons (25.0%) in small to 4 of 6 neurons (66.7%) in large are dead: no token activates them."
    )
    # Of five dead neurons three lie in a layer 0 of two.
    assert lines["Where they are"] == (
        "60% of them lie in the first half of their model; the layer with the greatest share is layer 0 of large: "
        "3 of 4 (75.0%)."
    )


def test_studies_that_were_not_done_are_not_spoken_of() -> None:
    lines = said(findings({"small": SMALL, "large": LARGE}, summary(), CLAIMS))
    assert set(lines) == {"Read", "Dead neurons", "Where they are", "The paper's claims"}


def test_every_line_of_a_run_with_all_studies() -> None:
    everything = summary(
        unigram_detectors=[0, 12],
        bigram_detectors=[0, 0],
        trigram_detectors=[3, 1],
        detected_unigrams=[0, 1],
        detected_bigrams=[0, 0],
        detected_trigrams=[40, 1],
        suppressing_mean=[None, 0.25],
        positional=[1, 0],
    )
    found = findings({"small": SMALL, "large": LARGE}, everything, CLAIMS)
    assert len(found) <= 10
    lines = said(found)
    assert lines["Token detectors"] == "from none in small to 12 (of 1 token) in large."
    assert lines["Longer n-grams"] == (
        "bigram detectors: none in any model; trigram detectors: from 1 (of 1 trigram) in large to 3 (of 40 trigrams) "
        "in small."
    )
    assert lines["Suppression"] == (
        "25% of 12 token detectors in large suppress what they detect; in the paper, over 80% do."
    )
    assert lines["Positional neurons"] == (
        "from none of 6 neurons in large to 1 of 4 neurons (25.0%) in small encode position."
    )
    assert lines["Their patterns"].startswith("1 oscillatory, 0 both extremes")
    assert lines["The paper's claims"] == (
        "of 4, 1 holds, 2 do not hold, and 1 cannot be said with these models. 1 was tested on models of this run in "
        "place of the paper's, which says nothing about the paper's."
    )


def test_no_detector_no_share() -> None:
    none = {f"{ngram}_detectors": [0, 0] for ngram in ("unigram", "bigram", "trigram")}
    detected = {f"detected_{ngram}s": [0, 0] for ngram in ("unigram", "bigram", "trigram")}
    lines = said(findings({"small": SMALL, "large": LARGE}, summary(**none, **detected), CLAIMS))
    assert lines["Token detectors"] == "none in any model."
    assert lines["Suppression"] == "nothing can be said, for no model has a token detector."


def test_a_single_model_is_not_compared() -> None:
    one = summary().head(1)
    lines = said(findings({"small": SMALL}, one, CLAIMS))
    assert lines["Dead neurons"].startswith("1 of 4 neurons (25.0%) in small are dead")


def test_what_ablations_say_is_a_line_of_its_own_and_no_claim_of_the_paper() -> None:
    own = {
        "claim": "ours-suppression-total",
        "source": "ours",
        "tested_on": "small large",
        "found": "1 of 9 detectors suppress in total; of near ones 0 of 4",
        "verdict": "does not hold",
        "analogue": False,
    }
    ours = pl.DataFrame([own], schema=CLAIMS.schema)
    lines = said(findings({"small": SMALL, "large": LARGE}, summary(), pl.concat([CLAIMS, ours])))
    assert lines["Silenced"] == (
        "do detectors that suppress by their weights do so in fact: no. 1 of 9 detectors suppress in total; of near "
        "ones 0 of 4"
    )
    assert lines["The paper's claims"].startswith("of 4, 1 holds")
