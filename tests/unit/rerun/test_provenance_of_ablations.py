"""What ablations are made from, and what is made from them: text of theirs changes no window and no recording."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from neuron_census.config.configuration import configure
from neuron_census.config.selection import Selection
from neuron_census.rerun.across_models import ProvenanceAcrossModels

NOTES = {"domain": "notes", "tokens": 10}
CONFIG: dict[str, Any] = {
    "models": ["near"],
    "checkpoints": {"near": {"path": "models/near", "tokenizer": "shared"}},
    "tokenizers": {"shared": {"path": "tokenizer"}},
    "domains": {"notes": {"files": "notes/*.txt"}},
    "studies": {"dead": [NOTES], "ngrams": [NOTES], "positions": []},
    "draw": {"style": "style.mplstyle"},
}
OPT = {"model_type": "opt", "activation_function": "relu", "num_hidden_layers": 2}
MADE_FROM_ABLATIONS = {"ablations", "figure", "claims", "explorer", "report"}
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "models/near/config.json": json.dumps(OPT),
        "models/near/model.safetensors": "weights",
        "tokenizer/config.json": "{}",
        "tokenizer/tokenizer.json": "{}",
        "notes/a.txt": "a",
        "style.mplstyle": "font.size: 9",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def everything(folder: Path, config: dict[str, Any]) -> dict[str, str]:
    provenance = ProvenanceAcrossModels(Selection(configure(config), (folder,)))
    return {
        "windows": provenance.windows("shared"),
        "recordings": provenance.recordings("near"),
        "census": provenance.census("near"),
        "ablations": provenance.ablations("near"),
        "figure": provenance.figure("figure_causal_suppression", "models", "", "ablation"),
        "figure of the paper": provenance.figure("fig01_dead_neurons", "models", "", "dead"),
        "summary": provenance.summary(),
        "claims": provenance.claims(),
        "explorer": provenance.explorer(),
        "report": provenance.report(),
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update(ablate={"detectors": 7}),
        lambda config: config.update(ablate={"firings": 7}),
        lambda config: config["studies"].update(ablation=[NOTES]),
    ],
)
def test_what_is_ablated_reaches_what_is_made_from_it_and_nothing_else(
    folder: Path, change: Change
) -> None:
    before = everything(folder, CONFIG)
    config = deepcopy(CONFIG)
    change(config)
    after = everything(folder, config)
    assert {name for name in before if before[name] != after[name]} == MADE_FROM_ABLATIONS


def test_a_threshold_reaches_ablations_for_they_read_the_census(folder: Path) -> None:
    config = deepcopy(CONFIG) | {"classify": {"ngrams": {"coverage": 0.9}}}
    before, after = everything(folder, CONFIG), everything(folder, config)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == set(before) - {"windows", "recordings"}


def test_without_a_study_of_ablations_nothing_is_made_from_them(folder: Path) -> None:
    config = deepcopy(CONFIG)
    config["studies"]["ablation"] = []
    without = json.dumps(
        [value for name, value in everything(folder, config).items() if name != "ablations"]
    )
    assert "results/ablations" not in without
    assert "results/ablations" in everything(folder, CONFIG)["claims"]
