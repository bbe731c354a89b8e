"""A section of the config, read as the schema describes it; the command line and the whole config are read alike.

read_section({"count_bos": "true"}, "classify", "dead")     # {"count_bos": True}
read_section({}, "classify")                                # every default
read_section({"count_box": True}, "classify", "dead")       # CensusError: classify.dead: unknown key …

Needs nothing that Snakemake does not need itself, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache, partial
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from neuron_census.schema.explanation import explain
from neuron_census.schema.faults import refuse

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.json"
LONGEST_NUMBER = 63
DEEPEST = 20
"""Mappings and lists inside one another; the schema needs half of them."""


@cache
def schema() -> dict[str, Any]:
    """Return the schema of the config."""
    read: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return read


def read_section(given: object, *path: str) -> Any:
    """Return a part of the config, checked, with its defaults, and without what is null.

    Parameters
    ----------
    given
        the part as it was written, with numbers and booleans perhaps spelled as text
    path
        keys that lead to it; none for the whole config

    Raises CensusError that names every key at fault, what was found, what is allowed and the nearest to it.
    """
    described: Mapping[str, Any] = schema()
    for key in path:
        described = _schema_of(key, described)
    refuse(_odd_values(given, _path(path)))
    plain = _typed(_plain(given), described)
    refuse(_odd_numbers(plain, ".".join(path)))
    errors = sorted(Draft202012Validator(described).iter_errors(plain), key=_place)
    refuse(chain.from_iterable(explain(error, path) for error in errors))
    return _without_nulls(_with_defaults(plain, described))


def _path(path: tuple[str, ...]) -> str:
    return ".".join(path) or "config"


def _odd_values(value: Any, where: str, depth: int = 0) -> Iterator[str]:
    """Faults that no schema can speak of: keys that are not text, and mappings or lists that are nested too deep."""
    if depth > DEEPEST:
        yield f"{where}: is nested more than {DEEPEST} deep; expected the keys that config/README.md lists."
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            if not isinstance(key, str):
                yield f"{where}: found the key {key!r}, which is not text. Write '{key}'."
            yield from _odd_values(entry, f"{where}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, entry in enumerate(value):
            yield from _odd_values(entry, f"{where}[{number}]", depth + 1)


def _odd_numbers(value: Any, where: str) -> Iterator[str]:
    """Faults that the schema lets pass: NaN is neither below a minimum nor above a maximum."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _odd_numbers(entry, f"{where}.{key}" if where else key)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _odd_numbers(entry, f"{where}[{number}]")
    elif isinstance(value, float) and not isfinite(value):
        yield f"{where}: found {value}, expected a number that is finite."
    elif isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        yield f"{where}: found a whole number of {value.bit_length()} bits, expected one of at most {LONGEST_NUMBER}."


def _plain(value: Any) -> Any:
    """The same with plain mappings and lists."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _typed(value: Any, described: Mapping[str, Any]) -> Any:
    """The same with numbers and booleans in place of the texts that spell them, where no text is allowed.

    Snakemake reads what is nested in `--config` as text: 'classify={"dead": {"count_bos": true}}'.
    """
    if isinstance(value, dict):
        return {key: _typed(entry, _schema_of(key, described)) for key, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry, described.get("items", {})) for entry in value]
    if isinstance(value, str):
        for choice in described.get("anyOf", [described]):
            for kind in _kinds(choice):
                if kind in _SPELLED and (read := _SPELLED[kind](value)) is not None:
                    return read
    return value


def _read(kind: type[int] | type[float], text: str) -> int | float | None:
    try:
        return kind(text)
    except ValueError:
        return None


_SPELLED: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: {"true": True, "false": False}.get(text.lower()),
    "integer": partial(_read, int),
    "number": partial(_read, float),
}


def _with_defaults(value: Any, described: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        properties = described.get("properties", {})
        filled = {key: _with_defaults(value[key], _schema_of(key, described)) for key in value}
        for key, of_key in properties.items():
            if key not in filled and "default" in of_key:
                filled[key] = _with_defaults(deepcopy(of_key["default"]), of_key)
        return filled
    if isinstance(value, list) and "items" in described:
        return [_with_defaults(entry, described["items"]) for entry in value]
    if isinstance(value, int) and "number" in _kinds(described) and not isinstance(value, bool):
        return float(value)
    return value


def _kinds(described: Mapping[str, Any]) -> list[str]:
    kinds = described.get("type", "string")
    return [kinds] if isinstance(kinds, str) else kinds


def _schema_of(key: str, described: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = described.get("properties", {})
    other = described.get("additionalProperties", {})
    found: Mapping[str, Any] = properties.get(key, other if isinstance(other, dict) else {})
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(entry) for key, entry in value.items() if entry is not None}
    return value


def _place(error: ValidationError) -> tuple[str, ...]:
    return tuple(str(part) for part in error.absolute_path)
