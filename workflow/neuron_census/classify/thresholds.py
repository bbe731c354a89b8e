"""The thresholds of classify, as the config states them under `classify`.

Their names, kinds, bounds and defaults are those of the schema of the config, and stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neuron_census.classify.positions.patterns import PatternRules
from neuron_census.paths.json_text import parse_json
from neuron_census.schema.section import read_section


@dataclass(frozen=True)
class DeadThresholds:
    """When a neuron is dead (paper, section 3)."""

    count_bos: bool


@dataclass(frozen=True)
class EvidenceThresholds:
    """How sure intervals are, how many replicates are behind them, and how many contexts are shown."""

    confidence: float
    replicates: int
    contexts: int


@dataclass(frozen=True)
class LooserThresholds:
    """Under which n-gram detectors are counted a second time, to see where those of small models begin."""

    coverage: float
    presence: float


@dataclass(frozen=True)
class NgramThresholds:
    """When a neuron detects n-grams, and when it suppresses them (paper, section 4)."""

    coverage: float
    max_cover: Mapping[str, int]
    presence: float
    min_occurrences: int
    suppression: str
    looser: LooserThresholds


@dataclass(frozen=True)
class PositionThresholds:
    """When a neuron is positional, and which pattern it has (paper, section 5)."""

    mi_base: str
    mi_threshold: float
    min_windows: int
    active: float
    patterns: PatternRules


@dataclass(frozen=True)
class Thresholds:
    """Every threshold of the census."""

    dead: DeadThresholds
    evidence: EvidenceThresholds
    ngrams: NgramThresholds
    positions: PositionThresholds

    @classmethod
    def from_json(cls, text: str) -> Thresholds:
        """Return what a config has under `classify`; what is absent has its default.

        Raises CensusError that names the key for anything else.
        """
        read = read_section(parse_json(text, "classify"), "classify")
        ngrams, positions = read["ngrams"], read["positions"]
        return cls(
            DeadThresholds(**read["dead"]),
            EvidenceThresholds(**read["evidence"]),
            NgramThresholds(**ngrams | {"looser": LooserThresholds(**ngrams["looser"])}),
            PositionThresholds(**positions | {"patterns": PatternRules(**positions["patterns"])}),
        )
