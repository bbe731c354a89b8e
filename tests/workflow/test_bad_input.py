"""What a user can do wrong: one paragraph that says so, a status that is not 0, nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.workflow.project import Project, tiny_config


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of which nothing has been made; the tests write its config."""
    return Project.make(tmp_path_factory.mktemp("fresh") / "repository")


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    config: dict[str, Any] = tiny_config()
    change(config)
    return config


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("results/census/tiny-aa.parquet", "unknown model 'tiny-aa'; did you mean 'tiny-a'?"),
        ("results/figures/fig03_token_detectors.pdf", "and `studies.ngrams` is empty."),
    ],
)
def test_a_target_that_is_not_made_says_why(fresh: Project, target: str, said: str) -> None:
    fresh.write_config(changed(lambda given: given["studies"].update(ngrams=[])))
    output = fresh.fail("-n", target)
    assert f"{target}: " in output and said in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda given: given["record"].update(shard_token=5),
            "record: unknown key 'shard_token'; did you mean 'shard_tokens'? Allowed: batch_tokens,",
        ),
        (
            lambda given: given["models"].append("tiny-d"),
            "models[2]: unknown model 'tiny-d'; did you mean",
        ),
        (
            lambda given: given["studies"]["dead"].append({"domain": "noets", "tokens": 5}),
            "studies.dead[2].domain: unknown domain 'noets'; did you mean 'notes'?",
        ),
        (
            lambda given: given["studies"].update(deed=[]),
            "studies: unknown key 'deed'; did you mean 'dead'? Allowed: ablation, dead, ngrams, positions",
        ),
    ],
)
def test_a_config_at_fault_is_explained_before_anything_runs(
    fresh: Project, change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    fresh.write_config(changed(change))
    output = fresh.fail("-n")
    assert said in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda given: given["domains"]["notes"].update(files="made/nots/*.txt"),
            "domains.notes.files: no file matches 'made/nots/*.txt'",
        ),
        (
            lambda given: given["checkpoints"]["tiny-a"].update(path="made/tiny-d"),
            "checkpoints.tiny-a.path: 'made/tiny-d' is not there",
        ),
        (
            lambda given: given.update(draw={"style": "no.mplstyle"}),
            "draw.style: 'no.mplstyle' is not there",
        ),
        (
            lambda given: given["domains"]["records"].update(text="bodi"),
            "made/records.jsonl, line 1: no key 'bodi'",
        ),
        (
            lambda given: given["classify"]["positions"].update(min_windows=11),
            "studies.positions: asks for 150 tokens, which are 10 full windows",
        ),
    ],
)
def test_a_source_at_fault_is_named_in_the_plan(
    fresh: Project, change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    fresh.write_config(changed(change))
    output = fresh.fail("-n")
    assert said in output
    assert "Traceback" not in output


def test_every_source_at_fault_is_named_in_one_plan(fresh: Project) -> None:
    bloom, galactica = (fresh.folder / "made" / name for name in ("bloom", "galactica"))
    for folder, config in (
        (bloom, {"model_type": "bloom", "n_layer": 12}),
        (galactica, {"model_type": "opt", "activation_function": "gelu", "num_hidden_layers": 2}),
    ):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
    given = tiny_config()
    given["checkpoints"]["tiny-a"] = {"path": "made/bloom"}
    given["checkpoints"]["tiny-b"].update(path="made/galactica")
    given["tokenizers"]["tiny"].update(path="made/texts")
    fresh.write_config(given)
    output = fresh.fail("-n")
    assert "The config has 3 faults:" in output
    assert "bloom/config.json: model_type is 'bloom', expected one of" in output
    assert "galactica/config.json: activation_function is 'gelu', expected 'relu'" in output
    assert "made/texts/config.json: is missing" in output
    assert "max_position_embeddings is None" not in output


def test_broken_yaml_names_its_line(fresh: Project) -> None:
    shipped = fresh.folder / "config" / "config.yaml"
    content = shipped.read_text()
    shipped.write_text(content.replace("seed: 0", "seed: [0"))
    try:
        done = fresh.run("-n", config=False)
    finally:
        shipped.write_text(content)
    line = content[: content.index("seed: 0")].count("\n") + 1
    assert done.returncode != 0
    assert f"config/config.yaml, line {line + 2}, column" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_threshold_that_classify_would_refuse_is_refused_when_windows_are_cut(
    fresh: Project,
) -> None:
    given = tiny_config()
    # How many full windows this will be is known when the text is read, not before.
    given["studies"]["positions"] = [{"domain": "records", "tokens": "all"}]
    given["classify"]["positions"]["min_windows"] = 1000
    fresh.write_config(given)
    output = fresh.fail("results/recordings/tiny-a/0.zarr")
    assert "error: studies.positions: takes" in output
    assert "classify.positions.min_windows asks for 1,000" in output
    assert not (fresh.folder / "results" / "windows" / "tiny" / "windows.parquet").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", b"", "domains.bad: no text was found"),
        ("latin.txt", "Größe".encode("latin-1"), "latin.txt"),
        ("broken.jsonl", b'{"text": "a"}\n{"text": \n', "broken.jsonl, line 2"),
        ("keyless.jsonl", b'{"text": "a"}\n{"body": "b"}\n', "keyless.jsonl"),
    ],
)
def test_text_at_fault_ends_the_run_and_leaves_nothing(
    fresh: Project, name: str, content: bytes, said: str
) -> None:
    (fresh.folder / "made" / name).write_bytes(content)
    fresh.write_config(
        changed(lambda given: given["domains"].update(bad={"files": f"made/{name}"}))
    )
    target = Path("results/text/bad.parquet")
    output = fresh.fail(str(target))
    assert "error: " in output
    assert said in output
    assert "Traceback" not in output
    assert not list((fresh.folder / target.parent).glob("*bad*"))


def test_a_checkpoint_at_fault_ends_the_run_and_leaves_nothing(fresh: Project) -> None:
    (fresh.folder / "made" / "cut").mkdir()
    for file in (fresh.folder / "made" / "tiny-a").iterdir():
        (fresh.folder / "made" / "cut" / file.name).write_bytes(file.read_bytes())
    weights = fresh.folder / "made" / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    fresh.write_config(
        changed(lambda given: given["checkpoints"]["tiny-a"].update(path="made/cut"))
    )
    output = fresh.fail("results/recordings/tiny-a/0.zarr")
    assert "error: " in output
    assert "model.safetensors" in output
    assert not list((fresh.folder / "results" / "recordings" / "tiny-a").glob("*"))
