"""The tables of an ablation: a row for each firing, and a row for each neuron that sums them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from neuron_census.ablate.aboard import KINDS
from neuron_census.ablate.outcomes import EFFECTS, MATCHED, TRIGGER, Outcomes
from neuron_census.ablate.statistics import (
    benjamini_hochberg,
    difference_of_differences,
    document_means,
    estimate,
)
from neuron_census.ablate.subjects import Subject
from neuron_census.formats.tables.ablations import ABLATIONS, FIRINGS

LEAST_FIRINGS = 30
LEAST_DOCUMENTS = 10
"""With fewer, nothing is said of a neuron."""

OWN, CONTROLS, RANDOM = 0, slice(1, -1), len(KINDS) - 1


def make_firings(subjects: Sequence[Subject], outcomes: Sequence[Outcomes]) -> pl.DataFrame:
    """Return the table of firings.

    Parameters
    ----------
    subjects
        the neurons that were ablated
    outcomes
        what their firings came to
    """
    rows = [row for found in outcomes for row in _rows(subjects, found)]
    return (
        pl.DataFrame(rows, schema=FIRINGS.schema, orient="row")
        .sort("layer", "neuron", "window")
        .select(list(FIRINGS.columns))
    )


def _rows(subjects: Sequence[Subject], found: Outcomes) -> list[dict[str, Any]]:
    rows = []
    for row, number in enumerate(found.subject.tolist()):
        subject = subjects[number]
        controls = [control for control in found.controls[row].tolist() if control >= 0]
        matched = int(found.tokens[row, MATCHED])
        ranks = found.ranks[row, subject.layer :]
        said: dict[str, Any] = {
            "layer": subject.layer,
            "neuron": subject.neuron,
            "window": int(found.window[row]),
            "position": int(found.position[row]),
            "token": int(found.tokens[row, TRIGGER]),
            "matched_token": matched if matched >= 0 else None,
            "activation": float(found.activation[row]),
            "norm": float(found.norm[row]),
            "projection": float(found.projection[row]),
            "controls": controls,
            "rank": int(ranks[-1, 0]),
            "rank_without": int(ranks[-1, 1]),
            "ranks": ranks[:, 0].tolist(),
            "ranks_without": ranks[:, 1].tolist(),
        }
        for effect in EFFECTS:
            values = found.effects[effect][row]
            for which, name in ((TRIGGER, ""), (MATCHED, "matched_")):
                there = which == TRIGGER or matched >= 0
                of_controls = values[CONTROLS, which][: len(controls)].tolist()
                said[f"{name}{effect}"] = float(values[OWN, which]) if there else None
                said[f"control_{name}{effect}"] = of_controls if there else []
                said[f"random_{name}{effect}"] = float(values[RANDOM, which]) if there else None
        rows.append(said)
    return rows


def make_ablations(
    subjects: Sequence[Subject],
    outcomes: Sequence[Outcomes],
    documents: Mapping[int, int],
    seed: int,
) -> pl.DataFrame:
    """Return the table with a row for each neuron.

    Parameters
    ----------
    subjects
        the neurons that were ablated
    outcomes
        what their firings came to
    documents
        a number for the document of each window, by the window's row
    seed
        of the bootstraps
    """
    gathered = _Gathered.of(outcomes, documents)
    rows = [
        _summary(subject, gathered.of_subject(number), seed)
        for number, subject in enumerate(subjects)
    ]
    table = pl.DataFrame(rows, schema=ABLATIONS.schema, orient="row")
    for effect in EFFECTS:
        name = f"{effect}_difference"
        p = table[f"{name}_p"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        near = table["near"].to_numpy()
        q = np.full(len(table), np.nan)
        for group in (near, ~near):
            q[group] = benjamini_hochberg(p[group])
        table = table.with_columns(pl.Series(f"{name}_q", q).fill_nan(None))
    return table.select(list(ABLATIONS.columns))


class _Gathered:
    """The firings of all micro-batches, in the order of windows."""

    def __init__(
        self,
        subject: Int64[np.ndarray, " firings"],
        document: Int64[np.ndarray, " firings"],
        projection: Float64[np.ndarray, " firings"],
        effects: Mapping[str, Float64[np.ndarray, "firings kinds 2"]],
        ranks: Int64[np.ndarray, "firings layers 2"],
    ) -> None:
        self.subject = subject
        self.document = document
        self.projection = projection
        self.effects = effects
        self.ranks = ranks

    @classmethod
    def of(cls, outcomes: Sequence[Outcomes], documents: Mapping[int, int]) -> _Gathered:
        """Put micro-batches together."""
        if not outcomes:
            nothing = np.empty(0, dtype=np.int64)
            effects = {name: np.empty((0, len(KINDS), 2)) for name in EFFECTS}
            return cls(nothing, nothing, np.empty(0), effects, np.empty((0, 0, 2), dtype=np.int64))
        window = np.concatenate([found.window for found in outcomes])
        order = np.argsort(window, kind="stable")
        document = np.array([documents[int(row)] for row in window], dtype=np.int64)
        return cls(
            np.concatenate([found.subject for found in outcomes])[order],
            document[order],
            np.concatenate([found.projection for found in outcomes])[order],
            {
                name: np.concatenate([found.effects[name] for found in outcomes])[order]
                for name in EFFECTS
            },
            np.concatenate([found.ranks for found in outcomes])[order],
        )

    def of_subject(self, number: int) -> _Gathered:
        """Return the firings of one neuron."""
        own = self.subject == number
        return _Gathered(
            self.subject[own],
            self.document[own],
            self.projection[own],
            {name: values[own] for name, values in self.effects.items()},
            self.ranks[own],
        )


def _summary(subject: Subject, firings: _Gathered, seed: int) -> dict[str, Any]:
    count, documents = len(firings.subject), len(np.unique(firings.document))
    said: dict[str, Any] = dict.fromkeys(ABLATIONS.columns)
    said |= {
        "layer": subject.layer,
        "neuron": subject.neuron,
        "near": subject.near,
        "nearness": subject.nearness,
        "suppression": subject.suppression,
        "firings": count,
        "documents": documents,
    }
    if count < LEAST_FIRINGS or documents < LEAST_DOCUMENTS:
        return said
    own_seed = (seed, subject.layer, subject.neuron)
    said["projection"] = float(document_means(firings.projection, firings.document).mean())
    for effect, values in firings.effects.items():
        mean = estimate(document_means(values[:, OWN, TRIGGER], firings.document), own_seed)
        random = document_means(values[:, RANDOM, TRIGGER], firings.document)
        compared = estimate(
            document_means(
                difference_of_differences(values[:, OWN], values[:, CONTROLS]), firings.document
            ),
            own_seed,
        )
        said |= {
            effect: mean.mean,
            f"{effect}_low": mean.low,
            f"{effect}_high": mean.high,
            f"{effect}_random": float(random.mean()),
        }
        for name, value in (
            ("", compared.mean),
            ("_low", compared.low),
            ("_high", compared.high),
            ("_p", compared.p),
        ):
            said[f"{effect}_difference{name}"] = None if np.isnan(value) else value
    ranks = np.median(firings.ranks[:, subject.layer :], axis=0)
    said |= {"ranks": ranks[:, 0].tolist(), "ranks_without": ranks[:, 1].tolist()}
    return said
