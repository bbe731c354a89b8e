"""What a test of a claim finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Whether a claim holds for the models that it was tested on, and the numbers that say so."""

    holds: bool
    found: str


class UndecidedError(Exception):
    """The models or studies of this run cannot decide a claim, and why."""


def numbers(values: Iterable[float | None]) -> str:
    """Numbers for a reader: whole ones as they are, others with three digits."""
    return ", ".join("none" if value is None else f"{value:.3g}" for value in values)


def falls(values: Iterable[float | None], model_names: Iterable[str]) -> Finding:
    """Whether each value is at most the one before it, and the last less than the first."""
    return _ordered(values, model_names, falling=True)


def rises(values: Iterable[float | None], model_names: Iterable[str]) -> Finding:
    """Whether each value is at least the one before it, and the last more than the first."""
    return _ordered(values, model_names, falling=False)


def _ordered(
    values: Iterable[float | None], model_names: Iterable[str], *, falling: bool
) -> Finding:
    known = list(values)
    names = list(model_names)
    if None in known:
        raise UndecidedError(f"{names[known.index(None)]} has nothing to compare.")
    given = [value for value in known if value is not None]
    ascending = given[::-1] if falling else given
    holds = ascending == sorted(ascending) and ascending[0] < ascending[-1]
    said = "; ".join(f"{name} {value:.3g}" for name, value in zip(names, given, strict=True))
    return Finding(holds, said)
