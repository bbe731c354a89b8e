"""Claims about n-grams and their detectors, each just on either side of its border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from helpers.made.measured import by_detected, measured
from neuron_census.draw.claims import ngrams
from neuron_census.draw.claims.claim import Test
from neuron_census.draw.claims.finding import UndecidedError
from neuron_census.draw.claims.measured import Measured

Layers = Sequence[Sequence[int]]


def by_cover(name: str, covers: Sequence[int | None], n: int = 1, above: int = 1) -> Measured:
    """A model of two layers whose first has neurons of these covers, and whose second one of `above`."""
    column = f"{('unigram', 'bigram', 'trigram')[n - 1]}_cover"
    rows: list[dict[str, Any]] = [{column: cover} for cover in covers]
    # A dead neuron has no part in it.
    rows += [{column: 1, "dead": True}] * 9 + [{"layer": 1, column: above}]
    return measured(name, rows)


def covers(*several: Sequence[int | None], n: int = 1, above: int = 1) -> list[Measured]:
    return [by_cover(f"m{number}", one, n, above) for number, one in enumerate(several)]


def detected(*several: Layers, n: int = 1) -> list[Measured]:
    return [by_detected(f"m{number}", layers, n=n) for number, layers in enumerate(several)]


@pytest.mark.parametrize(
    ("test", "n"),
    [
        (ngrams.unigram_cover_falls, 1),
        (ngrams.bigram_cover_falls, 2),
        (ngrams.trigram_cover_falls, 3),
    ],
)
def test_medians_of_covers(test: Test, n: int) -> None:
    for others in (1, 5000):
        above = {"n": n, "above": others}
        assert test(covers([9, 30, 70], [2, 30, None, 90], [1, 29, 99], **above)).holds
        assert not test(covers([9, 30, 70], [2, 31, 90], [1, 29, 99], **above)).holds
        assert not test(covers([9, 30, 70], [2, 30, 90], **above)).holds
    assert not test(covers([9, 29], [8, 30], [7, 31], n=n)).holds, "nor where they rise"
    # The medians of other lengths are 100 everywhere.
    other = 1 + n % 3
    assert not test(covers([50], [40], [30], n=other)).holds
    with pytest.raises(UndecidedError, match="m1 has nothing to compare"):
        test(covers([30], [None], n=n))


@pytest.mark.parametrize(
    ("test", "models", "holds"),
    [
        # A tenth of every model: five tokens are few, six are not.
        (ngrams.few_tokens_cover_many_neurons, [[5, *[6] * 9], [1, 1, 6], [5, *[9] * 9]], True),
        (ngrams.few_tokens_cover_many_neurons, [[5, *[6] * 9], [5, *[6] * 10], [5]], False),
        (ngrams.few_tokens_cover_many_neurons, [[5, *[6] * 9], [6] * 10, [5]], False),
        (ngrams.covers_are_not_sparse, [[5, *[6] * 100]], True),
        (ngrams.covers_are_not_sparse, [[5, *[6] * 99]], False),
    ],
)
def test_shares_of_few_tokens(test: Test, models: list[list[int | None]], holds: bool) -> None:
    assert test(covers(*models)).holds is holds
    with pytest.raises(UndecidedError, match="m0 has no neuron with an n-gram"):
        test(covers([None]))


@pytest.mark.parametrize(
    ("test", "n", "models", "holds"),
    [
        (ngrams.token_detectors_rise, 1, [[[1], [1]], [[], [1, 2]], [[1, 2, 3]]], True),
        (ngrams.token_detectors_rise, 1, [[[1], [1]], [[1]], [[1, 2, 3]]], False),
        (ngrams.token_detectors_rise, 1, [[[1], [1]], [[], [1, 2]]], False),
        (ngrams.trigram_detectors_rise, 3, [[[1], [1]], [[], [1, 2]], [[1, 2, 3]]], True),
        (ngrams.trigram_detectors_rise, 3, [[[1], [1]], [[1]], [[1, 2, 3]]], False),
        # Two layers that detect the same token detect one.
        (ngrams.detected_tokens_rise, 1, [[[1, 2], [1, 2]], [[3], [4]], [[1, 2], [2, 3]]], True),
        (ngrams.detected_tokens_rise, 1, [[[1, 2], [1, 2]], [[3], [3]], [[1, 2], [2, 3]]], False),
        (ngrams.detected_tokens_rise, 1, [[[1, 2], [1]], [[3], [4]]], False),
        # More than half new, summed over layers, in every model.
        (ngrams.detected_tokens_are_mostly_new, 1, [[[1, 2], [1]], [[1], [2], [1]], [[7]]], True),
        (ngrams.detected_tokens_are_mostly_new, 1, [[[1, 2], [1]], [[1], [1]], [[7]]], False),
        (ngrams.detected_trigrams_are_mostly_new, 3, [[[1, 2], [1]], [[1], [2], [1]]], True),
        (ngrams.detected_trigrams_are_mostly_new, 3, [[[1, 2], [1]], [[1], [], [1]]], False),
    ],
)
def test_detectors_by_size(test: Test, n: int, models: list[Layers], holds: bool) -> None:
    assert test(detected(*models, n=n)).holds is holds


def test_new_means_in_no_lower_layer_and_not_only_in_the_layer_below() -> None:
    # Of eight, 1 and 2 are seen again two layers up: four are new, six are new to the layer below.
    layers = [[1, 2], [3, 4], [1, 2], [3, 4]]
    (model,) = detected(layers)
    assert ngrams.detected_tokens_are_mostly_new([model]).found == "share new: 0.5"
    with pytest.raises(UndecidedError, match="m0 detects none"):
        ngrams.detected_tokens_are_mostly_new(detected([[], []]))


def test_detectors_of_another_length_do_not_count() -> None:
    trigrams = by_detected("m", [[1, 2, 3]], n=3)
    assert len(trigrams.detectors(1)) == 0 and trigrams.detected(1) == 0
    assert len(trigrams.detectors(3)) == 3 and trigrams.detected(3) == 3


@pytest.mark.parametrize(
    ("test", "layers", "holds"),
    [
        (ngrams.at_most_1500_tokens_a_layer, [range(1500), range(1500, 2900)], True),
        (ngrams.at_most_1500_tokens_a_layer, [range(10), range(1501)], False),
        (ngrams.over_10000_tokens_in_all, [range(6000), range(5000, 10_001)], True),
        (ngrams.over_10000_tokens_in_all, [range(6000), range(5000, 10_000)], False),
        (ngrams.as_many_token_detectors_as_in_66b, [range(5000), range(351)], True),
        (ngrams.as_many_token_detectors_as_in_66b, [range(5000), range(350)], False),
        (ngrams.as_many_token_detectors_as_in_66b, [range(5000), range(352)], False),
    ],
)
def test_numbers_of_66b(test: Test, layers: Layers, holds: bool) -> None:
    assert test(detected(layers)).holds is holds


def early_and_late(*late: int) -> list[Measured]:
    """Models of 22 layers with 333 detectors at depth 0.4 (the ninth layer), and some at 0.45."""
    return [
        by_detected(f"m{number}", [*[[]] * 8, range(333), range(count), []])
        for number, count in enumerate(late)
    ]


def test_detectors_lie_early() -> None:
    assert ngrams.detectors_lie_early(early_and_late(0, 1, 0)).holds, "1 of 1,000"
    finding = ngrams.detectors_lie_early(early_and_late(1, 0, 1))
    assert (finding.holds, finding.found) == (False, "2 of 1001")
    with pytest.raises(UndecidedError, match="no token detector"):
        ngrams.detectors_lie_early(detected([[]]))


def test_layers_above_the_first_half_count_where_they_are_analysed() -> None:
    """`record.ngram_layers: all`."""
    every = by_detected("m", [[1], [1, 2], [], [3, 4, 5]], layers=4)
    assert every.first_half == 2
    assert ngrams.at_most_1500_tokens_a_layer([every]).found == "3 tokens"
    assert ngrams.over_10000_tokens_in_all([every]).found == "5 tokens"
    assert ngrams.detectors_lie_early([every]).found == "5 of 6", "all but that of the first layer"
    assert ngrams.detected_tokens_are_mostly_new([every]).found == "share new: 0.833"
    assert ngrams.token_detectors_rise([every, every]).found == "m 6; m 6"


def suppressing(*shares: tuple[int, int]) -> list[Measured]:
    return [
        by_detected(f"m{number}", [range(of)], suppressing=count)
        for number, (count, of) in enumerate(shares)
    ]


def test_over_80_percent_suppress_in_total() -> None:
    finding = ngrams.most_detectors_suppress(suppressing((0, 1), (9, 9), (0, 0), (72, 90)))
    assert (finding.holds, finding.found) == (
        True,
        "share 0.81: m0 0 of 1; m1 9 of 9; m2 0 of 0; m3 72 of 90",
    )
    assert not ngrams.most_detectors_suppress(suppressing((0, 1), (8, 9), (8, 10), (72, 90))).holds
    assert not ngrams.most_detectors_suppress(suppressing((1, 1), (3, 4))).holds, "80% is not over"
    with pytest.raises(UndecidedError, match="no token detector"):
        ngrams.most_detectors_suppress(suppressing((0, 0), (0, 0)))


def with_words(*detectors: Sequence[str]) -> Measured:
    """A model with a token detector for each list of words, and a trigram detector of several words."""
    rows: list[dict[str, Any]] = [{"unigram_detector": True} for _ in detectors]
    rows.append({"trigram_detector": True})
    words = [*detectors, ("cat", "tree")]
    covered = [
        {"layer": 0, "neuron": neuron, "n": 1, "ngram": [token], "text": text, "covered": True}
        for neuron, texts in enumerate(words)
        for token, text in enumerate(texts)
    ]
    return measured("m", rows, covered)


def test_forms_of_a_word_are_told_from_different_words() -> None:
    test = ngrams.tokens_of_a_detector_are_variants_of_a_word
    forms = (" weather", " Weather", "WEATHER", "weathers", "weathering", "weathered's")
    others = (" school", " weather")
    finding = test([with_words(forms, others), with_words(forms, [" one"])])
    assert (finding.holds, finding.found) == (True, "2 of 3 detectors of several tokens")
    assert not test([with_words(forms, others)]).holds, "half is not most"
    assert not test([with_words(("bed", "bing"))]).holds, "short words have no endings"
    with pytest.raises(UndecidedError, match="no detector detects several tokens"):
        test([with_words([" one"])])


def sized(tokens: int, trigrams: int) -> Measured:
    rows = [{"unigram_detector": True}] * tokens + [{"trigram_detector": True}] * trigrams
    return measured("m", [*rows, {"layer": 1}])


def test_the_gap_widens_with_the_length() -> None:
    """The largest over the smallest model, whatever lies between."""
    between = sized(99, 0)
    assert ngrams.gap_widens_with_n([sized(2, 3), between, sized(4, 7)]).holds
    assert not ngrams.gap_widens_with_n([sized(2, 3), between, sized(4, 6)]).holds
    for smallest, said in ((sized(2, 0), "m has no trigram"), (sized(0, 2), "m has no token")):
        with pytest.raises(UndecidedError, match=said):
            ngrams.gap_widens_with_n([smallest, sized(4, 2)])


@pytest.mark.parametrize(
    ("counts", "holds"),
    [
        ((2, 4, 12, 25), True),  # factors 2, 3, 2.08
        ((2, 4, 12, 37), False),  # 2, 3, 3.08
        ((2, 7, 22, 40), False),  # 3.5, 3.14, 1.82
        ((2, 4, 8, 16), False),  # 2 each time
    ],
)
def test_trigrams_jump_from_the_third_largest_to_the_second(
    counts: tuple[int, ...], holds: bool
) -> None:
    models = [by_detected("m", [range(count)], n=3) for count in counts]
    assert ngrams.trigrams_jump_at_the_last_but_one(models).holds is holds


def test_nothing_grows_from_nought() -> None:
    models = [by_detected("m", [range(count)], n=3) for count in (0, 3, 4)]
    with pytest.raises(UndecidedError, match="a smaller model detects no trigram"):
        ngrams.trigrams_jump_at_the_last_but_one(models)
