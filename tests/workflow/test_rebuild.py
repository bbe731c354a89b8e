"""What reruns after which change: the rebuild contract, in real dry-runs of a finished project."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.workflow.edits import (
    Change,
    add,
    add_note,
    comment_and_docstring,
    config,
    cut_census,
    edit,
    empty_store,
    lose,
    other_census,
    other_weights,
    reformat,
    reword,
    touch_everything,
)
from helpers.workflow.plans import (
    ABLATE,
    ALL,
    CLASSIFY,
    DRAW,
    LOOK_BACK,
    ONE_MODEL,
    RECORD,
    REPORT,
    TOKENIZE,
)
from helpers.workflow.project import MODELS, Project

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
    "how sure intervals are, and how many contexts are shown": (
        config(lambda given: given["classify"].update(evidence={"confidence": 0.9, "contexts": 2})),
        CLASSIFY,
    ),
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
        {"draw": 1} | REPORT,
    ),
    "what is compared": (
        config(lambda given: given.update(experiments={"post_norm": ["tiny-b"]})),
        DRAW | {"draw": DRAW["draw"] + 1, "check_claims": 1},
    ),
    "the paper's claims": (
        add("resources/paper/claims.toml", "\n"),
        {"check_claims": 1} | REPORT,
    ),
    "our claims": (add("resources/ours/claims.toml", "\n"), {"check_claims": 1} | REPORT),
    "the paper's numbers": (
        add("resources/paper/fig01_dead_neurons.csv", "opt-9b,0,1,0,1,0\n"),
        {"draw": 1} | REPORT,
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
    "code of read_domain": (edit("tokenize/read_domain"), ALL),
    "code of tokenize": (edit("tokenize/tokenize"), TOKENIZE),
    "code of record": (edit("record/record"), RECORD),
    "code that record imports": (edit("forward/stream"), RECORD),
    "code of count": (edit("count/count"), RECORD),
    "code of number_ngrams": (edit("count/number_ngrams"), {"number_ngrams": 1} | RECORD),
    "code of count_ngrams": (edit("count/count_ngrams"), RECORD),
    "code of classify": (edit("classify/classify"), CLASSIFY),
    "code of ablate": (edit("ablate/riders"), ABLATE),
    "which detectors are ablated": (
        config(lambda given: given.update(ablate={"detectors": 1})),
        ABLATE,
    ),
    "text of ablations": (
        config(lambda given: given["studies"].update(ablation=[{"domain": "notes", "tokens": 90}])),
        ABLATE,
    ),
    "a lost table of firings": (lose("firings/tiny-a.parquet"), ABLATE | {"ablate": 1}),
    "code of draw": (edit("draw/draw"), DRAW),
    "code of a figure": (edit("draw/figures/fig01_dead_neurons"), {"draw": 1} | REPORT),
    "code of a claim": (edit("draw/claims/dead"), {"check_claims": 1} | REPORT),
    "code of the explorer": (edit("draw/explore"), {"explore": 1}),
    "contexts in the explorer": (
        config(lambda given: given.update(draw={"explorer": {"contexts": False}})),
        {"explore": 1},
    ),
    "code of the report": (edit("draw/report/findings"), REPORT),
    "a caption": (add("workflow/report/fig01_dead_neurons.rst", "More.\n"), REPORT),
    "code of training": (edit("train/train_checkpoint"), {}),
    "words for people": (reword, {}),
    "another model's census": (other_census, {"classify": 1, "ablate": 1} | DRAW | LOOK_BACK),
    "a census of no bytes": (cut_census, {"classify": 1, "ablate": 1} | DRAW | LOOK_BACK),
    "a lost table of spectra": (
        lose("spectra/tiny-a.parquet"),
        {"classify": 1, "ablate": 1} | DRAW | LOOK_BACK,
    ),
    "lost n-gram counts": (lose("counts/tiny-a/ngrams/0.zarr"), ONE_MODEL),
    "an emptied store": (empty_store, ONE_MODEL),
    "a lost page of the explorer": (lose("explorer/index.html"), {"explore": 1}),
    "code of fetching": (edit("hub/fetch_checkpoint"), {}),
}

WITHOUT_METADATA = (
    "nothing",
    "a threshold",
    "the style",
    "other weights",
    "the dtype of a model",
    "a study",
    "the text of a file",
    "the seed",
    "code of classify",
    "another model's census",
    "lost n-gram counts",
)


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
    assert project.planned() == {"ablate": len(MODELS)} | DRAW | LOOK_BACK


def test_undoing_a_change_is_a_change(clone: Callable[[], Project]) -> None:
    project = clone()
    project.change_config(lambda given: given["classify"].update(dead={"count_bos": True}))
    project.succeed("results/census/tiny-a.parquet")
    project.change_config(lambda given: given["classify"].pop("dead") and None)
    assert project.planned() == {"classify": 1, "ablate": 1} | DRAW | LOOK_BACK


def test_forcing_a_rule_reruns_what_follows(clone: Callable[[], Project]) -> None:
    assert clone().planned("--forcerun", "classify") == CLASSIFY


def test_a_result_that_is_gone_is_made_again(clone: Callable[[], Project]) -> None:
    project = clone()
    (project.folder / "results" / "census" / "tiny-a.parquet").unlink()
    assert project.planned() == {"classify": 1, "ablate": 1} | DRAW | LOOK_BACK


@pytest.mark.parametrize("name", WITHOUT_METADATA)
def test_seals_decide_where_snakemake_remembers_nothing(
    finished: Project, tmp_path: Path, name: str
) -> None:
    """Results restored, or copied from another machine, without Snakemake's own folder."""
    change, expected = TABLE[name]
    project = finished.copy(tmp_path / "restored", keep_times=False, with_metadata=False)
    change(project)
    assert project.planned() == expected


def test_touch_makes_nothing_current(clone: Callable[[], Project]) -> None:
    project = clone()
    project.change_config(lambda given: given["classify"].update(dead={"count_bos": True}))
    project.succeed("--touch")
    assert project.planned() == CLASSIFY


def test_two_directories_that_share_results_see_what_the_other_made(
    finished: Project, clone: Callable[[], Project], tmp_path: Path
) -> None:
    here = clone()
    there = finished.copy(tmp_path / "there")
    shutil.rmtree(there.folder / "results")
    (there.folder / "results").symlink_to(here.folder / "results")
    there.change_config(lambda given: given["classify"].update(dead={"count_bos": True}))
    there.succeed(*[f"results/census/{model}.parquet" for model in MODELS])
    assert here.planned() == CLASSIFY


def test_why_something_reruns_is_said_in_words(clone: Callable[[], Project]) -> None:
    project = clone()
    project.change_config(lambda given: given["classify"].update(dead={"count_bos": True}))
    project.append("workflow/figure_style.mplstyle", "\nfont.size: 7\n")
    said = project.succeed("-n")
    assert "classify.dead.count_bos: false -> true" in said
    project.change_config(lambda given: given["classify"].pop("dead") and None)
    assert "the style of the figures changed" in project.succeed("-n")
