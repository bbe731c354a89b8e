"""What a test of a claim finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Number = int | float


@dataclass(frozen=True)
class Finding:
    """Whether a claim holds for the models that it was tested on, and the numbers that say so."""

    holds: bool
    found: str


class UndecidedError(Exception):
    """Why the models or studies of this run cannot decide a claim."""


def numbers(values: Iterable[Number | None]) -> str:
    """Return numbers for a reader, with three significant digits."""
    return ", ".join("none" if value is None else f"{value:.3g}" for value in values)


def falls(values: Sequence[Number | None], model_names: Sequence[str]) -> Finding:
    """Return whether no value is greater than the one before it, and the last less than the first."""
    return _ordered(values, model_names, falling=True)


def rises(values: Sequence[Number | None], model_names: Sequence[str]) -> Finding:
    """Return whether no value is less than the one before it, and the last greater than the first."""
    return _ordered(values, model_names, falling=False)


def _ordered(
    values: Sequence[Number | None], model_names: Sequence[str], *, falling: bool
) -> Finding:
    given = [value for value in values if value is not None]
    if len(given) < len(values):
        raise UndecidedError(f"{model_names[list(values).index(None)]} has nothing to compare.")
    ascending = given[::-1] if falling else given
    holds = ascending == sorted(ascending) and ascending[0] < ascending[-1]
    said = "; ".join(f"{name} {value:.3g}" for name, value in zip(model_names, given, strict=True))
    return Finding(holds, said)
