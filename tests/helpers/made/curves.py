"""Curves of frequency over positions that belong to a type beyond doubt, counted in a number of windows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

Curve = Float64[np.ndarray, " position"]
Kind = tuple[str, str]

KINDS: tuple[Kind, ...] = tuple(
    (pattern, strength)
    for pattern in ("oscillatory", "both extremes", "one extreme", "other")
    for strength in ("strong", "weak")
)


def made_curves(
    kind: Kind, count: int, length: int, windows: int, generator: np.random.Generator
) -> Float64[np.ndarray, "neuron position"]:
    """Draw curves of a type, upside down and back to front as often as not, with the noise of counting.

    Parameters
    ----------
    kind
        pattern and strength
    count
        how many
    length
        positions of a window
    windows
        how many windows are counted
    generator
        of the random numbers
    """
    drawn = [_drawn(kind, length, generator) for _ in range(count)]
    counts = generator.binomial(windows, np.clip(drawn, 0, 1))
    frequency: Float64[np.ndarray, "neuron position"] = counts / windows
    return frequency


def _drawn(kind: Kind, length: int, generator: np.random.Generator) -> Curve:
    curve = MAKERS[kind](np.linspace(0, 1, length), generator)
    if generator.random() < 0.5:
        curve = 1 - curve
    drawn: Curve = curve[::-1] if generator.random() < 0.5 else curve
    return drawn


def _decided_oscillation(place: Curve, generator: np.random.Generator) -> Curve:
    """On and off between 3 and 6 times, each for a quarter of the cycle at least."""
    wave = np.sin(2 * np.pi * (generator.uniform(3, 6) * place + generator.random()))
    return switch(generator.uniform(12, 40) * (wave + generator.uniform(-0.5, 0.5)))


def _undecided_oscillation(place: Curve, generator: np.random.Generator) -> Curve:
    """A wave between frequencies that are neither 0 nor 1, growing or shrinking."""
    wave = np.sin(2 * np.pi * (generator.uniform(3, 8) * place + generator.random()))
    swing = generator.uniform(0.25, 0.42) * (1 - generator.uniform(0, 0.3) * place)
    curve: Curve = 0.5 + swing * wave
    return curve


def _decided_switch(place: Curve, generator: np.random.Generator) -> Curve:
    """From never to always, at once or over a quarter of the window; sometimes back again."""
    steepness = 10 ** generator.uniform(1.8, 3.5)
    if generator.random() < 0.5:
        return switch(steepness * (place - generator.uniform(0.3, 0.7)))
    first, last = generator.uniform(0.2, 0.35), generator.uniform(0.65, 0.8)
    there: Curve = switch(steepness * (place - first))
    there *= switch(steepness * (last - place))
    return there


def _undecided_switch(place: Curve, generator: np.random.Generator) -> Curve:
    """From hardly ever to nearly always, or all the way with a ragged curve."""
    middle = generator.uniform(0.3, 0.7)
    if generator.random() < 0.5:
        floor = generator.uniform(0.015, 0.04)
        return floor + (1 - 2 * floor) * switch(generator.uniform(25, 60) * (place - middle))
    course = switch(generator.uniform(12, 20) * (place - middle))
    return _ragged(course, generator.uniform(0.5, 0.7), generator)


def _decided_side(place: Curve, generator: np.random.Generator) -> Curve:
    """Never at some positions, often at others, but nowhere always."""
    top, steepness = generator.uniform(0.3, 0.85), 10 ** generator.uniform(1.4, 3)
    return top * switch(steepness * (place - generator.uniform(0.35, 0.7)))


def _undecided_side(place: Curve, generator: np.random.Generator) -> Curve:
    """Hardly ever at some positions, often at others, but nowhere always."""
    floor, top = generator.uniform(0.015, 0.04), generator.uniform(0.4, 0.85)
    return floor + (top - floor) * switch(
        generator.uniform(15, 40) * (place - generator.uniform(0.35, 0.7))
    )


def _slope(place: Curve, generator: np.random.Generator) -> Curve:
    """A smooth slope, straight from end to end or bent and away from both extremes."""
    if generator.random() < 0.5:
        low, high = generator.uniform(0, 0.2), generator.uniform(0.7, 1)
        return low + (high - low) * place
    low, high = generator.uniform(0.14, 0.3), generator.uniform(0.7, 0.86)
    return low + (high - low) * np.sin(np.pi * place * generator.uniform(0.5, 1)) ** 2


def _ragged_slope(place: Curve, generator: np.random.Generator) -> Curve:
    """A slope or a level away from both extremes, of which neighbouring positions differ."""
    low, high = generator.uniform(0.2, 0.5), generator.uniform(0.5, 0.8)
    ragged = generator.normal(0, generator.uniform(0.08, 0.2), len(place))
    return low + (high - low) * place + ragged


MAKERS: dict[Kind, Callable[[Curve, np.random.Generator], Curve]] = {
    ("oscillatory", "strong"): _decided_oscillation,
    ("oscillatory", "weak"): _undecided_oscillation,
    ("both extremes", "strong"): _decided_switch,
    ("both extremes", "weak"): _undecided_switch,
    ("one extreme", "strong"): _decided_side,
    ("one extreme", "weak"): _undecided_side,
    ("other", "strong"): _slope,
    ("other", "weak"): _ragged_slope,
}


def _ragged(course: Curve, amount: float, generator: np.random.Generator) -> Curve:
    """A curve whose positions differ from their neighbours where it is between the extremes."""
    room = np.minimum(course, 1 - course)
    curve: Curve = course + 2 * amount * room * generator.uniform(-1, 1, len(course))
    return curve


def switch(place: Curve) -> Curve:
    """Return the logistic function, 0 to 1, at each place."""
    switch: Curve = 1 / (1 + np.exp(-np.clip(place, -60, 60)))
    return switch
