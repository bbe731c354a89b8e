"""What reruns after which change: the rebuild contract, in real dry-runs of a finished project."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.workflow.plans import ALL, CLASSIFY, DRAW, LOOK_BACK, ONE_MODEL, RECORD, TOKENIZE
from helpers.workflow.project import MODELS, Project

Change = Callable[[Project], None]


def touch_everything(project: Project) -> None:
    """Give every file, in a random order, a time of its own, between yesterday and tomorrow."""
    files = [path for path in project.folder.rglob("*") if ".snakemake" not in path.parts]
    random.Random(0).shuffle(files)
    for number, path in enumerate(files):
        os.utime(path, times=(1.9e9 + 60 * number, 1.9e9 + 60 * number))


def comment_and_docstring(project: Project) -> None:
    for path in (project.folder / "workflow" / "neuron_census").rglob("*.py"):
        text = path.read_text()
        body = text.replace('"""', '"""Put in other words: ', 1).replace(
            "\n\n", "\n\n# A comment.\n", 1
        )
        path.write_text(body + '\n"""A closing remark."""\n')


def reformat(project: Project) -> None:
    """Write the same code in other lines, with other quotes and without a comment."""
    import ast

    for path in (project.folder / "workflow" / "neuron_census").rglob("*.py"):
        path.write_text(ast.unparse(ast.parse(path.read_text())))


def config(change: Callable[[dict[str, Any]], Any]) -> Change:
    def apply(project: Project) -> None:
        project.change_config(lambda given: change(given) and None)

    return apply


def edit(module: str) -> Change:
    """A change of what a module says, though not of what it does."""
    return lambda project: project.append(project.module(module), "\n_EDITED = True\n")


def add(path: str, text: str) -> Change:
    return lambda project: project.append(path, text)


def add_note(project: Project) -> None:
    (project.folder / "made" / "texts" / "another.txt").write_text("Another note.\n")


def other_weights(project: Project) -> None:
    shutil.copy(
        project.folder / "made" / "tiny-c" / "model.safetensors",
        project.folder / "made" / "tiny-a" / "model.safetensors",
    )


TABLE: dict[str, tuple[Change, dict[str, int]]] = {
    "nothing": (lambda project: None, {}),
    "touched files": (touch_everything, {}),
    "comments and docstrings": (comment_and_docstring, {}),
    "formatting": (reformat, {}),
    "a card beside the weights": (add("made/tiny-a/README.md", "# tiny-a\n"), {}),
    "the order of keys in the config": (
        config(lambda given: given.update(seed=0, record={"device": "cpu", "shard_tokens": 400})),
        {},
    ),
    "device, batch size, what is kept": (
        config(lambda given: given["record"].update(device="auto", batch_tokens=64, keep=True)),
        {},
    ),
    "a domain that no study reads": (
        config(lambda given: given["domains"].update(more={"files": "nowhere/*.txt"})),
        {},
    ),
    "a threshold": (
        config(lambda given: given["classify"].update(dead={"count_bos": True})),
        CLASSIFY,
    ),
    "the style": (add("workflow/figure_style.mplstyle", "\nfont.size: 7\n"), DRAW),
    "one more model": (config(lambda given: given["models"].append("tiny-c")), ONE_MODEL),
    "one model less": (config(lambda given: given["models"].pop()), DRAW | LOOK_BACK),
    "a threshold of n-grams": (
        config(lambda given: given["classify"].update(ngrams={"coverage": 0.9})),
        CLASSIFY,
    ),
    "a threshold of positions": (
        config(lambda given: given["classify"]["positions"].update(mi_threshold=0.1)),
        CLASSIFY,
    ),
    "which layer Figure 9 shows": (
        config(lambda given: given.update(draw={"oscillatory_ranges": {"layer": 0}})),
        {"draw": 1},
    ),
    "what is compared": (
        config(lambda given: given.update(experiments={"post_norm": ["tiny-b"]})),
        DRAW | {"draw": DRAW["draw"] + 1, "check_claims": 1},
    ),
    "the paper's claims": (add("resources/paper/claims.toml", "\n"), {"check_claims": 1}),
    "the paper's numbers": (
        add("resources/paper/fig01_dead_neurons.csv", "opt-9b,0,1,0,1,0\n"),
        {"draw": 1},
    ),
    "other weights": (other_weights, ONE_MODEL),
    "the dtype of a model": (
        config(lambda given: given["checkpoints"]["tiny-b"].update(dtype="float32")),
        ONE_MODEL,
    ),
    "layers of the n-gram study": (
        config(lambda given: given["record"].update(ngram_layers="all")),
        RECORD | {"count_ngrams": 6},
    ),
    "a study": (
        config(lambda given: given["studies"]["dead"][0].update(tokens=550)),
        TOKENIZE,
    ),
    "the window": (config(lambda given: given.update(window=12)), TOKENIZE),
    "the tokenizer": (add("made/tokenizer/tokenizer.json", "\n"), TOKENIZE),
    "one more file of a domain": (add_note, {"read_domain": 1} | TOKENIZE),
    "the text of a file": (add("made/texts/note0.txt", "More.\n"), {"read_domain": 1} | TOKENIZE),
    "how a domain is read": (
        config(lambda given: given["domains"]["records"].update(unique=True)),
        {"read_domain": 1} | TOKENIZE,
    ),
    "the seed": (config(lambda given: given.update(seed=1)), ALL),
    "code that speaks to the user": (edit("progress"), {}),
    "code of read_domain": (edit("read_domain"), ALL),
    "code of tokenize": (edit("tokenize"), TOKENIZE),
    "code of record": (edit("record"), RECORD),
    "code that record imports": (edit("forward/stream"), RECORD),
    "code of count": (edit("count"), RECORD),
    "code of number_ngrams": (edit("number_ngrams"), {"number_ngrams": 1} | RECORD),
    "code of count_ngrams": (edit("count_ngrams"), RECORD),
    "code of classify": (edit("classify"), CLASSIFY),
    "code of draw": (edit("draw"), DRAW),
    "code of a figure": (edit("figures/fig01_dead_neurons"), {"draw": 1}),
    "code of a claim": (edit("claims/dead"), {"check_claims": 1}),
    "code of the explorer": (edit("explore"), {"explore": 1}),
    "code of training": (edit("train_checkpoint"), {}),
    "code of fetching": (edit("fetch_checkpoint"), {}),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_change_reruns_exactly_what_depends_on_it(
    name: str, clone: Callable[[], Project]
) -> None:
    change, expected = TABLE[name]
    project = clone()
    change(project)
    assert project.planned() == expected


@pytest.mark.parametrize("with_metadata", [True, False])
def test_a_clone_with_its_results_reruns_nothing(
    finished: Project, tmp_path: Path, with_metadata: bool
) -> None:
    project = finished.copy(tmp_path / "clone", keep_times=False, with_metadata=with_metadata)
    touch_everything(project)
    assert project.planned() == {}


def test_a_change_after_cloning_reruns_what_depends_on_it(
    finished: Project, tmp_path: Path
) -> None:
    project = finished.copy(tmp_path / "clone", keep_times=False)
    project.change_config(lambda given: given["classify"].update(dead={"count_bos": True}))
    assert project.planned() == CLASSIFY


def test_what_an_interrupted_run_left_stale_is_made_again(clone: Callable[[], Project]) -> None:
    project = clone()
    project.change_config(lambda given: given["classify"].update(dead={"count_bos": True}))
    project.succeed(*[f"results/census/{model}.parquet" for model in MODELS])
    assert project.planned() == DRAW | LOOK_BACK


def test_undoing_a_change_is_a_change(clone: Callable[[], Project]) -> None:
    project = clone()
    project.change_config(lambda given: given["classify"].update(dead={"count_bos": True}))
    project.succeed("results/census/tiny-a.parquet")
    project.change_config(lambda given: given["classify"].pop("dead") and None)
    assert project.planned() == {"classify": 1} | DRAW | LOOK_BACK


def test_forcing_a_rule_reruns_what_follows(clone: Callable[[], Project]) -> None:
    assert clone().planned("--forcerun", "classify") == CLASSIFY


def test_a_result_that_is_gone_is_made_again(clone: Callable[[], Project]) -> None:
    project = clone()
    (project.folder / "results" / "census" / "tiny-a.parquet").unlink()
    assert project.planned() == {"classify": 1} | DRAW | LOOK_BACK
