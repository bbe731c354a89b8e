"""The thresholds of the config's schema with some changed; its bounds do not bind here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from neuron_census.classify.positions.patterns import PatternRules
from neuron_census.classify.thresholds import NgramThresholds, PositionThresholds, Thresholds

DEFAULTS = Thresholds.from_json("{}")


def ngram_thresholds(**changes: Any) -> NgramThresholds:
    """Return the thresholds of n-grams with some values in place of their defaults."""
    return replace(DEFAULTS.ngrams, **changes)


def position_thresholds(**changes: Any) -> PositionThresholds:
    """Return the thresholds of positions with some values in place of their defaults."""
    return replace(DEFAULTS.positions, **changes)


def pattern_rules(**changes: Any) -> PatternRules:
    """Return the rules that tell patterns apart with some values in place of their defaults."""
    return replace(DEFAULTS.positions.patterns, **changes)
