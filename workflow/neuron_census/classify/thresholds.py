"""The thresholds of classify, as the config states them under `classify`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from neuron_census.classify.positions.patterns import PatternRules
from neuron_census.errors import CensusError, one_of


def _default_max_cover() -> dict[str, int]:
    return {"unigram": 5, "bigram": 50, "trigram": 50}


@dataclass(frozen=True)
class DeadThresholds:
    """When a neuron is dead (paper, section 3)."""

    count_bos: bool = False


@dataclass(frozen=True)
class LooserThresholds:
    """Under which n-gram detectors are counted a second time, to see where those of small models begin."""

    coverage: float = 0.8
    presence: float = 0.8


@dataclass(frozen=True)
class NgramThresholds:
    """When a neuron detects n-grams, and when it suppresses them (paper, section 4)."""

    coverage: float = 0.95
    max_cover: Mapping[str, int] = field(default_factory=_default_max_cover)
    presence: float = 0.95
    min_occurrences: int = 1
    suppression: str = "mean"
    looser: LooserThresholds = field(default_factory=LooserThresholds)


@dataclass(frozen=True)
class PositionThresholds:
    """When a neuron is positional, and which pattern it has (paper, section 5)."""

    mi_base: str = "e"
    mi_threshold: float = 0.05
    min_windows: int = 100
    active: float = 0.5
    patterns: PatternRules = field(default_factory=PatternRules)


@dataclass(frozen=True)
class Thresholds:
    """Every threshold of the census; the defaults are those of workflow/schemas/config.schema.json."""

    dead: DeadThresholds = field(default_factory=DeadThresholds)
    ngrams: NgramThresholds = field(default_factory=NgramThresholds)
    positions: PositionThresholds = field(default_factory=PositionThresholds)

    @classmethod
    def from_json(cls, text: str) -> Thresholds:
        """Return what a config has under `classify`; what is absent has its default.

        Raises CensusError that names the key for anything else.
        """
        try:
            given = json.loads(text)
        except json.JSONDecodeError as error:
            raise CensusError(
                f"thresholds: not JSON: {error}. Pass the config's `classify` as JSON."
            ) from error
        thresholds: Thresholds = _read(cls, given, "classify")
        cover = thresholds.ngrams.max_cover
        for size in cover:
            if size not in _default_max_cover():
                raise CensusError(
                    f"classify.ngrams.max_cover: unknown key '{size}'; "
                    f"{one_of(size, list(_default_max_cover()))}"
                )
        return thresholds


def _read(kind: type[Any], given: object, where: str) -> Any:
    """Return a dataclass of thresholds made from a mapping, after checking every name and type."""
    if not isinstance(given, dict):
        raise CensusError(f"{where}: found {given!r}, expected a mapping of thresholds.")
    defaults = kind()
    known = {entry.name: getattr(defaults, entry.name) for entry in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise CensusError(f"{where}: unknown key '{key}'; {one_of(key, list(known))}")
        default = known[key]
        if hasattr(default, "__dataclass_fields__"):
            values[key] = _read(type(default), value, f"{where}.{key}")
        elif isinstance(default, dict):
            values[key] = default | _check_kind(value, default, f"{where}.{key}")
        else:
            values[key] = _check_kind(value, default, f"{where}.{key}")
    return kind(**values)


def _check_kind(value: Any, default: Any, where: str) -> Any:
    """Return the value if it is of the kind of its default; a whole number will do for a fraction."""
    kinds = (int, float) if isinstance(default, float) else (type(default),)
    if isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds):
        return float(value) if isinstance(default, float) else value
    raise CensusError(f"{where}: found {value!r}, expected something like {default!r}.")
