"""The config: what is shipped is valid and documented, and what is wrong is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from neuron_census.configuration import configure, schema, unpinned
from neuron_census.configuration_reference import reference
from neuron_census.errors import CensusError
from neuron_census.position_patterns import PatternRules
from neuron_census.text.specification import DomainSpecification
from neuron_census.thresholds import Thresholds

REPOSITORY = Path(__file__).parents[2]
CONFIG = REPOSITORY / "config"
DEFAULT: dict[str, Any] = yaml.safe_load((CONFIG / "config.yaml").read_text())
OVERLAYS = ("opt.yaml", "opt-125m.yaml", "nopos.yaml")


def laid_over(base: dict[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as Snakemake does: mappings are merged, everything else is replaced."""
    merged = deepcopy(base)
    for key, value in overlay.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = laid_over(merged[key], value)
        else:
            merged[key] = value
    return merged


def keys(
    described: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Every key that the schema knows, what it says of it, and whether it is required."""
    for key, below in described.get("properties", {}).items():
        yield f"{path}{key}", below, key in described.get("required", [])
        yield from keys(below, f"{path}{key}.")
        for entry, mark in (
            (below.get("additionalProperties"), ".NAME."),
            (below.get("items"), "[]."),
        ):
            if isinstance(entry, dict):
                yield from keys(entry, f"{path}{key}{mark}")


def mappings(described: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "properties" in described:
        yield described
    for value in described.values():
        if isinstance(value, dict):
            yield from mappings(value)


def test_the_schema_is_one_and_strict_everywhere() -> None:
    Draft202012Validator.check_schema(schema())
    for mapping in mappings(schema()):
        if "properties" in mapping and isinstance(mapping["properties"], dict):
            assert mapping.get("additionalProperties") is False


def test_every_key_has_a_description_and_a_default_or_is_required() -> None:
    for path, described, required in keys(schema()):
        assert described.get("description", "").endswith("."), path
        assert required != ("default" in described), path


def test_every_default_is_valid() -> None:
    for path, described, required in keys(schema()):
        if not required:
            assert Draft202012Validator(described).is_valid(described["default"]), path


def says(part: Any, whole: Any) -> bool:
    """Whether a config says nothing but what another says, which may say more."""
    if isinstance(part, dict):
        return all(key in whole and says(part[key], whole[key]) for key in part)
    return bool(part == whole)


@pytest.mark.parametrize(
    "key", ["models", "studies", "window", "seed", "record", "classify", "draw"]
)
def test_the_default_config_says_what_the_schema_says(key: str) -> None:
    catalogues = ("checkpoints", "tokenizers", "domains")
    bare = configure({catalogue: DEFAULT[catalogue] for catalogue in catalogues})
    # What the file leaves to the schema is filled in on both sides.
    assert bare.get(key) == configure(DEFAULT).get(key)
    assert says(DEFAULT[key], bare.get(key))


def test_thresholds_have_the_same_defaults_for_the_config_and_for_the_stage() -> None:
    spelled_out = configure(DEFAULT)["classify"]
    assert Thresholds.from_json(json.dumps(spelled_out)) == Thresholds()
    rules = spelled_out["positions"]["patterns"]
    assert set(rules) == {field.name for field in fields(PatternRules)}


def test_the_page_of_the_config_is_written_from_the_schema() -> None:
    """To write it anew: `python -m neuron_census.configuration_reference > config/README.md`."""
    assert (CONFIG / "README.md").read_text() == reference()


def test_the_page_names_every_key() -> None:
    page = reference()
    for path, described, _ in keys(schema()):
        holds_keys = "properties" in described or isinstance(
            described.get("additionalProperties"), dict
        )
        if not holds_keys or "." not in path:
            assert f"`{path}`" in page, path


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_shipped_config_is_valid_and_reads_what_is_pinned(overlay: str) -> None:
    config = configure(laid_over(DEFAULT, yaml.safe_load((CONFIG / overlay).read_text())))
    # No commit of these data sets could be established; the configs say so.
    without_commit = {"opt.yaml": ["reddit"], "nopos.yaml": ["openwebtext"]}
    expected = without_commit.get(overlay, [])
    assert unpinned(config) == [f"domains.{name}.revision: main" for name in expected]


def test_the_paper_has_its_models_and_budgets() -> None:
    config = configure(laid_over(DEFAULT, yaml.safe_load((CONFIG / "opt.yaml").read_text())))
    assert len(config["models"]) == 8
    totals = {
        study: sum(entry["tokens"] for entry in entries)
        for study, entries in config["studies"].items()
    }
    assert totals["dead"] > 20_000_000
    assert totals["ngrams"] > 5_000_000


def test_the_schema_knows_what_a_domain_can_be() -> None:
    entry = schema()["properties"]["domains"]["additionalProperties"]
    known = {field.name for field in fields(DomainSpecification)} - {"name"}
    assert set(entry["properties"]) == known


def test_the_schema_knows_what_a_recipe_can_be() -> None:
    from neuron_census.training.recipe import Recipe

    entry = schema()["properties"]["train"]["properties"]["checkpoints"]["additionalProperties"]
    assert set(entry["properties"]) - {"domains", "tokenizer"} == {f.name for f in fields(Recipe)}
    defaults = {field.name: field.default for field in fields(Recipe)}
    for name, described in entry["properties"].items():
        if "default" in described:
            found = described["default"]
            assert (tuple(found) if isinstance(found, list) else found) == defaults[name]


def test_every_study_of_the_training_experiment_is_of_the_paper() -> None:
    config = configure(laid_over(DEFAULT, yaml.safe_load((CONFIG / "nopos.yaml").read_text())))
    baseline, without = (
        config["train"]["checkpoints"][f"opt-125m-{name}"] for name in ("baseline", "nopos")
    )
    assert baseline["steps"] == 300_000 and baseline["keep"] == [50_000, 150_000]
    differing = {key for key in baseline if baseline[key] != without[key]}
    assert differing == {"positions", "keep"}


@pytest.mark.parametrize("model", DEFAULT["train"]["checkpoints"])
def test_the_recipes_are_those_of_the_shipped_checkpoints(model: str) -> None:
    card = REPOSITORY / "resources" / "checkpoints" / model / "README.md"
    recipe = configure(DEFAULT)["train"]["checkpoints"][model]
    for key in set(recipe) - {"domains", "tokenizer"}:
        row = re.search(rf"^\| {key} \| (.+) \|$", card.read_text(), re.MULTILINE)
        assert row is not None
        assert row[1] == str(recipe[key])


def test_null_takes_a_value_away_and_defaults_fill_in() -> None:
    own = {"files": ["mine/*.txt"], "pypi": None, "sha256": None, "held_out": None}
    overlay = {"domains": {"python": own}, "train": {"tokenizers": {}, "checkpoints": {}}}
    merged = laid_over(DEFAULT, overlay)
    merged["train"] = {}
    assert configure(merged)["domains"]["python"] == {
        "files": ["mine/*.txt"],
        "text": "text",
        "where": {},
        "strip_markup": False,
        "unique": False,
    }


Change = Callable[[dict[str, Any]], Any]
MAIN: dict[str, Any] = {"hub": "a/b", "revision": "main"}

WRONG: list[tuple[Change, str]] = [
    (
        lambda c: c.update(modles=[]),
        "config: unknown key 'modles'; did you mean 'models'? Allowed: ",
    ),
    (lambda c: c["record"].update(shards=1), "record: unknown key 'shards'; did you mean"),
    (lambda c: c["record"].update(device="gpu"), "record.device: found 'gpu'; did you mean 'cpu'?"),
    (lambda c: c["record"].update(keep="no"), "record.keep: found 'no', expected true or false."),
    (
        lambda c: c["record"].update(batch_tokens="all"),
        "record.batch_tokens: found 'all', expected 'auto' or a whole number of at least 1.",
    ),
    (lambda c: c.update(seed=True), "seed: found True, expected a whole number of at least 0."),
    (lambda c: c.update(window=1), "window: found 1, expected a whole number of at least 2."),
    (lambda c: c.update(models=[]), "models: found [], expected a list of at least 1 entry"),
    (lambda c: c.update(models=["opt-mini-s", "opt-mini-s"]), "without repetition"),
    (
        lambda c: c.update(models=["opt-mini-x"]),
        "models[0]: unknown model 'opt-mini-x'; did you mean",
    ),
    (
        lambda c: c["checkpoints"].update({"../x": MAIN}),
        "checkpoints: found '../x', expected a name of",
    ),
    (lambda c: c["checkpoints"].update({"x\n": MAIN}), "expected a name of letters"),
    (lambda c: c["checkpoints"].update({125: MAIN}), "config.checkpoints: found the key 125"),
    (
        lambda c: c["checkpoints"].update(x={}),
        "checkpoints.x: found none of these, expected one of `hub`, `path`, `trained`",
    ),
    (
        lambda c: c["checkpoints"].update(x=MAIN | {"path": "y"}),
        "checkpoints.x: found `hub` and `path`, expected one of",
    ),
    (
        lambda c: c["checkpoints"].update(x=MAIN),
        "checkpoints.x.layers: is missing; expected the number of layers of a/b",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "layers": 2}),
        "checkpoints.x.layers: only an entry with `hub` has it",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "step": 2}),
        "checkpoints.x.step: only an entry with `trained` has it",
    ),
    (
        lambda c: c["checkpoints"].update(x={"trained": "opt-mini", "tokenizer": "opt-mini"}),
        "checkpoints.x.trained: unknown recipe 'opt-mini'; did you mean 'opt-mini-",
    ),
    (
        lambda c: c["checkpoints"].update(x={"trained": "opt-mini-m"}),
        "checkpoints.x.tokenizer: is missing",
    ),
    (
        lambda c: c["checkpoints"].update(
            x={"trained": "opt-mini-m", "step": 5, "tokenizer": "opt-mini"}
        ),
        "checkpoints.x.step: 5 is not kept; train.checkpoints.opt-mini-m.keep is [233, 700]",
    ),
    (
        lambda c: c["experiments"].update(no_positions=["opt-mini-m"]),
        "experiments.no_positions: found ['opt-mini-m'], expected two models",
    ),
    (
        lambda c: c["experiments"].update(post_norm=["opt-mini-x"]),
        "experiments.post_norm[0]: unknown model 'opt-mini-x'",
    ),
    (
        lambda c: c["draw"].update(oscillatory_ranges={"model": "opt-125m"}),
        "draw.oscillatory_ranges.model: unknown model 'opt-125m'",
    ),
    (
        lambda c: c["classify"]["ngrams"]["max_cover"].update({"4gram": 5}),
        "classify.ngrams.max_cover: unknown key '4gram'",
    ),
    (lambda c: c["checkpoints"].update(x={"hub": "a/b"}), "checkpoints.x.revision: is missing"),
    (
        lambda c: c["checkpoints"].update(x={"hub": "../b"}),
        "checkpoints.x.hub: found '../b', expected",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "revision": "main"}),
        "checkpoints.x.revision: only an entry with `hub` has one",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "tokenizer": "opt-mimi"}),
        "checkpoints.x.tokenizer: unknown tokenizer 'opt-mimi'; did you mean 'opt-mini'?",
    ),
    (
        lambda c: c["checkpoints"]["opt-mini-s"].update(dtype="int8"),
        "checkpoints.opt-mini-s.dtype: found 'int8'; Allowed: bfloat16, float16, float32, float64",
    ),
    (lambda c: c["checkpoints"].update({"OPT-Mini-S": MAIN}), "'opt-mini-s' and 'OPT-Mini-S'"),
    (
        lambda c: c["checkpoints"].update(opt={"path": "y"}),
        "checkpoints.opt: has no `tokenizer`, so that its own would bear its name",
    ),
    (lambda c: c["domains"].update(x={}), "domains.x: the key 'files' is missing; expected text"),
    (
        lambda c: c["domains"].update(
            x={"files": "a", "pypi": "b==1", "hub": "a/b", "revision": "c"}
        ),
        "domains.x: found both `hub` and `pypi`",
    ),
    (lambda c: c["domains"].update(x={"files": "a", "pypi": "b"}), "domains.x.pypi: found 'b'"),
    (
        lambda c: c["domains"].update(x={"files": "a", "hub": "b/c"}),
        "domains.x.revision: is missing",
    ),
    (
        lambda c: c["domains"].update(x={"files": "a", "held_out": 1}),
        "domains.x.held_out: found 1,",
    ),
    (
        lambda c: c["studies"]["dead"][0].update(tokens=0),
        "studies.dead[0].tokens: found 0, expected a whole number of at least 1 or 'all'.",
    ),
    (
        lambda c: c["studies"]["dead"][0].pop("tokens"),
        "studies.dead[0]: the key 'tokens' is missing; expected a whole number",
    ),
    (
        lambda c: c["studies"]["dead"].append({"domain": "proes", "tokens": "all"}),
        "studies.dead[4].domain: unknown domain 'proes'; did you mean 'prose'?",
    ),
    (
        lambda c: c["studies"]["ngrams"].append({"domain": "prose", "tokens": 5}),
        "studies.ngrams[4].domain: 'prose' is there twice",
    ),
    (
        lambda c: c["studies"].update(dead=[]),
        "studies.dead: found [], expected a list of at least 1",
    ),
    (
        lambda c: c["train"]["checkpoints"]["opt-mini-s"].update(tokenizer="opt-mimi"),
        "train.checkpoints.opt-mini-s.tokenizer: unknown tokenizer 'opt-mimi'; did you mean 'opt-mini'?",
    ),
    (
        lambda c: c["domains"]["python"].pop("held_out"),
        "domain 'python' has no `held_out`",
    ),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_explained_in_one_paragraph(change: Change, said: str) -> None:
    config = deepcopy(DEFAULT)
    change(config)
    with pytest.raises(CensusError) as error:
        configure(config)
    assert said in str(error.value)
    assert "\n" not in str(error.value).replace("\\n", "")


def test_what_the_command_line_gives_as_text_is_what_it_spells() -> None:
    given = {
        "classify": {"dead": {"count_bos": "true"}},
        "seed": "7",
        "window": "128",
        "studies": {"dead": [{"domain": "prose", "tokens": "5_000"}]},
        "record": {"batch_tokens": "auto", "shard_tokens": "10"},
        "domains": {"python": {"held_out": "0.5"}},
    }
    config = configure(laid_over(DEFAULT, given))
    assert config["classify"]["dead"]["count_bos"] is True
    assert (config["seed"], config["window"]) == (7, 128)
    assert config["studies"]["dead"] == [{"domain": "prose", "tokens": 5000}]
    assert (config["record"]["batch_tokens"], config["record"]["shard_tokens"]) == ("auto", 10)
    assert config["domains"]["python"]["held_out"] == 0.5


def test_numbers_with_underscores_are_numbers() -> None:
    assert json.dumps(DEFAULT["studies"]["dead"][0]["tokens"]) == "250000"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=True)
    | st.text(max_size=8)
    | st.sampled_from(["opt-mini-s", "python", "all", "main", "a/b", "../x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every mapping or list inside a config, with each of its keys."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = [(value, key) for key, _ in inside]
    for container, key in list(found):
        if isinstance(container[key], dict | list):
            found += places(container[key])
    return found


@settings(max_examples=2000, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_config_it_is_taken_or_explained(data: st.DataObject) -> None:
    config = deepcopy(DEFAULT)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(config)))
        if data.draw(st.booleans()):
            container[key] = data.draw(ANYTHING)
        elif isinstance(container, dict):
            container[data.draw(st.text(max_size=6) | st.integers(0, 3))] = data.draw(ANYTHING)
    try:
        configure(config)
    except CensusError as error:
        assert len(str(error)) > 20
