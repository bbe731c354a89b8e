"""A claim of the paper, or one of ours, and its verdict on the models of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from neuron_census.draw.claims.finding import Finding, UndecidedError
from neuron_census.draw.claims.measured import Measured
from neuron_census.errors import CensusError, one_of

SIZES = ("family", "smallest", "largest")
ANALOGUES = ("", *SIZES, "post_norm", "no_positions", "checkpoints")
SOURCES = ("text", "figure", "ours")
HOLDS, DOES_NOT, CANNOT = "holds", "does not hold", "cannot be said"

Test = Callable[[Sequence[Measured]], Finding]


@dataclass(frozen=True)
class Claim:
    """A claim as `resources/paper/claims.toml`, or ours, states it, which says what each field means."""

    name: str
    section: str
    says: str
    models: tuple[str, ...]
    test: str
    figure: str = ""
    source: str = "text"
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
        """What is tested, in one sentence."""
        function = self.function
        # Tests made for several lengths of n-grams share the sentence of what they are made from.
        said = getattr(function, "func", function).__doc__ or ""
        return said.partition("\n")[0]


@dataclass(frozen=True)
class Verdict:
    """What a run says about a claim: `models` are those that it was tested on."""

    claim: Claim
    verdict: str
    found: str
    models: tuple[str, ...]
    is_analogue: bool


def read_claims(path: Path) -> list[Claim]:
    """Return the claims of a TOML file. Raises CensusError for a file that is not what it should be."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))["claim"]
        claims = [Claim(**{**entry, "models": tuple(entry["models"])}) for entry in given]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CensusError(f"{path}: cannot be read as claims ({error!r}).") from error
    for claim in claims:
        for field, value, allowed in (
            ("analogue", claim.analogue, ANALOGUES),
            ("source", claim.source, SOURCES),
        ):
            if value not in allowed:
                raise CensusError(
                    f"{path}: claim '{claim.name}': found {field} '{value}'; {one_of(value, list(allowed))}"
                )
    return claims


def find_analogues(
    claims: Sequence[Claim], run: Mapping[str, Measured], shown: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return the models of a run that correspond to those of the paper, by the kind of analogue.

    There are none in a run that has models of which a claim speaks.

    Parameters
    ----------
    claims
        all claims
    run
        every model of the run, by name
    shown
        the models that figures show, by the list of the config that names them; all models of the run are
        `models` unless it says otherwise
    """
    if any(model in run for claim in claims for model in claim.models):
        return {}
    found = {kind: list(models) for kind, models in shown.items() if kind != "models"}
    family = sorted(shown.get("models", list(run)), key=lambda name: run[name].neurons)
    # A single model is neither smaller nor larger than another.
    if len(family) > 1:
        found |= {"family": family, "smallest": family[:1], "largest": family[-1:]}
    return found


def judge(
    claim: Claim,
    run: Mapping[str, Measured],
    analogues: Mapping[str, Sequence[str]],
    ours: Sequence[str] = (),
) -> Verdict:
    """Return what a run says about a claim, tested on its own models or on what corresponds to them.

    Parameters
    ----------
    claim
        the claim
    run
        every model of the run, by name
    analogues
        as `find_analogues` returns them
    ours
        the models on which claims of our own are tested, which speak of no model
    """
    missing = [model for model in claim.models if model not in run]
    chosen = analogues.get(claim.analogue, ()) if missing else claim.models
    if claim.source == "ours":
        chosen = ours
    if not chosen:
        return Verdict(claim, CANNOT, f"needs {', '.join(missing)}.", (), False)
    try:
        finding = claim.function([run[name] for name in chosen])
    except UndecidedError as reason:
        return Verdict(claim, CANNOT, str(reason), tuple(chosen), bool(missing))
    verdict = HOLDS if finding.holds else DOES_NOT
    return Verdict(claim, verdict, finding.found, tuple(chosen), bool(missing))
