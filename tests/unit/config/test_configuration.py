"""The config: what is shipped is valid and documented, and what is wrong is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from helpers.made.configs import DEFAULT, shipped_config
from helpers.repository import REPOSITORY
from neuron_census.config.check import merged
from neuron_census.config.configuration import configure, unpinned
from neuron_census.config.reference import reference
from neuron_census.schema.section import schema
from neuron_census.text.specification import DomainSpecification
from neuron_census.train.recipe import Recipe

CONFIG = REPOSITORY / "config"
OVERLAYS = ("opt.yaml", "opt-125m.yaml", "nopos.yaml")


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
    "key", ["models", "studies", "window", "seed", "record", "classify", "ablate", "draw"]
)
def test_the_default_config_says_what_the_schema_says(key: str) -> None:
    catalogues = ("checkpoints", "tokenizers", "domains")
    bare = configure({catalogue: DEFAULT[catalogue] for catalogue in catalogues})
    # What the file leaves to the schema is filled in on both sides.
    assert bare.get(key) == configure(DEFAULT).get(key)
    assert says(DEFAULT[key], bare.get(key))


def test_the_page_of_the_config_is_written_from_the_schema() -> None:
    """To write it anew: `python -m neuron_census.config.reference > config/README.md`."""
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
    config = shipped_config(overlay)
    # No commit of these data sets could be established; the configs say so.
    without_commit = {"opt.yaml": ["reddit"], "nopos.yaml": ["openwebtext"]}
    expected = without_commit.get(overlay, [])
    assert unpinned(config) == [f"domains.{name}.revision: main" for name in expected]


def test_the_paper_has_its_models() -> None:
    assert len(shipped_config("opt.yaml")["models"]) == 8


def test_the_schema_knows_what_a_domain_can_be() -> None:
    entry = schema()["properties"]["domains"]["additionalProperties"]
    known = {field.name for field in fields(DomainSpecification)} - {"name"}
    assert set(entry["properties"]) == known


def test_the_schema_knows_what_a_recipe_can_be() -> None:
    from neuron_census.train.recipe import Recipe

    entry = schema()["properties"]["train"]["properties"]["checkpoints"]["additionalProperties"]
    assert set(entry["properties"]) - {"domains", "tokenizer"} == {f.name for f in fields(Recipe)}
    defaults = {field.name: field.default for field in fields(Recipe)}
    for name, described in entry["properties"].items():
        if "default" in described:
            found = described["default"]
            assert (tuple(found) if isinstance(found, list) else found) == defaults[name]


def test_every_study_of_the_training_experiment_is_of_the_paper() -> None:
    config = shipped_config("nopos.yaml")
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
    defaults = {field.name: field.default for field in fields(Recipe)}
    for key in set(recipe) - {"domains", "tokenizer"}:
        row = re.search(rf"^\| {key} \| (.+) \|$", card.read_text(), re.MULTILINE)
        # A card that is older than a key says nothing of it: its default is what was there before.
        assert (row[1] if row else str(defaults[key])) == str(recipe[key])


def test_null_takes_a_value_away_and_defaults_fill_in() -> None:
    own = {"files": ["mine/*.txt"], "pypi": None, "sha256": None, "held_out": None}
    overlay = {"domains": {"python": own}, "train": {"tokenizers": {}, "checkpoints": {}}}
    laid = merged(DEFAULT, overlay)
    laid["train"] = {}
    assert configure(laid)["domains"]["python"] == {
        "files": ["mine/*.txt"],
        "text": "text",
        "where": {},
        "strip_markup": False,
        "unique": False,
    }


def test_what_the_command_line_gives_as_text_is_what_it_spells() -> None:
    given = {
        "classify": {"dead": {"count_bos": "true"}},
        "seed": "7",
        "window": "128",
        "studies": {"dead": [{"domain": "prose", "tokens": "5_000"}]},
        "record": {"batch_tokens": "auto", "shard_tokens": "10"},
        "domains": {"python": {"held_out": "0.5"}},
    }
    config = configure(merged(DEFAULT, given))
    assert config["classify"]["dead"]["count_bos"] is True
    assert (config["seed"], config["window"]) == (7, 128)
    assert config["studies"]["dead"] == [{"domain": "prose", "tokens": 5000}]
    assert (config["record"]["batch_tokens"], config["record"]["shard_tokens"]) == ("auto", 10)
    assert config["domains"]["python"]["held_out"] == 0.5


def test_numbers_with_underscores_are_numbers() -> None:
    assert json.dumps(DEFAULT["studies"]["dead"][0]["tokens"]) == "250000"
