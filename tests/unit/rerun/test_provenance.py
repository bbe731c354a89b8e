"""Provenance: a change anywhere reaches exactly what is made from it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import neuron_census
from neuron_census.config.configuration import configure
from neuron_census.config.selection import Selection
from neuron_census.errors import CensusError
from neuron_census.rerun import across_models, code_digest, drawn, statement
from neuron_census.rerun.across_models import ProvenanceAcrossModels

PACKAGE = Path(neuron_census.__file__).parent
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIG: dict[str, Any] = {
    "models": ["near", "far"],
    "checkpoints": {
        "near": {"path": "models/near", "tokenizer": "shared"},
        "far": {"hub": "owner/far", "revision": COMMIT, "layers": 2, "tokenizer": "shared"},
        "own": {"hub": "owner/own", "revision": COMMIT, "layers": 2},
    },
    "tokenizers": {"shared": {"path": "tokenizer"}},
    "domains": {
        "notes": {"files": "notes/*.txt"},
        "code": {"files": "code/*.py", "pypi": "code==1.0", "sha256": "0" * 64},
    },
    "studies": {"dead": [{"domain": "notes", "tokens": 10}, {"domain": "code", "tokens": "all"}]}
    | {"ngrams": [{"domain": "notes", "tokens": 5}], "positions": []},
    "draw": {"style": "style.mplstyle"},
    "comparisons": {"both": ["near", "far"]},
}
OPT = {
    "model_type": "opt",
    "activation_function": "relu",
    "num_hidden_layers": 2,
    "vocab_size": 300,
    "hidden_size": 8,
    "ffn_dim": 32,
    "max_position_embeddings": 16,
    "num_attention_heads": 1,
    "word_embed_proj_dim": 8,
}
FIGURE = "fig01_dead_neurons"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "models/near/config.json": json.dumps(OPT),
        "models/near/model.safetensors": "weights",
        "models/near/README.md": "# near",
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
    """The provenance of every kind of file."""
    given = configure(config)
    provenance = ProvenanceAcrossModels(Selection(given, (folder,)))
    found = {f"domain {name}": provenance.domain(name) for name in given["domains"]}
    found["windows"] = provenance.windows("shared")
    for model in given["models"]:
        found[f"recordings {model}"] = provenance.recordings(model)
        found[f"counts {model}"] = provenance.counts(model)
        found[f"census {model}"] = provenance.census(model)
        found[f"ngram counts {model}"] = provenance.ngram_counts(model)
    found["ngrams"] = provenance.ngrams("shared")
    found["figure"] = provenance.figure(FIGURE, "models")
    found["summary"] = provenance.summary()
    found["comparison"] = provenance.comparison("near-far")
    found["fates"] = provenance.fates("both")
    return found


def reached(
    folder: Path, change: Callable[[dict[str, Any]], Any], touch: Callable[[], Any] = lambda: None
) -> set[str]:
    """Which files have another provenance after a change of the config, or of the user's files."""
    before = everything(folder, CONFIG)
    config = deepcopy(CONFIG)
    change(config)
    touch()
    after = everything(folder, config)
    return {name for name in before | after if before.get(name) != after.get(name)}


SHOWN = {"figure", "summary"}
PUBLISHED = {"publication"}
COMPARED = {"comparison", "fates"}
NEAR = {"recordings near", "counts near", "ngram counts near", "census near"} | SHOWN | COMPARED
FAR = {"recordings far", "counts far", "ngram counts far", "census far"} | SHOWN | COMPARED
WINDOWS = {"windows", "ngrams"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: None, set()),
        (lambda c: c.update(record={"device": "cpu", "batch_tokens": 5, "keep": True}), set()),
        (lambda c: c.update(draw={"style": "./style.mplstyle"}), set()),
        (lambda c: c["checkpoints"]["far"].update(revision=COMMIT[::-1]), FAR),
        (lambda c: c["checkpoints"]["near"].update(dtype="float64"), NEAR),
        (lambda c: c.update(window=5), WINDOWS | NEAR | FAR),
        (lambda c: c["studies"]["dead"].reverse(), WINDOWS | NEAR | FAR),
        (
            lambda c: c.update(classify={"dead": {"count_bos": True}}),
            {"census near", "census far"} | SHOWN | COMPARED,
        ),
        (lambda c: c["models"].reverse(), SHOWN),
        (
            lambda c: c["domains"]["code"].update(sha256="1" * 64),
            {"domain code"} | WINDOWS | NEAR | FAR,
        ),
    ],
)
def test_a_change_of_the_config_reaches_what_is_made_from_it(
    folder: Path, change: Callable[[dict[str, Any]], Any], expected: set[str]
) -> None:
    assert reached(folder, change) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("models/near/README.md", set()),
        ("models/near/model.safetensors", NEAR),
        ("tokenizer/tokenizer.json", WINDOWS | NEAR | FAR),
        ("notes/a.txt", {"domain notes"} | WINDOWS | NEAR | FAR),
        ("notes/b.txt", {"domain notes"} | WINDOWS | NEAR | FAR),
        ("style.mplstyle", {"figure", "fates"}),
    ],
)
def test_a_change_of_a_file_reaches_what_is_made_from_it(
    folder: Path, name: str, expected: set[str]
) -> None:
    assert (
        reached(folder, lambda c: None, lambda: (folder / name).write_text("changed")) == expected
    )


def test_a_move_of_everything_reaches_nothing(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    shutil.copytree(folder, elsewhere)
    assert everything(folder, CONFIG) == everything(elsewhere, CONFIG)


def test_the_shard_count_is_part_of_the_windows(folder: Path) -> None:
    assert reached(folder, lambda c: c.update(record={"shard_tokens": 3})) == WINDOWS | NEAR | FAR


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "notes" / "a.txt").unlink()
    with pytest.raises(
        CensusError, match=r"domains\.notes\.files: no file matches 'notes/\*\.txt'"
    ):
        everything(folder, CONFIG)


def test_a_folder_without_a_checkpoint_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "models" / "near")
    (folder / "models" / "near").mkdir()
    with pytest.raises(CensusError, match=r"near/config\.json: missing"):
        everything(folder, CONFIG)


SHOWN_LATER = {"claims", "explorer", "report", *COMPARED, *PUBLISHED}


def later(folder: Path) -> dict[str, str]:
    """The provenance of what is made beside figures, and of what is trained."""
    config = deepcopy(CONFIG) | {"train": TRAIN}
    config["domains"]["notes"]["held_out"] = 0.5
    provenance = ProvenanceAcrossModels(Selection(configure(config), (folder,)))
    return {
        "claims": provenance.claims(),
        "explorer": provenance.explorer(),
        "report": provenance.report(),
        "comparison": provenance.comparison("near-far"),
        "fates": provenance.fates("both"),
        "publication": provenance.publication(),
        "trained tokenizer": provenance.trained_tokenizer("letters"),
        "trained checkpoint": provenance.trained_checkpoint("small"),
        "recordings near": provenance.recordings("near"),
        "windows": provenance.windows("shared"),
    }


TRAIN: dict[str, Any] = {
    "tokenizers": {"letters": {"domains": ["notes"], "vocabulary": 300, "window": 16}},
    "checkpoints": {
        "small": {
            "domains": ["notes"],
            "tokenizer": "letters",
            "hidden_size": 8,
            "layers": 1,
            "heads": 1,
            "steps": 1,
        }
    },
}


def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, which provenance reads in place of the real one."""
    copy = tmp_path / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.nb*"))
    monkeypatch.setattr(code_digest, "FOLDER", copy)
    monkeypatch.setattr(statement, "PACKAGE", copy)
    monkeypatch.setattr(drawn, "EXPLORER", copy / "draw" / "explorer")
    monkeypatch.setattr(across_models, "EXPLORER", copy / "draw" / "explorer")
    monkeypatch.setattr(across_models, "REPORT", copy / "draw" / "report")
    code_digest.forget()
    return copy


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("draw/claims/dead.py", "\nmore = 1\n", {"claims", "report", "publication"}),
        ("draw/claims/another.py", "more = 1\n", {"claims", "report", "publication"}),
        ("draw/explorer/page/index.html", "<p>", {"explorer", "publication"}),
        ("draw/explorer/page/style.css", "p {}", {"explorer", "report", "publication"}),
        ("draw/explorer/page/code/search.js", ";", {"explorer", "publication"}),
        ("draw/explore.py", "\nmore = 1\n", {"explorer", "publication"}),
        ("draw/report/page/index.html", "<p>", {"report"}),
        ("draw/report/findings.py", "\nmore = 1\n", {"report"}),
        (
            "draw/compare.py",
            "\nmore = 1\n",
            {"comparison", "explorer", "fates", "report", "publication"},
        ),
        ("draw/figures/neuron_fates.py", "\nmore = 1\n", {"fates", "report"}),
        ("draw/publication/data_card.py", "\nmore = 1\n", PUBLISHED),
        ("train/train_tokenizer.py", "\nmore = 1\n", {"trained tokenizer", "trained checkpoint"}),
        ("train/train_checkpoint.py", "\nmore = 1\n", {"trained checkpoint"}),
        ("train/recipe.py", "\nmore = 1\n", {"trained checkpoint"}),
    ],
)
def test_an_edit_of_the_package_reaches_what_it_makes(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    text: str,
    expected: set[str],
) -> None:
    copy = package(tmp_path, monkeypatch)
    before = later(folder)
    with (copy / path).open("a") as file:
        file.write(text)
    code_digest.forget()
    after = later(folder)
    code_digest.forget()
    assert {name for name in before if before[name] != after[name]} == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("models/near/pytorch_model.bin", {"recordings near"}),
        ("models/near/pytorch_model.bin.index.json", {"recordings near"}),
        ("tokenizer/merges.txt", {"windows", "recordings near"}),
        ("tokenizer/vocab.json", {"windows", "recordings near"}),
        ("notes/b.txt", {"windows", "recordings near", "trained tokenizer", "trained checkpoint"}),
    ],
)
def test_every_file_that_is_read_counts(folder: Path, path: str, expected: set[str]) -> None:
    before = later(folder)
    (folder / path).write_text("another")
    after = later(folder)
    assert {name for name in before if before[name] != after[name]} - SHOWN_LATER == expected
