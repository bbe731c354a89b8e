"""The paper's claims: each test on tables made so that the answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from neuron_census.config.selection import PAPER
from neuron_census.draw.claims import dead, ngrams, positions
from neuron_census.draw.claims.claim import (
    ANALOGUES,
    CANNOT,
    DOES_NOT,
    HOLDS,
    Claim,
    judge,
    read_claims,
)
from neuron_census.draw.claims.finding import Finding, UndecidedError
from neuron_census.draw.claims.measured import Measured
from neuron_census.draw.model_tables import ModelTables
from neuron_census.errors import CensusError

CLAIMS = read_claims(PAPER / "claims.toml")
EXPERIMENTS = {"post_norm": ["post"], "no_positions": ["large", "without"], "checkpoints": []}


def model(
    name: str, rows: Sequence[dict[str, Any]], **tables: Sequence[dict[str, Any]]
) -> Measured:
    """A model whose neurons are given, a dictionary each; what is not said is ordinary."""
    ordinary = {
        "layer": 0,
        "frequency": 0.1,
        "dead": False,
        **{f"{ngram}_cover": 100 for ngram in ("unigram", "bigram", "trigram")},
        **{f"{ngram}_detector": False for ngram in ("unigram", "bigram", "trigram")},
        "suppresses": None,
        "position_mi": 0.0,
        "positional": False,
        "pattern": None,
        "strength": None,
    }
    census = pl.DataFrame(
        [{**ordinary, **row, "neuron": number} for number, row in enumerate(rows)],
        schema_overrides={"suppresses": pl.Boolean, "pattern": pl.String, "strength": pl.String},
        infer_schema_length=None,
    )
    frames = {
        "covered" if kind == "triggers" else kind: pl.DataFrame(given, infer_schema_length=None)
        for kind, given in tables.items()
    }
    return Measured(name, ModelTables(name, {}, {"census": census, **frames}))


def layers(
    dead_of_ten: Sequence[int], frequencies: Sequence[float] | None = None
) -> list[dict[str, Any]]:
    """Ten neurons a layer, of which so many are dead."""
    frequencies = frequencies or [0.1] * len(dead_of_ten)
    return [
        {"layer": layer, "dead": number < count, "frequency": 0.0 if number < count else frequency}
        for layer, (count, frequency) in enumerate(zip(dead_of_ten, frequencies, strict=True))
        for number in range(10)
    ]


SMALL = model("small", layers([0, 1, 0, 0], [0.3, 0.1, 0.2, 0.2]))
LARGE = model("large", layers([0, 8, 8, 0, 0, 0], [0.2, 0.05, 0.05, 0.1, 0.1, 0.1]))


@pytest.mark.parametrize(
    ("test", "models", "holds"),
    [
        (dead.several_layers_mostly_dead, [LARGE], True),
        (dead.several_layers_mostly_dead, [SMALL], False),
        (dead.several_layers_mostly_dead, [model("one", layers([8, 7]))], False),
        (dead.dead_share_rises, [SMALL, LARGE], True),
        (dead.dead_share_rises, [LARGE, SMALL], False),
        (dead.dead_share_rises, [SMALL, SMALL], False),
        (dead.frequency_falls, [SMALL, LARGE], True),
        (dead.frequency_falls, [LARGE, SMALL], False),
        (dead.upper_half_alive, [SMALL, LARGE], True),
        (dead.upper_half_alive, [model("up", layers([0, 0, 1, 0]))], False),
        (dead.lower_half_has_the_dead, [SMALL, LARGE], True),
        (dead.lower_half_has_the_dead, [SMALL, model("none", layers([0, 0]))], False),
        (dead.rare_where_many_are_dead, [SMALL, LARGE], True),
        (dead.rare_where_many_are_dead, [model("odd", layers([0, 5], [0.1, 0.2]))], False),
        (dead.no_dead_neurons, [SMALL], False),
        (dead.no_dead_neurons, [model("alive", layers([0, 0]))], True),
    ],
)
def test_dead_neurons(test: Any, models: list[Measured], holds: bool) -> None:
    assert test(models).holds is holds


def with_detectors(
    name: str,
    detected: Sequence[Sequence[int]],
    *,
    n: int = 1,
    cover: int = 3,
    suppressing: int = 99,
) -> Measured:
    """A model of twice as many layers, whose layer i has a detector for each of its n-grams.

    The first `suppressing` detectors suppress; beside them each layer has two ordinary neurons.
    """
    size = ("unigram", "bigram", "trigram")[n - 1]
    rows: list[dict[str, Any]] = []
    triggers: list[dict[str, Any]] = [
        {"layer": 0, "neuron": -1, "n": n, "ngram": [0], "text": "", "covered": False}
    ]
    for layer, tokens in enumerate(detected):
        for token in tokens:
            detector = {
                "layer": layer,
                f"{size}_detector": True,
                f"{size}_cover": cover,
                "suppresses": len(rows) - 2 * layer < suppressing,
            }
            triggers.append(
                {"layer": layer, "neuron": len(rows), "n": n, "ngram": [token] * n}
                | {"text": f" Word{token}", "covered": True}
            )
            rows.append(detector)
        rows += [{"layer": layer}] * 2
    rows += [{"layer": layer} for layer in range(len(detected), 2 * len(detected))]
    return model(name, rows, triggers=triggers)


FEW = with_detectors("few", [[1], [2]])
MANY = with_detectors("many", [[1, 2, 3], [3, 4, 5, 6]], suppressing=5)
REPEATING = with_detectors("repeating", [[1], [1], [1]])
NONE = with_detectors("none", [[], []])


@pytest.mark.parametrize(
    ("test", "models", "holds"),
    [
        (ngrams.unigram_cover_falls, [NONE, MANY], True),
        (ngrams.unigram_cover_falls, [MANY, NONE], False),
        (ngrams.few_tokens_cover_many_neurons, [FEW, MANY], True),
        (ngrams.few_tokens_cover_many_neurons, [NONE], False),
        (ngrams.covers_are_not_sparse, [NONE], True),
        (ngrams.covers_are_not_sparse, [MANY], False),
        (ngrams.as_many_token_detectors_as_in_66b, [MANY], False),
        (ngrams.token_detectors_rise, [FEW, MANY], True),
        (ngrams.token_detectors_rise, [MANY, FEW], False),
        (ngrams.trigram_detectors_rise, [FEW, with_detectors("t", [[1], []], n=3)], True),
        (ngrams.detectors_lie_early, [with_detectors("e", [[1], [], []])], True),
        (ngrams.detectors_lie_early, [MANY], False),
        (ngrams.at_most_1500_tokens_a_layer, [MANY], True),
        (ngrams.at_most_1500_tokens_a_layer, [with_detectors("x", [range(1501)])], False),
        (ngrams.over_10000_tokens_in_all, [MANY], False),
        (ngrams.over_10000_tokens_in_all, [with_detectors("x", [range(10_001)])], True),
        (ngrams.detected_tokens_rise, [FEW, MANY], True),
        (ngrams.detected_tokens_are_mostly_new, [FEW, MANY], True),
        (ngrams.detected_tokens_are_mostly_new, [REPEATING], False),
        (ngrams.most_detectors_suppress, [FEW], True),
        (ngrams.most_detectors_suppress, [FEW, MANY], False),
    ],
)
def test_ngrams(test: Any, models: list[Measured], holds: bool) -> None:
    assert test(models).holds is holds


def test_forms_of_a_word_are_told_from_different_words() -> None:
    def detector(*texts: str) -> Measured:
        rows = [
            {"layer": 0, "neuron": 0, "n": 1, "ngram": [number], "text": text, "covered": True}
            for number, text in enumerate(texts)
        ]
        return model("m", [{"unigram_detector": True}, {"layer": 1}], triggers=rows)

    test = ngrams.tokens_of_a_detector_are_variants_of_a_word
    assert test([detector(" weather", " Weather", "Weather", "weathers")]).holds
    assert not test([detector(" weather", " school")]).holds
    with pytest.raises(UndecidedError):
        test([detector(" one")])


def test_ratios_between_sizes() -> None:
    def sized(name: str, tokens: int, trigrams: int) -> Measured:
        rows = [{"layer": 0, "unigram_detector": True}] * tokens
        rows += [{"layer": 0, "trigram_detector": True}] * trigrams + [{"layer": 1}]
        return model(name, rows)

    assert ngrams.gap_widens_with_n([sized("a", 2, 1), sized("b", 4, 3)]).holds
    assert not ngrams.gap_widens_with_n([sized("a", 2, 1), sized("b", 4, 2)]).holds
    with pytest.raises(UndecidedError):
        ngrams.gap_widens_with_n([sized("a", 2, 0), sized("b", 4, 2)])
    jump = [with_detectors(f"m{count}", [range(count)], n=3) for count in (2, 3, 9, 12)]
    assert ngrams.trigrams_jump_at_the_last_but_one(jump).holds
    assert not ngrams.trigrams_jump_at_the_last_but_one([jump[0], *jump[2:], jump[3]]).holds


def positional(
    name: str, neurons: Sequence[tuple[int, str, str]], mi: float = 0.3, all_layers: int = 6
) -> Measured:
    """Positional neurons as (layer, pattern, strength), and one ordinary neuron in each layer."""
    rows: list[dict[str, Any]] = [
        {"layer": layer, "positional": True, "pattern": pattern, "strength": strength}
        | {"position_mi": mi / 2 if pattern == "other" else mi}
        for layer, pattern, strength in neurons
    ]
    return model(name, rows + [{"layer": layer} for layer in range(all_layers)])


OSCILLATORY = positional("o", [(0, "both extremes", "strong"), *[(3, "oscillatory", "weak")] * 2])
ONE_SIDED = positional("s", [(0, "one extreme", "strong"), (3, "one extreme", "strong")])
OTHER = positional("t", [(0, "other", "weak"), (2, "one extreme", "weak")])


@pytest.mark.parametrize(
    ("test", "models", "holds"),
    [
        (positions.oscillatory_are_most, [OSCILLATORY], True),
        (positions.oscillatory_are_most, [OSCILLATORY, ONE_SIDED], False),
        (positions.no_oscillatory, [ONE_SIDED], True),
        (positions.no_oscillatory, [ONE_SIDED, OSCILLATORY], False),
        (positions.strong_two_sided_fall, [OSCILLATORY, ONE_SIDED], True),
        (positions.strong_two_sided_fall, [ONE_SIDED, OSCILLATORY], False),
        (positions.one_sided_rise, [OTHER, ONE_SIDED], True),
        (positions.one_sided_rise, [ONE_SIDED, OTHER], False),
        (positions.from_two_sided_to_oscillatory, [OSCILLATORY], True),
        (positions.from_two_sided_to_oscillatory, [ONE_SIDED], False),
        (positions.two_sided_matter_less_above, [OSCILLATORY], True),
        (positions.weaker_above, [OSCILLATORY], True),
        (positions.weaker_above, [ONE_SIDED], False),
        (positions.two_stages, [ONE_SIDED], True),
        (positions.two_stages, [positional("p", [(0, "other", "weak")])], False),
        (positions.other_tell_least, [OTHER], True),
        (
            positions.other_tell_least,
            [
                positional("p", [(0, "other", "weak")]),
                positional("q", [(0, "one extreme", "weak")], mi=0.1),
            ],
            False,
        ),
        (positions.without_positions_none_oscillates, [OSCILLATORY, ONE_SIDED], True),
        (positions.without_positions_none_oscillates, [ONE_SIDED, ONE_SIDED], False),
        (positions.without_positions_many_are_strong, [OSCILLATORY, ONE_SIDED], True),
        (positions.without_positions_many_are_strong, [OSCILLATORY, OTHER], False),
        (positions.without_positions_the_first_layer_has_none, [OTHER, OTHER], False),
        (positions.oscillation_comes_late, [OTHER, ONE_SIDED, OSCILLATORY], True),
        (positions.oscillation_comes_late, [OTHER, OSCILLATORY, OSCILLATORY], False),
        (positions.there_are_positional_neurons, [OTHER], True),
        (positions.there_are_positional_neurons, [positional("n", [])], False),
    ],
)
def test_positions(test: Any, models: list[Measured], holds: bool) -> None:
    assert test(models).holds is holds


def oscillating(ranges: dict[int, tuple[int, int]]) -> Measured:
    """A model whose second layer has strong oscillatory neurons, active between two positions of 10."""
    chosen = {"layer": 1, "positional": True, "pattern": "oscillatory", "strength": "strong"}
    census = pl.DataFrame([{**chosen, "neuron": neuron, "position_mi": 0.4} for neuron in ranges])
    curves = pl.DataFrame(
        [
            {
                "layer": 1,
                "neuron": neuron,
                "frequency": [float(start <= position < end) for position in range(10)],
            }
            for neuron, (start, end) in ranges.items()
        ]
    )
    frames = {"census": census, "positions": curves}
    return Measured("opt-125m", ModelTables("opt-125m", {}, frames))


def test_the_ten_neurons_of_figure_9() -> None:
    ten = oscillating(
        {neuron: (place, place + 1) for place, neuron in enumerate(sorted(positions.TEN))}
    )
    assert positions.the_ten_of_125m([ten]).holds
    assert positions.the_ten_cover_every_position([ten]).holds
    assert positions.none_of_the_ten_is_redundant([ten]).holds
    some = oscillating({1114: (0, 4), 422: (2, 3)})
    assert not positions.the_ten_of_125m([some]).holds
    assert positions.the_ten_cover_every_position([some]) == Finding(False, "0.4 of positions")
    assert not positions.none_of_the_ten_is_redundant([some]).holds


def test_a_neuron_of_the_first_few_positions_falls_silent() -> None:
    def curve(values: list[float]) -> Measured:
        return model("m", [{}], positions=[{"layer": 0, "neuron": 0, "frequency": values}])

    test = positions.active_at_the_first_few_positions_only
    assert test([curve([1.0, 0.6, 0.1, 0.0] + [0.0] * 252)]).holds
    assert not test([curve([1.0, 0.6, 0.1, 0.0] + [0.0] * 251 + [0.1])]).holds


def test_every_claim_has_a_test_that_says_what_it_tests() -> None:
    assert len(CLAIMS) >= 30 and len({claim.name for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.analogue in ANALOGUES and claim.models
        assert callable(claim.function)
        assert len(claim.exact_test) > 20 and "partial" not in claim.exact_test, claim.name


def claim(**changes: Any) -> Claim:
    given = {"name": "c", "section": "3", "says": "s", "models": ("opt-30b", "opt-66b")}
    return Claim(**{**given, "test": "dead.dead_share_rises", "analogue": "family", **changes})


def test_a_claim_is_tested_on_the_models_that_it_speaks_of() -> None:
    run = {"opt-30b": SMALL, "opt-66b": LARGE, "opt-125m": SMALL}
    verdict = judge(claim(), run, {})
    assert (verdict.verdict, verdict.models) == (HOLDS, ("opt-30b", "opt-66b"))
    assert not verdict.is_analogue
    assert judge(claim(models=("opt-66b", "opt-30b")), run, {}).verdict == DOES_NOT
    lacking = judge(claim(), {"opt-125m": SMALL, "opt-66b": LARGE}, {})
    assert lacking.verdict == CANNOT and lacking.found == "needs opt-30b."


def test_another_family_is_an_analogue_and_ordered_by_size() -> None:
    run = {"large": LARGE, "without": LARGE, "post": SMALL, "small": SMALL}
    verdict = judge(claim(), run, EXPERIMENTS)
    assert verdict.is_analogue and verdict.models == ("small", "large")
    smallest = claim(analogue="smallest", test="dead.no_dead_neurons")
    assert judge(smallest, run, EXPERIMENTS).models == ("small",)
    post_norm = claim(analogue="post_norm", test="dead.no_dead_neurons")
    assert judge(post_norm, run, EXPERIMENTS).models == ("post",)
    assert judge(claim(analogue="checkpoints"), run, EXPERIMENTS).verdict == CANNOT
    assert judge(claim(analogue=""), run, EXPERIMENTS).verdict == CANNOT
    assert judge(claim(), {"small": SMALL}, EXPERIMENTS).verdict == CANNOT


def test_a_study_that_was_not_done_decides_nothing() -> None:
    census = SMALL.tables.census.select("layer", "neuron", "dead", "frequency")
    bare = ModelTables("opt-66b", {}, {"census": census})
    run = {"opt-66b": Measured("opt-66b", bare)}
    asked = claim(models=("opt-66b",), test="ngrams.over_10000_tokens_in_all")
    assert judge(asked, run, {}).found == "the run has no study of n-grams."
    asked = claim(models=("opt-66b",), test="positions.no_oscillatory")
    assert judge(asked, run, {}).found == "the run has no study of positions."


def test_a_file_that_holds_no_claims_is_named(tmp_path: Any) -> None:
    file = tmp_path / "claims.toml"
    for text in ("[[claim", "x = 1", "[[claim]]\nname = 'a'"):
        file.write_text(text)
        with pytest.raises(CensusError, match=r"claims\.toml: cannot be read as claims"):
            read_claims(file)
