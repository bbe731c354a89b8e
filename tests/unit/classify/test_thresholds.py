"""Thresholds: one field for each of the schema, which has its kind, its bounds and its default."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pytest

from helpers.made.thresholds import DEFAULTS
from helpers.repository import REPOSITORY
from neuron_census.classify.positions.mutual_information import BASES
from neuron_census.classify.thresholds import Thresholds
from neuron_census.errors import CensusError
from neuron_census.formats.tables.vocabulary import NGRAMS, READINGS

SCHEMA = json.loads((REPOSITORY / "workflow" / "schemas" / "config.schema.json").read_text())
CLASSIFY = SCHEMA["properties"]["classify"]


def described(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every threshold of the schema by its path."""
    for key, below in schema["properties"].items():
        if "properties" in below:
            yield from described(below, f"{path}{key}.")
        else:
            yield f"{path}{key}", below


def flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of nested mappings by its path."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def test_every_threshold_has_the_default_and_the_type_of_the_schema() -> None:
    expected = dict(described(CLASSIFY))
    found = dict(flat(asdict(DEFAULTS)))
    assert list(found) == list(expected)
    types = {"boolean": bool, "integer": int, "number": float}
    for path, value in found.items():
        assert value == expected[path]["default"], path
        assert type(value) is types.get(expected[path].get("type", ""), str), path


def test_every_choice_of_the_schema_is_one_of_the_stage() -> None:
    choices = dict(described(CLASSIFY))
    assert choices["ngrams.suppression"]["enum"] == list(READINGS)
    assert choices["positions.mi_base"]["enum"] == list(BASES)
    assert [path.removeprefix("ngrams.max_cover.") for path in choices if "max_cover" in path] == [
        *NGRAMS
    ]


def test_what_is_absent_has_its_default() -> None:
    given = {"ngrams": {"max_cover": {"bigram": 7}}, "positions": {"patterns": {"swing": 1}}}
    found = Thresholds.from_json(json.dumps(given))
    expected = dict(flat(asdict(DEFAULTS)))
    changed = {"ngrams.max_cover.bigram": 7, "positions.patterns.swing": 1.0}
    assert dict(flat(asdict(found))) == expected | changed
    assert type(found.positions.patterns.swing) is float


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{"ngrams": {"min_occurrences": 1.5}}', r"min_occurrences: found 1\.5, expected a whole"),
        ('{"ngrams": {"min_occurrences": true}}', "min_occurrences: found True"),
        ('{"ngrams": {"coverage": false}}', "coverage: found False"),
        (
            '{"ngrams": {"coverage": 0.3}}',
            r"coverage: found 0\.3, expected a number of at least 0\.5",
        ),
        ('{"ngrams": {"max_cover": 5}}', "classify.ngrams.max_cover: found 5, expected a mapping"),
        ('{"ngrams": {"max_cover": {"fourgram": 5}}}', "max_cover: unknown key 'fourgram'"),
        ('{"positions": {"mi_base": 2}}', "mi_base: found 2, expected one of e, 2, 10"),
        ('{"positions": []}', r"classify\.positions: found \[\], expected a mapping"),
        ("7", "classify: found 7, expected a mapping"),
        ("{", "classify: broken JSON"),
    ],
)
def test_values_of_another_kind_are_refused_by_name(given: str, said: str) -> None:
    with pytest.raises(CensusError, match=said):
        Thresholds.from_json(given)
