"""A target that no rule makes: why, in words."""

from __future__ import annotations

from typing import Any

import pytest

from neuron_census.config.configuration import configure
from neuron_census.config.figures import drawable
from neuron_census.config.selection import Selection
from neuron_census.config.targets import target_faults

MADE = {
    "all": [],
    "summarise": ["results/summary.csv"],
    "classify": ["results/census/{model,small|large}.parquet"],
    "record": ["results/recordings/{model,small|large}/{shard,0|1}.zarr"],
    "count_ngrams": ["results/counts/{model,small|large}/ngrams/{layer,[0-9]+}.zarr"],
    "number_ngrams": ["results/ngrams/{tokenizer,t}.zarr"],
    "draw": ["results/figures/{figure,fig01_dead_neurons}.pdf"],
}


def said(target: str, **changes: Any) -> str:
    """Return what is said of a target, or nothing."""
    entry = {"hub": "owner/model", "revision": "0" * 40, "layers": 6, "tokenizer": "t"}
    study = [{"domain": "notes", "tokens": 15}]
    config: dict[str, Any] = {
        "models": ["small"],
        "checkpoints": {"small": entry, "large": entry},
        "tokenizers": {"t": {"hub": "owner/model", "revision": "0" * 40}},
        "domains": {"notes": {"files": "*.txt"}},
        "studies": {"dead": study, "ngrams": study, "positions": []},
        "record": {"shard_tokens": 10},
    }
    selection = Selection(configure(config | changes), ())
    figures = drawable(selection.config, selection)
    return "\n".join(target_faults([target], MADE, selection, figures))


@pytest.mark.parametrize(
    "target",
    [
        "all",
        "summarise",
        "results/summary.csv",
        "results/census/large.parquet",
        "results/recordings/small/1.zarr",
        "results/counts/small/ngrams/2.zarr",
        "results/figures/fig01_dead_neurons.pdf",
        "elsewhere/file.csv",
    ],
)
def test_what_is_made_needs_no_words(target: str) -> None:
    assert said(target) == ""


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (
            "results/census/smal.parquet",
            "unknown model 'smal'; did you mean 'small'? Allowed: large, small.",
        ),
        ("results/ngrams/tt.zarr", "unknown tokenizer 'tt'; "),
        (
            "results/recordings/small/7.zarr",
            "there are 2 shards, 0 to 1; see `record.shard_tokens`.",
        ),
        (
            "results/counts/small/ngrams/5.zarr",
            "n-grams of small are counted in layers 0 to 2; see ",
        ),
        (
            "results/figures/fig1_dead.pdf",
            "there is no figure 'fig1_dead'; did you mean 'fig01_dead_neurons'?",
        ),
        (
            "results/figures/fig08_positional_neurons.pdf",
            "needs the positions study, and `studies.positions` is empty",
        ),
        ("results/figures", "is a folder of several results."),
        ("results/sumary.csv", "no rule makes this; did you mean 'results/summary.csv'?"),
        (
            "results/census/small.csv",
            "no rule makes this; did you mean 'results/census/small.parquet'?",
        ),
        ("sumarise", "no rule has this name; did you mean 'summarise'?"),
    ],
)
def test_a_target_that_is_not_made_says_why(target: str, why: str) -> None:
    assert f"{target}: " in said(target)
    assert why in said(target)


@pytest.mark.parametrize(
    "target",
    [
        "results/figures/fig03_token_detectors.pdf",
        "results/counts/small/ngrams/0.zarr",
        "results/ngrams/t.zarr",
    ],
)
def test_an_empty_study_is_named(target: str) -> None:
    study = [{"domain": "notes", "tokens": 15}]
    studies = {"dead": study, "ngrams": [], "positions": study}
    assert "`studies.ngrams` is empty" in said(target, studies=studies)


def test_an_experiment_says_what_it_lacks() -> None:
    figure = "results/figures/fig15_postnorm_positional.pdf"
    study = [{"domain": "notes", "tokens": 15}]
    studies = {"dead": study, "ngrams": [], "positions": study}
    assert "`experiments.post_norm`, which names no model" in said(figure, studies=studies)
    named = said(figure, studies=studies, experiments={"post_norm": ["large"]})
    assert "of which large is not in `models`" in named
    more = {"experiments": {"post_norm": ["large"]}, "models_more": ["large"]}
    assert said(figure, studies=studies, **more) == ""
