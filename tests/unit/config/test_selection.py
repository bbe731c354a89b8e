"""What a config selects, and where the user's files are found."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from neuron_census.config.configuration import configure
from neuron_census.config.figures import drawable
from neuron_census.config.selection import Selection
from neuron_census.draw.draw import figure_names
from neuron_census.errors import CensusError
from neuron_census.paths.find import find_files, find_path

COMMIT = "0" * 40


def selection(*folders: Path, **changes: Any) -> Selection:
    config: dict[str, Any] = {
        "models": ["one", "two"],
        "checkpoints": {
            "one": {"path": "models/one", "tokenizer": "shared"},
            "two": {"hub": "owner/two", "revision": COMMIT, "layers": 5},
        },
        "tokenizers": {"shared": {"hub": "owner/one", "revision": COMMIT}},
        "domains": {name: {"files": f"{name}/*.txt"} for name in "abc"},
        "studies": {
            "dead": [{"domain": "b", "tokens": 15}, {"domain": "a", "tokens": 5}],
            "ngrams": [{"domain": "c", "tokens": 7}],
            "positions": [{"domain": "b", "tokens": 9}],
        },
        "record": {"shard_tokens": 10},
    }
    return Selection(configure(config | changes), folders)


def test_domains_are_in_the_order_in_which_studies_name_them() -> None:
    assert selection().domains == ["b", "a", "c"]
    order = {"positions": "a", "ngrams": "b", "dead": "c"}
    studies = {study: [{"domain": name, "tokens": 1}] for study, name in order.items()}
    assert selection(studies=studies).domains == ["c", "b", "a"]


def test_shards_follow_from_the_config_alone() -> None:
    assert list(selection().shards) == [0, 1, 2]


def test_a_model_without_a_tokenizer_has_its_own() -> None:
    assert [selection().tokenizer_of(model) for model in ("one", "two")] == ["shared", "two"]
    assert selection().tokenizer_folder("two") == Path("results/tokenizers/two")
    assert selection().tokenizer_folder("shared") == Path("results/tokenizers/shared")


def test_a_checkpoint_of_the_hub_is_fetched_and_another_is_read_where_it_lies(
    tmp_path: Path,
) -> None:
    (tmp_path / "models" / "one").mkdir(parents=True)
    assert selection().checkpoint_folder("two") == Path("results/checkpoints/two")
    assert selection(tmp_path).checkpoint_folder("one") == tmp_path / "models" / "one"


def test_a_step_of_a_training_run_lies_in_the_folder_of_the_run() -> None:
    recipe = {"domains": ["a"], "tokenizer": "mine", "hidden_size": 8, "layers": 3, "heads": 1}
    trained = {"trained": "run", "tokenizer": "shared"}
    chosen = selection(
        models=["last", "first"],
        checkpoints={"last": trained, "first": trained | {"step": 4}},
        domains={name: {"files": f"{name}/*.txt", "held_out": 0.5} for name in "abc"},
        train={
            "tokenizers": {"mine": {"domains": ["a"]}},
            "checkpoints": {"run": recipe | {"steps": 9, "keep": [4]}},
        },
    )
    run = Path("results/trained/checkpoints/run")
    assert chosen.checkpoint_folder("last") == chosen.checkpoint_source("first") == run
    assert chosen.checkpoint_folder("first") == run / "steps" / "4"
    assert chosen.layers("first") == 3


def test_ngrams_are_counted_in_the_first_half_of_the_layers(tmp_path: Path) -> None:
    assert list(selection().ngram_layers("two")) == [0, 1, 2]
    everywhere = {"shard_tokens": 10, "ngram_layers": "all"}
    assert list(selection(record=everywhere).ngram_layers("two")) == [0, 1, 2, 3, 4]
    nothing = {"dead": [{"domain": "a", "tokens": 1}], "ngrams": [], "positions": []}
    assert not selection(studies=nothing).ngram_layers("two")
    one = tmp_path / "models" / "one"
    one.mkdir(parents=True)
    (one / "config.json").write_text('{"model_type": "opt", "num_hidden_layers": 4}')
    assert list(selection(tmp_path).ngram_layers("one")) == [0, 1]


EXPERIMENTS = {"post_norm": ["two"], "no_positions": ["one", "without"], "checkpoints": []}
CATALOGUE = {name: {"path": name, "tokenizer": "shared"} for name in ("one", "two", "without")}


def test_variants_are_shown_beside_what_they_are_compared_with_and_nowhere_else() -> None:
    every = selection(
        models=["one", "without", "two"], checkpoints=CATALOGUE, experiments=EXPERIMENTS
    )
    assert every.shown("models") == ["one"]
    assert every.shown("post_norm") == ["two"]
    assert every.shown("no_positions") == ["one", "without"]
    assert every.shown("checkpoints") == []
    some = selection(models=["two"], checkpoints=CATALOGUE, experiments=EXPERIMENTS)
    assert some.shown("models") == ["two"], "there is nothing else to show"
    assert some.shown("no_positions") == []


def test_models_apart_are_shown_with_the_others_and_are_no_part_of_the_family() -> None:
    experiments = {**EXPERIMENTS, "apart": ["two"], "post_norm": []}
    chosen = selection(
        models=["one", "without", "two"], checkpoints=CATALOGUE, experiments=experiments
    )
    assert chosen.shown("models") == ["one", "two"]
    assert chosen.claimed == {
        "models": ["one"],
        "post_norm": [],
        "no_positions": ["one", "without"],
        "checkpoints": [],
    }
    alone = selection(models=["two"], checkpoints=CATALOGUE, experiments=experiments)
    assert alone.claimed["models"] == ["two"], "there is no other"


def test_of_a_training_run_the_last_checkpoint_is_shown_with_other_models() -> None:
    names = ("first", "second", "last", "other", "bare")
    chosen = selection(
        models=["other", "first", "last", "second", "bare"],
        checkpoints={name: {"path": name, "tokenizer": "shared"} for name in names},
        experiments={"checkpoints": ["first", "second", "last"], "no_positions": ["last", "bare"]},
    )
    assert chosen.shown("models") == ["other", "last"]
    assert chosen.shown("checkpoints") == ["first", "second", "last"]
    assert chosen.shown("no_positions") == ["last", "bare"]


def test_an_experiment_of_which_a_model_is_missing_is_not_shown() -> None:
    some = selection(models=["one", "two"], checkpoints=CATALOGUE, experiments=EXPERIMENTS)
    assert some.shown("no_positions") == []
    assert some.shown("models") == ["one"]


def test_a_tokenizer_of_the_catalogue_goes_before_one_of_a_checkpoint(tmp_path: Path) -> None:
    chosen = selection(tmp_path)
    assert chosen.tokenizer("shared")["hub"] == "owner/one"
    assert chosen.tokenizer("two")["hub"] == "owner/two"
    with pytest.raises(KeyError):
        chosen.tokenizer("three")
    # "one" is a checkpoint with another tokenizer, and may be the name of a tokenizer, too.
    both = selection(tokenizers={"shared": {"path": "a"}, "one": {"path": "b"}})
    assert both.tokenizer("one") == {"path": "b"}
    local = selection(
        tmp_path,
        checkpoints={"one": {"path": "here"}, "two": {"path": "here", "tokenizer": "shared"}},
        tokenizers={"shared": {"path": "there"}},
    )
    with pytest.raises(CensusError, match=r"^tokenizers\.shared\.path: 'there' is not there"):
        local.tokenizer_folder("shared")
    with pytest.raises(CensusError, match=r"^checkpoints\.one\.path: 'here' is not there"):
        local.tokenizer_folder("one")
    with pytest.raises(CensusError, match=r"^checkpoints\.two\.path: 'here' is not there"):
        local.checkpoint_folder("two")


def test_only_local_domains_have_files(tmp_path: Path) -> None:
    for name in ("a/1.txt", "a/2.txt", "b/1.txt", "c/1.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    sha256 = "0" * 64
    chosen = selection(
        tmp_path,
        domains={
            "a": {"files": ["a/*.txt"]},
            "b": {"files": "b/*.txt", "hub": "owner/b", "revision": COMMIT},
            "c": {"files": "c/*.txt", "pypi": "c==1", "sha256": sha256},
        },
    )
    assert chosen.domain_files("a") == [tmp_path / "a/1.txt", tmp_path / "a/2.txt"]
    assert chosen.domain_files("b") == chosen.domain_files("c") == []


def test_numbers_of_the_paper_are_there_for_some_figures() -> None:
    (file,) = selection().published("fig01_dead_neurons")
    assert file.is_file()
    assert selection().published("fig07_pattern_types") == []


def test_a_figure_is_drawn_where_its_study_and_its_models_are_there() -> None:
    every = selection(checkpoints=CATALOGUE, models=["one"], experiments=EXPERIMENTS)
    assert drawable(every.config, every)["fig01_dead_neurons"].models == "models"
    dead = {"dead": [{"domain": "a", "tokens": 1}], "ngrams": [], "positions": []}
    without = selection(studies=dead)
    assert list(drawable(without.config, without)) == ["fig01_dead_neurons", "figure_accumulation"]


def test_ablations_read_the_domains_of_the_dead_study_unless_the_config_says_otherwise() -> None:
    entries = [{"domain": "a", "tokens": 7}, {"domain": "b", "tokens": "all"}]
    studies = {"dead": entries, "ngrams": entries[:1], "positions": []}
    assert selection(studies=studies).ablation == [
        {"domain": "a", "tokens": 50_000},
        {"domain": "b", "tokens": 50_000},
    ]
    assert selection(studies=studies | {"ablation": entries[1:]}).ablation == entries[1:]
    assert selection(studies=studies | {"ablation": []}).ablation == []
    # There are no detectors where no n-grams are counted.
    assert selection(studies=studies | {"ngrams": []}).ablation == []


def test_text_of_ablations_changes_no_windows() -> None:
    entries = [{"domain": "a", "tokens": 7}]
    studies = {"dead": entries, "ngrams": entries, "positions": []}
    ablating = selection(studies=studies | {"ablation": [{"domain": "a", "tokens": 10**9}]})
    without = selection(studies=studies)
    assert ablating.studies == without.studies == studies
    assert ablating.shards == without.shards and ablating.domains == without.domains == ["a"]


def test_what_a_figure_says_of_itself_is_what_a_config_can_give() -> None:
    for name in figure_names():
        module = import_module(f"neuron_census.draw.figures.{name}")
        assert module.STUDY in ("dead", "ngrams", "positions", "ablation")
        assert module.MODELS in ("models", *EXPERIMENTS)


def test_the_first_folder_that_has_a_path_is_taken(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first / "a", second / "a", second / "b"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert find_path("key", "a", [first, second]) == first / "a"
    assert find_path("key", "b", [first, second]) == second / "b"
    assert find_path("key", str(second / "a"), [first]) == second / "a"
    with pytest.raises(
        CensusError, match=r"key: 'c' is not there; tried .*first/c and .*second/c\."
    ):
        find_path("key", "c", [first, second])


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*.txt"], ["a.txt", "b.txt"]),
        (["**/*.txt"], ["a.txt", "b.txt", "old/c.txt"]),
        (["**/*.txt", "!old/**"], ["a.txt", "b.txt"]),
        (["old/*", "b.txt"], ["b.txt", "old/c.txt", "old/d.md"]),
        (["*.txt", "!a*"], ["b.txt"]),
    ],
)
def test_files_are_found_by_globs(tmp_path: Path, patterns: list[str], expected: list[str]) -> None:
    folders = [tmp_path / "empty", tmp_path / "full"]
    for name in ("a.txt", "b.txt", "old/c.txt", "old/d.md"):
        path = folders[1] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    found = find_files("key", patterns, folders)
    assert list(found.items()) == [(name, folders[1] / name) for name in expected]


def test_a_pattern_without_a_match_and_one_that_takes_all_away_are_errors(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(CensusError, match=r"key: no file matches '\*\.md'"):
        find_files("key", ["*.md"], [tmp_path])
    with pytest.raises(CensusError, match=r"key: all 1 files .* taken away again by !a\*"):
        find_files("key", ["*.txt", "!a*"], [tmp_path])


def test_checkpoints_are_compared_each_with_the_next_where_all_are_selected() -> None:
    changes: dict[str, Any] = {
        "checkpoints": {
            name: {"path": f"models/{name}", "tokenizer": "shared"} for name in ("a", "b", "c", "d")
        },
        "models": ["c", "a", "b"],
        "experiments": {"checkpoints": ["a", "b", "c"]},
        "comparisons": {"short": ["a", "c"], "one": ["a"], "not-selected": ["a", "d"]},
    }
    found = selection(**changes)
    assert found.comparisons == {"checkpoints": ["a", "b", "c"], "short": ["a", "c"]}
    assert found.pairs == {"a-b": ("a", "b"), "b-c": ("b", "c"), "a-c": ("a", "c")}
    assert found.pairs_along("checkpoints") == ["a-b", "b-c"]
    changes["comparisons"] = {"checkpoints": ["b", "c"]}
    assert selection(**changes).comparisons == {"checkpoints": ["b", "c"]}
    changes["comparisons"] = {"mine": ["a", "bb"]}
    with pytest.raises(CensusError, match=r"comparisons\.mine\[1\]: unknown model 'bb'"):
        selection(**changes)


def test_two_comparisons_cannot_be_the_same_file() -> None:
    names = ("a", "a-b", "b-c", "c")
    with pytest.raises(CensusError, match=r"would be the same file, a-b-c\.parquet"):
        selection(
            checkpoints={name: {"path": name, "tokenizer": "shared"} for name in names},
            models=list(names),
            comparisons={"one": ["a", "b-c"], "other": ["a-b", "c"]},
        )
