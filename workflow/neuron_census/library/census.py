"""What a run has found, as frames: every model of a folder of results.

    census = Census.open("results")
    census.models                                 # ("opt-mini-l", "opt-mini-m")
    census.neurons("opt-mini-l")                  # one row per neuron
    census.curve("opt-mini-l", 0, 49)             # one row per domain and position
    census.bits("opt-mini-l", 0, 49, window=7)    # one truth per token, from a kept recording

Layers, neurons, positions and windows count from 0. Files are read when they are asked for, and each is
compared with its seal; docs/tables.md describes their columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool

from neuron_census.errors import CensusError, one_of
from neuron_census.formats.counts import Counts
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import check_same, read_seal
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.ablations import ABLATIONS, FIRINGS
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.of_a_model import TABLES
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.table import Table
from neuron_census.formats.windows import Windows
from neuron_census.library.counts import counts_by_domain, curve_by_domain
from neuron_census.library.recorded_bits import read_bits

KINDS = {table.name: table for table in (*TABLES, ABLATIONS, FIRINGS)}
"""Every kind of table that a model can have, by its name."""


@dataclass(frozen=True)
class Census:
    """The results of a run: `folder` is where they lie, `models` are those that have a census, by name."""

    folder: Path
    models: tuple[str, ...]

    @classmethod
    def open(cls, folder: str | Path = "results") -> Census:
        """Return what a folder of results has, without reading any table.

        Parameters
        ----------
        folder
            the folder `results` of a run

        Raises CensusError where it holds no census.
        """
        folder = Path(folder)
        models = sorted(path.stem for path in (folder / CENSUS.name).glob("*.parquet"))
        if not models:
            raise CensusError(
                f"{folder / CENSUS.name}: expected the census of a model, {{model}}.parquet, and found none. Name "
                "the folder of results that a run has made, or make it: snakemake --cores 1."
            )
        return cls(folder, tuple(models))

    def neurons(self, model: str) -> pl.DataFrame:
        """Return the census of a model: one row per neuron, by layer and neuron.

        Parameters
        ----------
        model
            its name in the config

        Raises CensusError, here and below, for a model that is not there and for files that are missing,
        damaged or of another model.
        """
        return self._table(CENSUS, model)

    def neuron(self, model: str, layer: int, neuron: int) -> dict[str, Any]:
        """Return the census's row of one neuron; CensusError for one that the model does not have."""
        rows = self.neurons(model)
        found = rows.filter(pl.col("layer") == layer, pl.col("neuron") == neuron)
        if found.is_empty():
            raise CensusError(
                f"{model}: has no neuron {neuron} in layer {layer}; expected layers from 0 to "
                f"{rows['layer'].n_unique() - 1} and neurons from 0 to {rows['neuron'].n_unique() - 1}."
            )
        return found.row(0, named=True)

    def size(self, model: str) -> tuple[int, int]:
        """Return how many layers a model has, and how many neurons each of them."""
        rows = self.neurons(model)
        return rows["layer"].n_unique(), rows["neuron"].n_unique()

    def triggers(
        self, model: str, layer: int | None = None, neuron: int | None = None
    ) -> pl.DataFrame:
        """Return the n-grams that activate neurons of a model, of all or of some: one row per neuron and n-gram."""
        return self._table(TRIGGERS, model, layer, neuron)

    def projections(
        self, model: str, layer: int | None = None, neuron: int | None = None
    ) -> pl.DataFrame:
        """Return what token detectors promote and suppress most: one row per detector and token."""
        return self._table(PROJECTIONS, model, layer, neuron)

    def spectra(self, model: str) -> pl.DataFrame:
        """Return the quantiles of the projections of token detectors on all tokens: one row per detector."""
        return self._table(SPECTRA, model)

    def curves(self, model: str) -> pl.DataFrame:
        """Return the curves of positional neurons and what describes them: one row per positional neuron."""
        return self._table(POSITIONS, model)

    def curve(self, model: str, layer: int, neuron: int) -> pl.DataFrame:
        """Return how often any neuron, positional or not, is active at each position (section 5).

        One row per domain and position: `windows` i64 (full-length windows of the domain), `activations`
        i64 (of these, those in which it is active there) and `frequency` f64, 0 to 1.
        """
        self.neuron(model, layer, neuron)
        return curve_by_domain(self._counts(model), layer, neuron)

    def counts(self, model: str) -> pl.DataFrame:
        """Return exact counts of the dead study, without any threshold: one row per neuron and domain.

        Columns: layer, neuron, domain, `tokens` and `windows` of the domain, `activations` (BOS left out)
        and `active_at_bos` (windows), i64.
        """
        return counts_by_domain(self._counts(model))

    def contexts(
        self, model: str, layer: int | None = None, neuron: int | None = None
    ) -> pl.DataFrame:
        """Return the text behind neurons: where each was most active, and a sample of where it was active."""
        return self.table("contexts", model, layer, neuron)

    def ablations(
        self, model: str, layer: int | None = None, neuron: int | None = None
    ) -> pl.DataFrame:
        """Return what became of the logits without a neuron: one row per neuron that was ablated."""
        return self.table("ablations", model, layer, neuron)

    def table(
        self, name: str, model: str, layer: int | None = None, neuron: int | None = None
    ) -> pl.DataFrame:
        """Return any table of a model by its name in docs/tables.md, such as `looser`.

        Parameters
        ----------
        name
            the kind of table: its folder in the results
        model
            its name in the config
        layer, neuron
            only rows of these

        Raises CensusError for a kind that there is not, and where the run has made no such table.
        """
        if name not in KINDS:
            raise CensusError(f"there is no table '{name}'; {one_of(name, list(KINDS))}")
        return self._table(KINDS[name], model, layer, neuron)

    def windows(self, model: str) -> pl.DataFrame:
        """Return the windows that a model has read: one row per window, its tokens among the columns."""
        return self._windows(model).table

    def bits(self, model: str, layer: int, neuron: int, window: int) -> Bool[np.ndarray, " token"]:
        """Return whether a neuron is active at each token of a window, the BOS first, bool `[token]`.

        Recordings are there if the run was told `record: {keep: true}`. They hold, token by token, the
        windows of the n-gram study and the analysed layers.

        Parameters
        ----------
        model
            its name in the config
        layer, neuron
            the neuron
        window
            number of the window in `windows`

        Raises CensusError where the recording is not there, or does not hold the layer or the window.
        """
        self.neuron(model, layer, neuron)
        folder = self.folder / "recordings" / model
        return read_bits(folder, self._windows(model), self.facts(model), layer, neuron, window)

    def facts(self, model: str) -> dict[str, str]:
        """Return what the census's seal says of a model: digests of its weights and windows, dtype and the like."""
        return dict(read_seal(self._path(CENSUS, model)).facts)

    def domains(self, model: str) -> dict[str, int]:
        """Return the tokens that the dead study has read of each domain, BOS left out."""
        domains: dict[str, int] = read_metadata(self._path(CENSUS, model), "domains") or {}
        return domains

    def thresholds(self, model: str) -> dict[str, Any]:
        """Return the thresholds that were applied, as in the config's `classify`."""
        thresholds: dict[str, Any] = read_metadata(self._path(CENSUS, model), "thresholds") or {}
        return thresholds

    def tokenizer_digest(self, model: str) -> str | None:
        """Return the digest of the tokenizer that cut the windows; None where the windows are not at hand."""
        seals = self._window_tables(model)
        return next(iter(seals.values())) if seals else None

    def require_model(self, model: str) -> None:
        """Raise CensusError, which names the models that are there, for one that is not."""
        if model not in self.models:
            raise CensusError(
                f"{self.folder}: has no census of a model '{model}'; {one_of(model, list(self.models))}"
            )

    def has(self, name: str, model: str) -> bool:
        """Return whether there is a table of a kind for a model."""
        return (self.folder / name / f"{model}.parquet").is_file()

    def has_curves(self, model: str) -> bool:
        """Return whether the counts of a model are at hand, with windows of the positions study."""
        there = (self.folder / "counts" / f"{model}.zarr").is_dir()
        return there and "positions" in self._counts(model).group

    def _path(self, table: Table, model: str) -> Path:
        self.require_model(model)
        return self.folder / table.name / f"{model}.parquet"

    def _table(
        self, table: Table, model: str, layer: int | None = None, neuron: int | None = None
    ) -> pl.DataFrame:
        path = self._path(table, model)
        only: pl.Expr | None = None
        for column, value in (("layer", layer), ("neuron", neuron)):
            if value is not None:
                wanted = pl.col(column) == value
                only = wanted if only is None else only & wanted
        rows = read_table(path, table, only=only)
        check_same([read_seal(self._path(CENSUS, model)), read_seal(path)])
        return rows

    def _counts(self, model: str) -> Counts:
        census = read_seal(self._path(CENSUS, model))
        counts = Counts.open(self.folder / "counts" / f"{model}.zarr")
        check_same([census, read_seal(counts.path)])
        return counts

    def _windows(self, model: str) -> Windows:
        for path in self._window_tables(model):
            return Windows.open(path)
        raise CensusError(
            f"{self.folder / 'windows'}: has no windows that '{model}' has read (digest "
            f"{self.facts(model).get('windows')}). Copy them from where the census was taken."
        )

    def _window_tables(self, model: str) -> dict[Path, str | None]:
        """Return the table of the windows that a model has read, with its tokenizer's digest, if it is at hand."""
        wanted = self.facts(model).get("windows")
        found: dict[Path, str | None] = {}
        for path in sorted((self.folder / "windows").glob("*/windows.parquet")):
            facts = read_seal(path).facts
            if facts.get("windows") == wanted:
                found[path] = facts.get("tokenizer")
        return found
