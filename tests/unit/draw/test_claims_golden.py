"""Every claim of the paper: what tests it, on which models, and on what corresponds to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.made.measured import by_pattern
from neuron_census.config.selection import PAPER
from neuron_census.draw.claims.claim import DOES_NOT, HOLDS, Claim, judge, read_claims
from neuron_census.errors import CensusError
from neuron_census.formats.tables.vocabulary import PATTERNS, STRENGTHS

CLAIMS = read_claims(PAPER / "claims.toml")

BY_SIZE = ["125m", "1.3b", "2.7b", "6.7b", "13b", "30b", "66b"]
ALL, FROM_1_3B = " ".join(BY_SIZE), " ".join(BY_SIZE[1:])
FIRST_125M, POST_NORM, LARGEST = "125m", "350m", "66b"
NO_POSITIONS = "125m-baseline 125m-nopos"
STEPS = "125m-step-50k 125m-step-150k 125m-baseline"

# Name, test, models, analogue; marked are readings of a figure that no sentence of the paper states.
GOLDEN = [
    ("dead-layers-66b", "dead.several_layers_mostly_dead", LARGEST, "largest"),
    ("dead-grow", "dead.dead_share_rises", ALL, "family"),
    ("frequency-falls", "dead.frequency_falls", ALL, "family"),
    ("upper-half-alive", "dead.upper_half_alive", ALL, "family"),
    ("dead-below", "dead.lower_half_has_the_dead", ALL, "family"),
    ("rare-where-dead", "dead.rare_where_many_are_dead", ALL, "family"),
    ("post-norm-alive", "dead.no_dead_neurons", POST_NORM, "post_norm"),
    ("unigram-cover-falls", "ngrams.unigram_cover_falls", ALL, "family"),
    ("few-tokens", "ngrams.few_tokens_cover_many_neurons", "30b 66b", "largest"),
    ("post-norm-covers", "ngrams.covers_are_not_sparse", POST_NORM, "post_norm"),
    ("detectors-66b", "ngrams.as_many_token_detectors_as_in_66b", LARGEST, ""),
    ("detectors-grow", "ngrams.token_detectors_rise", FROM_1_3B, "family"),
    ("detectors-early *", "ngrams.detectors_lie_early", FROM_1_3B, "family"),
    ("tokens-a-layer", "ngrams.at_most_1500_tokens_a_layer", LARGEST, ""),
    ("tokens-in-all", "ngrams.over_10000_tokens_in_all", LARGEST, ""),
    ("tokens-grow *", "ngrams.detected_tokens_rise", FROM_1_3B, "family"),
    ("tokens-new", "ngrams.detected_tokens_are_mostly_new", FROM_1_3B, "family"),
    ("variants", "ngrams.tokens_of_a_detector_are_variants_of_a_word", LARGEST, "largest"),
    ("suppression", "ngrams.most_detectors_suppress", FROM_1_3B, "family"),
    ("bigram-cover-falls", "ngrams.bigram_cover_falls", ALL, "family"),
    ("trigram-cover-falls", "ngrams.trigram_cover_falls", ALL, "family"),
    ("trigram-detectors-grow", "ngrams.trigram_detectors_rise", ALL, "family"),
    ("trigrams-jump", "ngrams.trigrams_jump_at_the_last_but_one", ALL, ""),
    ("gap-widens", "ngrams.gap_widens_with_n", FROM_1_3B, "family"),
    ("trigrams-new", "ngrams.detected_trigrams_are_mostly_new", FROM_1_3B, "family"),
    ("first-few", "positions.active_at_the_first_few_positions_only", ALL, "family"),
    ("oscillatory-most", "positions.oscillatory_are_most", "125m 1.3b 2.7b", "smallest"),
    ("oscillatory-none", "positions.no_oscillatory", "6.7b 13b 30b 66b", "largest"),
    ("two-sided-fall", "positions.two_sided_fall", "13b 30b 66b", "family"),
    ("one-sided-rise", "positions.one_sided_rise", "13b 30b 66b", "family"),
    ("ten-of-125m", "positions.the_ten_of_125m", FIRST_125M, ""),
    ("ten-cover-all", "positions.the_ten_cover_every_position", FIRST_125M, ""),
    ("ten-none-redundant", "positions.none_of_the_ten_is_redundant", FIRST_125M, ""),
    ("to-oscillatory", "positions.from_two_sided_to_oscillatory", "1.3b 2.7b", "smallest"),
    ("two-sided-below", "positions.two_sided_matter_less_above", "13b 30b", "largest"),
    ("weaker-above", "positions.weaker_above", ALL, "family"),
    ("two-stages", "positions.two_stages", ALL, "family"),
    ("other-tell-least", "positions.other_tell_least", ALL, "family"),
    (
        "nopos-no-oscillation",
        "positions.without_positions_none_oscillates",
        NO_POSITIONS,
        "no_positions",
    ),
    ("nopos-strong", "positions.without_positions_many_are_strong", NO_POSITIONS, "no_positions"),
    (
        "nopos-first-layer *",
        "positions.without_positions_the_first_layer_has_none",
        NO_POSITIONS,
        "no_positions",
    ),
    ("oscillation-late", "positions.oscillation_comes_late", STEPS, "checkpoints"),
    ("post-norm-positional", "positions.there_are_positional_neurons", POST_NORM, "post_norm"),
]


def test_the_claims_are_these() -> None:
    found = [
        (
            claim.name + (" *" if claim.source == "figure" else ""),
            claim.test,
            " ".join(model.removeprefix("opt-") for model in claim.models),
            claim.analogue,
        )
        for claim in CLAIMS
    ]
    assert found == GOLDEN
    assert all(model.startswith("opt-") for claim in CLAIMS for model in claim.models)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_claim_says_what_it_is_and_how_it_is_tested(claim: Claim) -> None:
    assert callable(claim.function)
    assert claim.says.endswith(".") and claim.section
    assert claim.exact_test.endswith(".") and len(claim.exact_test) > 30
    assert "partial" not in claim.exact_test
    assert claim.source == "text" or claim.figure, "a reading of a figure names the figure"


def published(name: str, model: str, layers: int) -> Any:
    """A model with the positional neurons that were read off a figure of the paper."""
    rows = pl.read_csv(PAPER / f"{name}.csv").filter(pl.col("model") == model)
    assert set(rows["pattern"]) <= set(PATTERNS) and set(rows["strength"]) <= set(STRENGTHS)
    kinds: list[dict[tuple[str, str], int]] = [{} for _ in range(layers)]
    for layer, pattern, strength, neurons in rows.select(
        "layer", "pattern", "strength", "neurons"
    ).iter_rows():
        kinds[layer][pattern, strength] = neurons
    return by_pattern(model, kinds)


def test_verdicts_on_the_published_numbers_are_those_that_are_stated() -> None:
    """`published` says "does not hold" where the paper's own figures contradict it."""
    layers = dict(zip(BY_SIZE, (12, 24, 32, 32, 40, 48, 64), strict=True))
    run = {
        f"opt-{size}": published("fig08_positional_neurons", f"opt-{size}", count)
        for size, count in layers.items()
    }
    run |= {
        f"opt-125m-{name}": published("fig10_no_positions", f"opt-125m-{name}", 12)
        for name in ("baseline", "nopos")
    }
    decided = {
        claim.name: judge(claim, run, {}).verdict
        for claim in CLAIMS
        if claim.test.startswith("positions.")
        and set(claim.models) <= set(run)
        and not claim.name.startswith(("ten-", "first-few", "other-"))
    }
    assert len(decided) == 11
    stated = {
        claim.name: DOES_NOT if "does not" in claim.published else HOLDS
        for claim in CLAIMS
        if claim.name in decided
    }
    assert decided == stated


def test_a_file_that_holds_no_claims_is_named(tmp_path: Path) -> None:
    file = tmp_path / "claims.toml"
    for text in ("[[claim", "x = 1", "[[claim]]\nname = 'a'"):
        file.write_text(text)
        with pytest.raises(CensusError, match=r"claims\.toml: cannot be read as claims"):
            read_claims(file)
    with pytest.raises(CensusError, match=r"none\.toml: cannot be read as claims"):
        read_claims(tmp_path / "none.toml")
    whole = "[[claim]]\nname = 'a'\nsection = '3'\nsays = 's'\nmodels = ['m']\ntest = 'dead.x'\n"
    for line, match in (
        ("analogue = 'larger'", r"claim 'a': found analogue 'larger'; .*largest"),
        ("source = 'texts'", r"claim 'a': found source 'texts'; did you mean 'text'"),
    ):
        file.write_text(whole + line)
        with pytest.raises(CensusError, match=match):
            read_claims(file)
