"""Everything that a census knows of one neuron, read together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from neuron_census.library.census import KINDS, Census

TABLES = [name for name in ("triggers", "projections", "contexts", "ablations") if name in KINDS]
"""Tables that have rows of a neuron, where the run has made them."""


@dataclass(frozen=True)
class NeuronSheet:
    """One neuron: its row of the census, and its rows of the tables that go with it.

    `size` is the number of layers of the model and of neurons in each. `tables` holds, by name, the rows of
    those tables that are there; `curve` is None where positions were not counted.
    """

    model: str
    size: tuple[int, int]
    row: dict[str, Any]
    domains: dict[str, int]
    tables: dict[str, pl.DataFrame]
    curve: pl.DataFrame | None

    @classmethod
    def read(cls, census: Census, model: str, layer: int, neuron: int) -> NeuronSheet:
        """Return what there is of a neuron; CensusError for one that is not there, and for damaged files."""
        row = census.neuron(model, layer, neuron)
        tables: dict[str, pl.DataFrame] = {
            name: census.table(name, model, layer, neuron)
            for name in sorted(TABLES)
            if census.has(name, model)
        }
        return cls(
            model,
            census.size(model),
            row,
            census.domains(model),
            tables,
            census.curve(model, layer, neuron) if census.has_curves(model) else None,
        )

    def as_object(self) -> dict[str, Any]:
        """Return all of it as what JSON can say."""
        layers, neurons = self.size
        return {
            "model": self.model,
            "layers": layers,
            "neurons": neurons,
            "domains": self.domains,
            "census": self.row,
            **{name: rows.to_dicts() for name, rows in self.tables.items()},
            "curve": None if self.curve is None else self.curve.to_dicts(),
        }
