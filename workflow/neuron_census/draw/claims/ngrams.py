"""Tests of what the paper says of n-grams and their detectors (section 4, appendix A)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import polars as pl

from neuron_census.draw.claims.finding import Finding, UndecidedError, falls, numbers, rises
from neuron_census.draw.claims.measured import Measured

FEW_TOKENS = 5
SUBSTANTIAL = 0.1
"""Share of neurons with a cover of one to five tokens; the paper gives no number, this one is ours."""
NOT_SPARSE = 0.01
"""Share below which we say that a model has none."""
EARLY = 0.41
"""Relative depth, up to which the paper's Figure 3 has detectors."""
SUFFIX = re.compile(r"(ing|ed|es|s|er|ly|'s)$")


def _cover_falls(models: Sequence[Measured], n: int) -> Finding:
    """The median cover of alive neurons in the first half of layers falls with size."""
    return falls([model.median_cover(n) for model in models], [model.name for model in models])


unigram_cover_falls = partial(_cover_falls, n=1)
bigram_cover_falls = partial(_cover_falls, n=2)
trigram_cover_falls = partial(_cover_falls, n=3)


def _share_of_few(model: Measured) -> float:
    rows = model.analysed(1)
    if rows.is_empty():
        raise UndecidedError(f"{model.name} has no neuron with an n-gram.")
    return float(rows.select((pl.col("unigram_cover") <= FEW_TOKENS).mean()).item())


def few_tokens_cover_many_neurons(models: Sequence[Measured]) -> Finding:
    """At least a tenth of the neurons of every model has a cover of at most five tokens."""
    values = [_share_of_few(model) for model in models]
    return Finding(min(values) >= SUBSTANTIAL, f"share of neurons: {numbers(values)}")


def covers_are_not_sparse(models: Sequence[Measured]) -> Finding:
    """Less than one in a hundred neurons has a cover of at most five tokens."""
    (model,) = models
    value = _share_of_few(model)
    detectors = len(model.detectors(1))
    return Finding(value < NOT_SPARSE, f"share {value:.3g}; {detectors} token detectors")


def as_many_token_detectors_as_in_66b(models: Sequence[Measured]) -> Finding:
    """There are exactly 5,351 token detectors."""
    (model,) = models
    found = len(model.detectors(1))
    return Finding(found == 5351, f"{found} token detectors")


def _detectors_rise(models: Sequence[Measured], n: int) -> Finding:
    """The number of detectors, over all layers, rises with size."""
    return rises([len(model.detectors(n)) for model in models], [model.name for model in models])


token_detectors_rise = partial(_detectors_rise, n=1)
trigram_detectors_rise = partial(_detectors_rise, n=3)


def detectors_lie_early(models: Sequence[Measured]) -> Finding:
    """At most one in a thousand token detectors lies above 0.41 of the depth, over all models."""
    late = total = 0
    for model in models:
        for layer, count in enumerate(model.detectors_by_layer(1)):
            late += count * (0.5 * layer / max(1, model.first_half - 1) > EARLY)
            total += count
    if not total:
        raise UndecidedError("there is no token detector.")
    return Finding(late <= 0.001 * total, f"{late} of {total}")


def at_most_1500_tokens_a_layer(models: Sequence[Measured]) -> Finding:
    """No layer detects more than 1,500 tokens."""
    (model,) = models
    most = max(len(detected) for detected in model.detected_by_layer(1))
    return Finding(most <= 1500, f"{most} tokens")


def over_10000_tokens_in_all(models: Sequence[Measured]) -> Finding:
    """The union over layers of detected tokens has more than 10,000."""
    (model,) = models
    return Finding(model.detected(1) > 10_000, f"{model.detected(1)} tokens")


def detected_tokens_rise(models: Sequence[Measured]) -> Finding:
    """Larger models detect more tokens in all."""
    return rises([model.detected(1) for model in models], [model.name for model in models])


def _mostly_new(models: Sequence[Measured], n: int) -> Finding:
    """More than half of what layers detect is detected in no lower layer, summed over layers."""
    shares = []
    for model in models:
        layers = model.detected_by_layer(n)
        if not any(layers):
            raise UndecidedError(f"{model.name} detects none.")
        shares.append(len(set().union(*layers)) / sum(map(len, layers)))
    return Finding(min(shares) > 0.5, f"share new: {numbers(shares)}")


detected_tokens_are_mostly_new = partial(_mostly_new, n=1)
detected_trigrams_are_mostly_new = partial(_mostly_new, n=3)


def tokens_of_a_detector_are_variants_of_a_word(models: Sequence[Measured]) -> Finding:
    """Most detectors of several tokens detect forms of one word: case, space and endings apart."""
    forms: Counter[bool] = Counter()
    for model in models:
        covered = (
            model.tables.covered.filter((pl.col("n") == 1) & pl.col("covered"))
            .join(model.detectors(1), on=["layer", "neuron"], how="semi")
            .group_by("layer", "neuron")
            .agg("text")
            .filter(pl.col("text").list.len() > 1)
        )
        forms.update(len({_stem(text) for text in texts}) == 1 for texts in covered["text"])
    if not forms:
        raise UndecidedError("no detector detects several tokens.")
    share = forms[True] / forms.total()
    return Finding(share > 0.5, f"{forms[True]} of {forms.total()} detectors of several tokens")


def most_detectors_suppress(models: Sequence[Measured]) -> Finding:
    """More than 80% of the token detectors of every model suppress what triggers them."""
    shares = []
    for model in models:
        suppresses = model.detectors(1)["suppresses"]
        if suppresses.is_empty():
            raise UndecidedError(f"{model.name} has no token detector.")
        shares.append(float(suppresses.cast(pl.Float64).mean()))  # type: ignore[arg-type]
    return Finding(min(shares) > 0.8, f"share: {numbers(shares)}")


def gap_widens_with_n(models: Sequence[Measured]) -> Finding:
    """Largest over smallest model: the ratio of detectors is greater for trigrams than for tokens."""
    smallest, *_, largest = models
    ratios = []
    for n in (1, 3):
        fewest = len(smallest.detectors(n))
        if not fewest:
            raise UndecidedError(f"{smallest.name} has no detector of n-grams with n = {n}.")
        ratios.append(len(largest.detectors(n)) / fewest)
    return Finding(ratios[1] > ratios[0], f"tokens {ratios[0]:.3g}, trigrams {ratios[1]:.3g}")


def trigrams_jump_at_the_last_but_one(models: Sequence[Measured]) -> Finding:
    """From 13b to 30b the number of detected trigrams grows by the largest factor."""
    detected = [model.detected(3) for model in models]
    if 0 in detected[:-1]:
        raise UndecidedError("a smaller model detects no trigram.")
    ratios = [after / before for before, after in pairwise(detected)]
    return Finding(ratios.index(max(ratios)) == len(ratios) - 2, f"factors: {numbers(ratios)}")


def _stem(text: str) -> str:
    """A word without case, space and endings."""
    word = text.strip().casefold()
    while len(word) > 4 and (shorter := SUFFIX.sub("", word)) != word:
        word = shorter
    return word
