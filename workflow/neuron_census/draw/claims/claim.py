"""A claim of the paper, and its verdict on the models of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from neuron_census.draw.claims.finding import Finding, UndecidedError
from neuron_census.draw.claims.measured import Measured
from neuron_census.errors import CensusError

EXPERIMENTS = ("post_norm", "no_positions", "checkpoints")
ANALOGUES = ("", "family", "smallest", "largest", *EXPERIMENTS)
HOLDS, DOES_NOT, CANNOT = "holds", "does not hold", "cannot be said"

Test = Callable[[Sequence[Measured]], Finding]


@dataclass(frozen=True)
class Claim:
    """A claim as `resources/paper/claims.toml` has it, which says what each field means."""

    name: str
    section: str
    says: str
    models: tuple[str, ...]
    test: str
    figure: str = ""
    analogue: str = ""
    published: str = ""

    @property
    def function(self) -> Test:
        """The function that tests it."""
        module, _, name = self.test.partition(".")
        function: Test = getattr(import_module(f"neuron_census.draw.claims.{module}"), name)
        return function

    @property
    def exact_test(self) -> str:
        """What is tested, in a sentence."""
        function = self.function
        # What is made for several n shares the sentence of what it is made from.
        said = getattr(function, "func", function).__doc__ or ""
        return said.partition("\n")[0]


@dataclass(frozen=True)
class Verdict:
    """What a run says of a claim: `models` are those that it was tested on."""

    claim: Claim
    verdict: str
    found: str
    models: tuple[str, ...]
    is_analogue: bool


def read_claims(path: Path) -> list[Claim]:
    """Read the claims. Raises CensusError for a file that is not what it should be."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))["claim"]
        claims = [Claim(**{**entry, "models": tuple(entry["models"])}) for entry in given]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CensusError(f"{path}: cannot be read as claims ({error!r}).") from error
    for claim in claims:
        if claim.analogue not in ANALOGUES:
            raise CensusError(f"{path}: {claim.name} has the analogue '{claim.analogue}'.")
    return claims


def judge(
    claim: Claim, run: Mapping[str, Measured], experiments: Mapping[str, Sequence[str]]
) -> Verdict:
    """Test a claim on the models that it speaks of, or else on what corresponds to them in a run.

    Parameters
    ----------
    claim
        the claim
    run
        every model of the run, by name
    experiments
        the config's `experiments`
    """
    missing = [model for model in claim.models if model not in run]
    chosen = [] if missing else list(claim.models)
    if missing and not any(name.startswith("opt-") and name in _PAPER for name in run):
        chosen = _analogue(claim.analogue, run, experiments)
    if not chosen:
        return Verdict(claim, CANNOT, f"needs {', '.join(missing)}.", (), False)
    try:
        finding = claim.function([run[name] for name in chosen])
    except UndecidedError as reason:
        return Verdict(claim, CANNOT, str(reason), tuple(chosen), bool(missing))
    verdict = HOLDS if finding.holds else DOES_NOT
    return Verdict(claim, verdict, finding.found, tuple(chosen), bool(missing))


_PAPER = frozenset(
    f"opt-{size}" for size in ("125m", "350m", "1.3b", "2.7b", "6.7b", "13b", "30b", "66b")
)


def _analogue(
    kind: str, run: Mapping[str, Measured], experiments: Mapping[str, Sequence[str]]
) -> list[str]:
    """Names of the models of another family that correspond to those of a claim; none: nothing does."""
    if kind in EXPERIMENTS:
        names = list(experiments.get(kind, []))
        return names if all(name in run for name in names) else []
    variants = {
        *experiments.get("post_norm", []),
        *experiments.get("no_positions", [])[1:],
        *experiments.get("checkpoints", [])[:-1],
    }
    family = sorted(
        (name for name in run if name not in variants), key=lambda name: run[name].neurons
    )
    if not kind or len(family) < 2:
        return []
    return {"family": family, "smallest": family[:1], "largest": family[-1:]}[kind]
