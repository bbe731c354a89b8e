"""Census, triggers, projections and spectra tables of models whose detectors are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from helpers.made.contexts import coverage_frame
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.looser import LOOSER
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.table import Table
from neuron_census.formats.tables.vocabulary import NGRAMS

Ngram = tuple[int, ...]
Cover = int | None
QUANTILES = 257
EXTREMES = 10
TOKENS = 2000


@dataclass(frozen=True)
class Detector:
    """A neuron that detects n-grams of one length, all equally often.

    `projections` are on its tokens, -0.1 unless they are given; `chance` are n-grams that trigger it and
    are not covered.
    """

    neuron: int
    ngrams: Sequence[Ngram]
    activations: int = 100
    projections: Sequence[float] = ()
    chance: Sequence[Ngram] = ()

    @property
    def values(self) -> list[float]:
        """Projections on its tokens."""
        return list(self.projections) or [-0.1] * len(self.ngrams)


@dataclass(frozen=True)
class Layer:
    """Detectors of each length, dead neurons, and covers of neurons that are not 3000.

    A cover is one for all lengths, or one for each. `near` are neurons that cover n-grams of a length
    without being their detectors. `looser` has the number of detectors of each length under looser
    thresholds, and how many n-grams they detect; those above unless it is given.
    """

    detectors: Mapping[str, Sequence[Detector]] = field(default_factory=dict)
    dead: Sequence[int] = ()
    covers: Mapping[int, Cover | tuple[Cover, Cover, Cover]] = field(default_factory=dict)
    near: Mapping[str, Sequence[Detector]] = field(default_factory=dict)
    looser: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def cover(self, neuron: int, n: int) -> Cover:
        """Return the cover of a neuron that is no detector of n-grams of length `n`."""
        cover = self.covers.get(neuron, 3000)
        return cover[n - 1] if isinstance(cover, tuple) else cover


def made_model(
    name: str,
    analysed: Sequence[Layer],
    *,
    num_layers: int | None = None,
    ffn_dim: int = 16,
    texts: Mapping[int, str] | None = None,
) -> ModelTables:
    """Return the tables of a model; above the analysed layers columns of n-grams are null.

    Parameters
    ----------
    name
        of the model
    analysed
        its lowest layers
    num_layers
        of the model; twice the analysed ones unless it is given
    ffn_dim
        neurons of a layer
    texts
        of tokens; of others it is " token" and the id
    """
    layers = num_layers or 2 * len(analysed)
    names = texts or {}
    census, triggers, projections, spectra, looser = [], [], [], [], []
    for layer in range(layers):
        made = analysed[layer] if layer < len(analysed) else None
        for neuron in range(ffn_dim):
            row: dict[str, Any] = {
                "layer": layer,
                "neuron": neuron,
                "tokens": 1000,
                "activations": 0 if made and neuron in made.dead else 10,
                "frequency": 0.0 if made and neuron in made.dead else 0.01,
                "dead": bool(made and neuron in made.dead),
            }
            if made:
                row |= _of_ngrams(made, neuron)
            census.append(row)
        for n, ngram in enumerate(NGRAMS, start=1):
            if made:
                looser.append(_looser(made, layer, n, ngram))
            for near in made.near.get(ngram, ()) if made else ():
                triggers += _triggers(layer, n, near, names)
            for detector in made.detectors.get(ngram, ()) if made else ():
                triggers += _triggers(layer, n, detector, names)
                if n == 1:
                    ascending = _spectrum(layer, detector)
                    place = {"layer": layer, "neuron": detector.neuron}
                    spectra.append(place | {"quantiles": ascending})
                    projections += [
                        place | extreme for extreme in _extremes(detector, ascending, names)
                    ]
    listed = _frame(triggers, TRIGGERS)
    neurons = _frame(census, CENSUS, without="positions")
    frames = {
        "census": neurons,
        "triggers": listed,
        "covered": listed.filter("covered"),
        "projections": _frame(projections, PROJECTIONS),
        "spectra": _frame(spectra, SPECTRA),
        "looser": _frame(looser, LOOSER),
        "coverage": coverage_frame(neurons),
    }
    return ModelTables(name, {}, frames)


def grown_model(
    name: str,
    num_layers: int,
    *,
    ffn_dim: int = 64,
    detectors: int = 6,
    texts: Mapping[int, str] | None = None,
    seed: int = 0,
) -> ModelTables:
    """Return a model with detectors of every length, more of them and smaller covers in lower layers."""
    generator = np.random.default_rng(seed)
    analysed = []
    for layer in range(-(-num_layers // 2)):
        found: dict[str, list[Detector]] = {}
        for n, ngram in enumerate(NGRAMS, start=1):
            most = max(0, detectors - layer)
            neurons = generator.choice(ffn_dim, size=min(most, ffn_dim), replace=False)
            found[ngram] = [_any_detector(int(neuron), n, generator) for neuron in neurons]
        busy = {detector.neuron for several in found.values() for detector in several}
        idle = [neuron for neuron in range(ffn_dim) if neuron not in busy]
        covers: dict[int, Cover | tuple[Cover, Cover, Cover]] = {
            neuron: int(10 ** generator.uniform(0, 4)) for neuron in idle
        }
        dead = [neuron for neuron in idle if generator.random() < 0.3]
        analysed.append(Layer(found, dead, covers))
    return made_model(name, analysed, num_layers=num_layers, ffn_dim=ffn_dim, texts=texts)


def _any_detector(neuron: int, n: int, generator: np.random.Generator) -> Detector:
    ngrams = [
        tuple(generator.integers(0, TOKENS, n).tolist()) for _ in range(generator.integers(1, 5))
    ]
    return Detector(
        neuron,
        sorted(set(ngrams)),
        int(generator.integers(20, 4000)),
        generator.normal(-0.12, 0.08, len(set(ngrams))).round(4).tolist(),
    )


def _of_ngrams(made: Layer, neuron: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for n, ngram in enumerate(NGRAMS, start=1):
        detector = _detector(made, ngram, neuron)
        cover = made.cover(neuron, n)
        row |= {
            f"{ngram}_activations": detector.activations if detector else cover or 0,
            f"{ngram}_distinct": len(detector.ngrams) if detector else cover or 0,
            f"{ngram}_cover": len(detector.ngrams) if detector else cover,
            f"{ngram}_detector": detector is not None,
        }
    if tokens := _detector(made, NGRAMS[0], neuron):
        values = np.array(tokens.values)
        row |= {
            "suppression": float(values.mean()),
            "suppresses": bool(values.mean() < 0),
            "suppression_all_negative": bool((values < 0).all()),
            "suppression_majority_negative": bool(2 * (values < 0).sum() > len(values)),
            "suppression_percentile": 0.1,
        }
    return row


def _looser(made: Layer, layer: int, n: int, ngram: str) -> dict[str, Any]:
    detectors = made.detectors.get(ngram, ())
    ngrams = {gram for detector in detectors for gram in detector.ngrams}
    found, detected = made.looser.get(ngram, (len(detectors), len(ngrams)))
    return {
        "layer": layer,
        "n": n,
        "coverage": 0.8,
        "presence": 0.75,
        "detectors": found,
        "detected": detected,
        "cumulative": detected,
    }


def _detector(made: Layer, ngram: str, neuron: int) -> Detector | None:
    return next((one for one in made.detectors.get(ngram, ()) if one.neuron == neuron), None)


def _triggers(
    layer: int, n: int, detector: Detector, names: Mapping[int, str]
) -> list[dict[str, Any]]:
    ascending = _spectrum(layer, detector)
    rows = []
    for place, ngram in enumerate([*detector.ngrams, *detector.chance]):
        covered = place < len(detector.ngrams)
        value = detector.values[place] if n == 1 and covered else None
        share = detector.activations // len(detector.ngrams) if covered else 1
        rows.append(
            {
                "layer": layer,
                "neuron": detector.neuron,
                "n": n,
                "ngram": list(ngram),
                "text": "".join(_text(token, names) for token in ngram),
                "activations": share,
                "occurrences": share + (0 if covered else 50),
                "covered": covered,
                "projection": value,
                "percentile": None
                if value is None
                else float(np.searchsorted(ascending, value)) / QUANTILES,
            }
        )
    return rows


def _spectrum(layer: int, detector: Detector) -> list[float]:
    generator = np.random.default_rng([layer, detector.neuron])
    values = generator.normal(0.0, 0.05, 20_000)
    low = min([*detector.values, float(values.min())])
    values[0] = low
    return np.quantile(values, np.linspace(0, 1, QUANTILES)).tolist()  # type: ignore[no-any-return]


def _extremes(
    detector: Detector, ascending: list[float], names: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return the extreme tokens: its own are among the suppressed where they are as low as these."""
    own = sorted(zip(detector.values, (t for (t,) in detector.ngrams), strict=True))
    low = [pair for pair in own if pair[0] < ascending[2]]
    others = [
        (ascending[0] + 0.004 * place, 1 + (detector.neuron * 37 + place * 11) % TOKENS)
        for place in range(1, 1 + EXTREMES)
    ]
    suppressed = sorted(low + others)[:EXTREMES]
    promoted = [
        (ascending[-1] - 0.004 * place, 1 + (detector.neuron * 53 + place * 7) % TOKENS)
        for place in range(EXTREMES)
    ]
    return [
        {"rank": sign * rank, "token": token, "text": _text(token, names), "value": value}
        for sign, listed in ((1, promoted), (-1, suppressed))
        for rank, (value, token) in enumerate(listed, start=1)
    ]


def _text(token: int, names: Mapping[int, str]) -> str:
    return names.get(token, f" token{token}")


def _frame(rows: list[dict[str, Any]], table: Table, without: str = "") -> pl.DataFrame:
    left_out = table.optional.get(without, {})
    schema = {
        name: column.dtype for name, column in table.all_columns.items() if name not in left_out
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
