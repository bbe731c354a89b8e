"""Ablations tables of made models, with a row of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.formats.seal import read_seal
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.ablations import ABLATIONS, EFFECTS


def made_ablations(path: Path, census: Path, layers: int) -> Path:
    """Write the ablations of three neurons: a suppressor, a near promoter, and one with too few firings.

    They are the neurons 3, 5 and 7 of layer 1.

    Parameters
    ----------
    path
        the table
    census
        the model's census, whose facts the table shares
    layers
        of the model
    """
    rows = [
        _row(3, near=False, effect=-0.5),
        _row(5, near=True, effect=0.25),
        _row(7, near=True, effect=None),
    ]
    for row in rows[:2]:
        row |= {"ranks": [4.0 + place for place in range(layers - 1)]}
        row |= {"ranks_without": [2.5] * (layers - 1)}
    frame = pl.DataFrame(rows, schema=ABLATIONS.schema)
    write_table(frame, ABLATIONS, path, facts=read_seal(census).facts)
    return path


def _row(neuron: int, *, near: bool, effect: float | None) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(ABLATIONS.columns)
    row |= {"layer": 1, "neuron": neuron, "near": near, "nearness": 0.75 if near else None}
    row |= {"firings": 64 if effect else 12, "documents": 40 if effect else 9}
    if effect is None:
        return row
    row["projection"] = effect / 10
    for place, name in enumerate(EFFECTS):
        for said in (name, f"{name}_difference"):
            value = effect * (1 + place)
            row |= {said: value, f"{said}_low": value - 0.125, f"{said}_high": value + 0.125}
        row |= {f"{name}_random": 0.0, f"{name}_difference_p": 0.001, f"{name}_difference_q": 0.01}
    return row
