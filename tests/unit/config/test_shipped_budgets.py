"""Every shipped config finds the text that it asks for, and enough of it for the thresholds of classify."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from jaxtyping import Int64

from helpers.made.configs import shipped_config
from helpers.repository import REPOSITORY
from neuron_census.families.adapter.model_config import LARGEST_LAYERS
from neuron_census.formats.ngram_counts import EXACTNESS
from neuron_census.schema.section import schema
from neuron_census.tokenize.studies import Budget

CONFIGS = [path.name for path in sorted((REPOSITORY / "config").glob("*.yaml"))]
WINDOW_OF_OPT = 2048
OTHER_WINDOWS = {"gpt2": 1024}


class Shape(NamedTuple):
    """Documents that the source has, and their lengths in tokens: the mean, and the deviation of the logarithm."""

    documents: int
    mean: float
    spread: float


# Of the demo, as read. Of the Pile: the validation and test splits, a thousandth each of the sizes in its paper
# (arXiv 2101.00027, table 1), and mean sizes of documents from the same table, by the characters of a token of
# GPT-2's tokenizer. Of code and of Reddit: about what such files and posts have.
SHAPES = {
    "python": Shape(839, 6464, 1.7),
    "prose": Shape(471, 20671, 1.4),
    "scripture": Shape(1189, 999, 0.57),
    "mathematics": Shape(2438, 658, 0.46),
    "pile-wikipedia": Shape(34_900, 260, 1.2),
    "pile-mathematics": Shape(3_900, 3_700, 0.1),
    "pile-hackernews": Shape(3_200, 1_150, 1.2),
    "pile-europarl": Shape(270, 28_000, 1.0),
    "pile-freelaw": Shape(10_200, 3_500, 1.0),
    "pile-pubmed": Shape(59_000, 290, 0.6),
    "pile-stackexchange": Shape(59_700, 700, 0.9),
    "codeparrot": Shape(61_000, 2_600, 1.2),
    "reddit": Shape(1_000_000, 130, 1.0),
    "some-wikipedia": Shape(17_400, 260, 1.2),
    "some-code": Shape(61_000, 2_600, 1.2),
}


def lengths(config: dict[str, Any], domain: str) -> Int64[np.ndarray, " documents"]:
    """Lengths in tokens of the documents that studies may read, in some order, the same every time."""
    shape, entry = SHAPES[domain], config["domains"][domain]
    documents = min(shape.documents, entry.get("documents", shape.documents))
    drawn = np.random.default_rng(0).lognormal(
        np.log(shape.mean) - shape.spread**2 / 2,
        shape.spread,
        round(documents * entry.get("held_out", 1)),
    )
    tokens: Int64[np.ndarray, " documents"] = np.maximum(1, drawn.round()).astype(np.int64)
    return tokens


def window_lengths(config: dict[str, Any]) -> set[int]:
    """Longest windows of the models of a config, BOS included: one for each tokenizer.

    The lengths of documents are those of the first tokenizer; with a smaller vocabulary they are greater.
    """
    recipes = config["train"]["tokenizers"]
    tokenizers = {
        config["checkpoints"][model].get("tokenizer", model) for model in config["models"]
    }
    longest = {
        recipes[name]["window"] if name in recipes else OTHER_WINDOWS.get(name, WINDOW_OF_OPT)
        for name in tokenizers
    }
    return {min(length, int(config.get("window", length))) for length in longest}


def windows_of(
    documents: Int64[np.ndarray, " documents"], length: int
) -> Int64[np.ndarray, " windows"]:
    """Text tokens of each window, one document after the other."""
    text = length - 1
    return np.array(
        [
            min(text, tokens - start)
            for tokens in documents.tolist()
            for start in range(0, tokens, text)
        ]
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_text_of_the_real_shape_fills_every_budget_and_passes_every_threshold(name: str) -> None:
    config = shipped_config(name)
    for length in window_lengths(config):
        check_budgets(config, length)


def check_budgets(config: dict[str, Any], length: int) -> None:
    """Check that text of the real shape fills every budget, in windows of this length."""
    taken = dict.fromkeys(config["studies"], 0)
    for study, entries in config["studies"].items():
        for entry in entries:
            text_tokens = windows_of(lengths(config, entry["domain"]), length)
            budget = Budget(study, entry["tokens"], only_full=study == "positions")
            taken[study] += int(budget.take(text_tokens, text_tokens == length - 1).sum())
            assert budget.filled, f"{study} finds {budget.taken:,} tokens of {entry}"
    assert taken["dead"] > 0
    if config["studies"]["positions"]:
        assert taken["positions"] >= config["classify"]["positions"]["min_windows"]


def test_the_paper_reads_over_20_and_over_5_million_tokens() -> None:
    config = shipped_config("opt.yaml")
    tokens = {
        study: {entry["domain"]: entry["tokens"] for entry in entries}
        for study, entries in config["studies"].items()
    }
    # Section 2: "over 20M tokens" of nine kinds of text; section 4: five of them, "over 5M"; section 5: three.
    assert 20_000_000 < sum(tokens["dead"].values()) < 30_000_000
    assert 5_000_000 < sum(tokens["ngrams"].values()) < 10_000_000
    assert [len(domains) for domains in tokens.values()] == [9, 5, 3]
    assert set(tokens["ngrams"]) | set(tokens["positions"]) <= set(tokens["dead"])


def test_thresholds_that_the_counts_cannot_answer_are_refused_with_the_config() -> None:
    ngrams = schema()["properties"]["classify"]["properties"]["ngrams"]["properties"]
    assert ngrams["coverage"]["minimum"] == EXACTNESS.coverage
    assert ngrams["presence"]["minimum"] == EXACTNESS.presence
    for size in ngrams["max_cover"]["properties"].values():
        assert size["maximum"] == EXACTNESS.cover


def test_depths_of_models_to_come_are_limited_as_those_of_models_that_are_there() -> None:
    entries = schema()["properties"]["checkpoints"], schema()["properties"]["train"]["properties"]
    for catalogue in (entries[0], entries[1]["checkpoints"]):
        layers = catalogue["additionalProperties"]["properties"]["layers"]
        assert layers["maximum"] == LARGEST_LAYERS
