"""What a user can do wrong: one paragraph that says so, a status that is not 0, nothing half-written."""

from __future__ import annotations

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
            "studies: unknown key 'deed'; did you mean 'dead'? Allowed: dead, ngrams, positions",
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
    ],
)
def test_a_source_that_is_missing_is_named_in_the_plan(
    fresh: Project, change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    fresh.write_config(changed(change))
    assert said in fresh.fail("-n")


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
