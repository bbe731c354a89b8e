"""What is wrong with a config, in the words of its user rather than of its schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError

from neuron_census.errors import one_of

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_PATTERNS = {
    "^[A-Za-z0-9][A-Za-z0-9._-]*": "a name of letters, digits, '.', '_' and '-'",
    "^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*": "a repository, owner/name",
    "^[A-Za-z0-9][A-Za-z0-9._/-]*": "a commit, 40 hexadecimal digits",
}


def explain(error: ValidationError, path: Iterable[str] = ()) -> Iterator[str]:
    """Yield, a sentence for each fault, which key is at fault, what was found there and what is allowed.

    Parameters
    ----------
    error
        what the schema's validator has found
    path
        keys that lead to the part of the config that it has read
    """
    where, described = _path([*path, *error.absolute_path]), error.schema
    found: Any = error.instance
    assert isinstance(described, dict)
    if error.validator == "additionalProperties":
        allowed = list(described["properties"])
        for unknown in [key for key in found if key not in allowed]:
            yield f"{where}: unknown key '{unknown}'; {one_of(unknown, allowed)}"
    elif error.validator == "required":
        for missing in described["required"]:
            if missing not in found:
                wanted = expected(described["properties"][missing])
                yield f"{where}: the key '{missing}' is missing; expected {wanted}."
    elif error.validator == "enum" and isinstance(found, str):
        yield f"{where}: found '{found}'; {one_of(found, described['enum'])}"
    else:
        yield f"{where}: found {found!r}, expected {expected(described)}."


def expected(described: Mapping[str, Any]) -> str:
    """Return in words what a value may be.

    Parameters
    ----------
    described
        the schema of the value
    """
    if "anyOf" in described:
        return " or ".join(expected(choice) for choice in described["anyOf"])
    if "const" in described:
        return f"'{described['const']}'"
    if "enum" in described:
        return f"one of {', '.join(described['enum'])}"
    if "pattern" in described:
        return _PATTERNS.get(described["pattern"].partition("$")[0], "text of another form")
    kinds = described.get("type", [])
    kind = kinds if isinstance(kinds, str) else kinds[0]
    return _KINDS[kind] + _bounds(described)


def _path(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "config"


def _bounds(described: Mapping[str, Any]) -> str:
    words = {
        "minimum": "of at least {}",
        "maximum": "at most {}",
        "exclusiveMinimum": "above {}",
        "exclusiveMaximum": "below {}",
        "minItems": "of at least {} entry",
        "minLength": "of at least {} character",
    }
    said = [word.format(described[key]) for key, word in words.items() if key in described]
    if described.get("uniqueItems"):
        said.append("without repetition")
    return f" {' and '.join(said)}" if said else ""
