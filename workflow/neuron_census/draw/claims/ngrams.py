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
from neuron_census.draw.detected_ngrams import covered_by_detectors
from neuron_census.formats.tables.vocabulary import NGRAMS

FEW_TOKENS = 5
SUBSTANTIAL = 0.1
"""Share of neurons with a cover of one to five tokens; the paper gives no number, this one is ours."""
NOT_SPARSE = 0.01
"""Share below which we say that a model has none."""
EARLY = 0.41
"""Relative depth up to which the paper's Figure 3 has detectors."""
LATE_DETECTORS = 0.001
"""Share of detectors that may lie above it."""
IN_66B = 5351
"""Token detectors of opt-66b."""
IN_A_LAYER = 1500
IN_ALL = 10_000
"""Tokens that opt-66b detects."""
MOST_SUPPRESS = 0.8
SUFFIX = re.compile(r"(ing|ed|es|s|er|ly|'s)$")


def _cover_falls(models: Sequence[Measured], n: int) -> Finding:
    """The median cover of the alive neurons in the first half of the layers falls with size."""
    return falls([model.median_cover(n) for model in models], [model.name for model in models])


unigram_cover_falls = partial(_cover_falls, n=1)
bigram_cover_falls = partial(_cover_falls, n=2)
trigram_cover_falls = partial(_cover_falls, n=3)


def _share_of_few(model: Measured) -> float:
    """Return the share of neurons in the first half of the layers that few tokens cover."""
    rows = model.covered(1)
    if rows.is_empty():
        raise UndecidedError(f"{model.name} has no neuron with an n-gram.")
    return float(rows.select((pl.col("unigram_cover") <= FEW_TOKENS).mean()).item())


def few_tokens_cover_many_neurons(models: Sequence[Measured]) -> Finding:
    """In every model at most five tokens cover at least a tenth of the neurons."""
    values = [_share_of_few(model) for model in models]
    return Finding(min(values) >= SUBSTANTIAL, f"share of neurons: {numbers(values)}")


def covers_are_not_sparse(models: Sequence[Measured]) -> Finding:
    """At most five tokens cover fewer than one in a hundred neurons."""
    (model,) = models
    value = _share_of_few(model)
    detectors = len(model.detectors(1))
    return Finding(value < NOT_SPARSE, f"share {value:.3g}; {detectors} token detectors")


def as_many_token_detectors_as_in_66b(models: Sequence[Measured]) -> Finding:
    """The model has exactly 5,351 token detectors."""
    (model,) = models
    found = len(model.detectors(1))
    return Finding(found == IN_66B, f"{found} token detectors")


def _detectors_rise(models: Sequence[Measured], n: int) -> Finding:
    """The number of detectors, over all layers, rises with size."""
    return rises([len(model.detectors(n)) for model in models], [model.name for model in models])


token_detectors_rise = partial(_detectors_rise, n=1)
trigram_detectors_rise = partial(_detectors_rise, n=3)


def detectors_lie_early(models: Sequence[Measured]) -> Finding:
    """Of the token detectors of all models, at most one in a thousand lies above 0.41 of the depth."""
    late = total = 0
    for model in models:
        # The paper's depth: 0.5 at the last layer of the first half.
        depth = 0.5 * pl.col("layer") / max(1, model.first_half - 1)
        detectors = model.detectors(1)
        late += len(detectors.filter(depth > EARLY))
        total += len(detectors)
    if not total:
        raise UndecidedError("there is no token detector.")
    return Finding(late <= LATE_DETECTORS * total, f"{late} of {total}")


def at_most_1500_tokens_a_layer(models: Sequence[Measured]) -> Finding:
    """No layer detects more than 1,500 tokens."""
    (model,) = models
    most = max(model.ngrams_by_layer(1)["detected"])
    return Finding(most <= IN_A_LAYER, f"{most} tokens")


def over_10000_tokens_in_all(models: Sequence[Measured]) -> Finding:
    """All layers together detect more than 10,000 different tokens."""
    (model,) = models
    return Finding(model.detected(1) > IN_ALL, f"{model.detected(1)} tokens")


def detected_tokens_rise(models: Sequence[Measured]) -> Finding:
    """Larger models detect more different tokens in all."""
    return rises([model.detected(1) for model in models], [model.name for model in models])


def _mostly_new(models: Sequence[Measured], n: int) -> Finding:
    """Summed over layers, more than half of what a layer detects is detected in no lower layer."""
    shares = []
    for model in models:
        layers = model.ngrams_by_layer(n)
        new, detected = (sum(layers[name]) for name in ("new_overall", "detected"))
        if not detected:
            raise UndecidedError(f"{model.name} detects none.")
        shares.append(new / detected)
    return Finding(min(shares) > 0.5, f"share new: {numbers(shares)}")


detected_tokens_are_mostly_new = partial(_mostly_new, n=1)
detected_trigrams_are_mostly_new = partial(_mostly_new, n=3)


def tokens_of_a_detector_are_variants_of_a_word(models: Sequence[Measured]) -> Finding:
    """Most detectors of several tokens detect forms of one word, which differ in case, space and ending."""
    forms: Counter[bool] = Counter()
    for model in models:
        model.need("unigram_cover", "n-grams")
        words = (
            covered_by_detectors(model.tables.census, model.tables.covered, NGRAMS[0])
            .group_by("layer", "neuron")
            .agg("text")
            .filter(pl.col("text").list.len() > 1)
        )
        forms.update(len({_stem(text) for text in texts}) == 1 for texts in words["text"])
    if not forms:
        raise UndecidedError("no detector detects several tokens.")
    share = forms[True] / forms.total()
    return Finding(share > 0.5, f"{forms[True]} of {forms.total()} detectors of several tokens")


def most_detectors_suppress(models: Sequence[Measured]) -> Finding:
    """Of the token detectors of all models together, more than 80% suppress what triggers them."""
    detectors = [model.detectors(1)["suppresses"] for model in models]
    suppressing = sum(int(column.sum()) for column in detectors)
    total = sum(map(len, detectors))
    if not total:
        raise UndecidedError("there is no token detector.")
    by_model = "; ".join(
        f"{model.name} {column.sum()} of {len(column)}"
        for model, column in zip(models, detectors, strict=True)
    )
    share = suppressing / total
    return Finding(share > MOST_SUPPRESS, f"share {share:.3g}: {by_model}")


def gap_widens_with_n(models: Sequence[Measured]) -> Finding:
    """From the smallest to the largest model, trigram detectors grow by a larger factor than token detectors."""
    smallest, *_, largest = models
    ratios = []
    for n, kind in ((1, "token"), (3, "trigram")):
        fewest = len(smallest.detectors(n))
        if not fewest:
            raise UndecidedError(f"{smallest.name} has no {kind} detector.")
        ratios.append(len(largest.detectors(n)) / fewest)
    return Finding(ratios[1] > ratios[0], f"tokens {ratios[0]:.3g}, trigrams {ratios[1]:.3g}")


def trigrams_jump_at_the_last_but_one(models: Sequence[Measured]) -> Finding:
    """The number of detected trigrams grows by the largest factor from 13b to 30b."""
    detected = [model.detected(3) for model in models]
    if 0 in detected[:-1]:
        raise UndecidedError("a smaller model detects no trigram.")
    ratios = [after / before for before, after in pairwise(detected)]
    jump = len(ratios) - 2
    others = [ratio for step, ratio in enumerate(ratios) if step != jump]
    return Finding(ratios[jump] > max(others), f"factors: {numbers(ratios)}")


def _stem(text: str) -> str:
    """Return a word without its case, spaces and endings."""
    word = text.strip().casefold()
    while len(word) > 4 and (shorter := SUFFIX.sub("", word)) != word:
        word = shorter
    return word
