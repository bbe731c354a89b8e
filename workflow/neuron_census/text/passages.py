"""From a record to its text: look-ups by dotted key, conditions, collected strings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from reprlib import Repr
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.text.records import Record

_MISSING = object()
_SHORT = Repr()
_SHORT.maxlist, _SHORT.maxstring, _SHORT.maxother = 20, 60, 60


def passages_of(record: Record, key: str) -> list[str]:
    """Return the text of a record as its passages: of a whole JSON file all strings under the key.

    Parameters
    ----------
    record
        a text, a mapping with its text under `key`, or the content of a .json file
    key
        the key, dotted where records are nested

    Raises CensusError that names the record if the key is missing or holds no string.
    """
    if isinstance(record.value, str):
        return [without_surrogates(record.value)]
    if record.whole_file:
        return [without_surrogates(text) for text in _strings_under(record.value, key)]
    return [without_surrogates(_text_of(record, key))]


def value_of(record: Record, key: str) -> Any:
    """Return the value of a dotted key of a record. Raises CensusError that names the record and its keys."""
    value = _look_up(record.value, key)
    if value is _MISSING:
        found = sorted(record.value) if isinstance(record.value, dict) else record.value
        raise CensusError(
            f"{record.place}: no key '{key}'. Found {_SHORT.repr(found)}. Set the domain's `text` "
            "(or `group.key`) to the key that is meant, dotted for one inside another."
        )
    return value


def meets(record: Record, conditions: Mapping[str, Any]) -> bool:
    """Return whether every dotted key of `conditions` is in the record and has the given value."""
    return all(_look_up(record.value, key) == wanted for key, wanted in conditions.items())


def _text_of(record: Record, key: str) -> str:
    text = value_of(record, key)
    if not isinstance(text, str):
        raise CensusError(
            f"{record.place}: the key '{key}' holds {type(text).__name__} ({_SHORT.repr(text)}), "
            "expected a string."
        )
    return text


def _look_up(value: Any, key: str) -> Any:
    """Follow a dotted key; a key that itself holds the dots wins."""
    if isinstance(value, dict) and key in value:
        return value[key]
    for name in key.split("."):
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _strings_under(value: Any, key: str) -> Iterator[str]:
    """All strings under a key at any depth, in the file's order, however deep."""
    pending = [value]
    while pending:
        inner = pending.pop()
        if isinstance(inner, dict):
            if isinstance(text := inner.get(key), str):
                yield text
            pending.extend(reversed(inner.values()))
        elif isinstance(inner, list):
            pending.extend(reversed(inner))


def without_surrogates(text: str) -> str:
    """Return a text in which U+FFFD stands for half a surrogate pair, which JSON can escape and is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
