"""Export to Neuronpedia: a model's neurons, and the text behind them, as the files that its import reads.

    export_neuronpedia(census=path, contexts=path, projections=path, creator="…", owner="Meta",
                       output=Path("neuronpedia"))

Neuronpedia's import takes a folder per source, here per layer: `{model}/{layer}/` with model.jsonl, sourceset.jsonl
and source.jsonl of one line each, and features/ and activations/ in batches, whose lines are rows of its tables
`Neuron` and `Activation`. All lines of a file have the same keys, for the import reads them off the first.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.draw.model_tables import ModelTables, by_model
from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import sealed
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.ngrams import PROJECTIONS
from neuron_census.formats.tables.table import Table
from neuron_census.progress import progress

NAME = re.compile(r"[a-z0-9_-]{1,128}")
BATCH = 1024
"""Neurons per file: some megabytes, of which the import takes many."""
SOURCE_SET = "neurons"
"""What Neuronpedia calls the neurons of a model themselves; their sources are named by the numbers of layers."""


@dataclass(frozen=True)
class _Keys:
    """The keys that every row has: the model's name there, and the user to whom the rows belong."""

    model: str
    creator: str

    def of(self, layer: int) -> dict[str, pl.Expr]:
        """Return columns of a table of a layer."""
        return {
            "modelId": pl.lit(self.model),
            "layer": pl.lit(str(layer)),
            "index": pl.col("neuron").cast(pl.String),
            "creatorId": pl.lit(self.creator),
        }


def export_neuronpedia(
    *,
    census: Path,
    contexts: Path,
    projections: Path | None = None,
    creator: str,
    owner: str,
    model: str | None = None,
    output: Path,
) -> None:
    """Write the files from which Neuronpedia imports the neurons of a model.

    Every neuron is there, a dead one without activations. What is imported is visible to its creator alone,
    until the creator changes that.

    Parameters
    ----------
    census
        the census table of the model, `{model}.parquet`
    contexts
        its contexts table
    projections
        its projections table, for the tokens that neurons promote and suppress
    creator
        id of the user of the Neuronpedia instance to whom the rows belong
    owner
        who made the model, as its page names them
    model
        name of the model there: lower-case letters, digits, `-` and `_`; by default that of the tables, with
        other characters as `-`
    output
        the folder

    Raises CensusError for tables that are missing or of different models, and for a name that will not do.
    """
    companions: dict[str, list[Path] | None] = {
        CONTEXTS.name: [contexts],
        PROJECTIONS.name: [projections] if projections is not None else None,
    }
    [tables] = by_model([census], companions).values()
    name = re.sub(r"[^a-z0-9_-]", "-", tables.model.lower()) if model is None else model
    if not NAME.fullmatch(name):
        raise CensusError(
            f"--model: found {name!r}, expected a name of lower-case letters, digits, '-' and '_'. Choose one."
        )
    for option, value in (("creator", creator), ("owner", owner)):
        if not value.strip():
            raise CensusError(f"--{option}: found no text, expected some. Name the {option}.")
    keys = _Keys(name, creator)
    rows = tables.census.sort("layer", "neuron")
    layers = rows.partition_by("layer", maintain_order=True)
    with (
        sealed(output) as folder,
        progress(what="exporting", unit="layer", total=len(layers)) as bar,
    ):
        for layer, neurons in enumerate(layers):
            place = folder / name / str(layer)
            place.mkdir(parents=True)
            _write_lines(place, _described(tables, keys, owner, layer, rows))
            _write_neurons(place, neurons, tables, keys, layer)
            bar.update()


def _described(
    tables: ModelTables, keys: _Keys, owner: str, layer: int, census: pl.DataFrame
) -> dict[str, dict[str, Any]]:
    """Return the one line of each file that says what a source is."""
    domains = read_metadata(tables.files["census"], "domains") or {}
    own = {"creatorId": keys.creator, "visibility": "PRIVATE"}
    return {
        "model": {
            "id": keys.model,
            "displayName": tables.model,
            "displayNameShort": tables.model,
            "layers": census["layer"].n_unique(),
            "neuronsPerLayer": census.filter(pl.col("layer") == layer).height,
            "owner": owner,
            **own,
        },
        "sourceset": {
            "modelId": keys.model,
            "name": SOURCE_SET,
            "description": "FFN neurons (post-ReLU)",
            "type": SOURCE_SET,
            "creatorName": owner,
            "urls": [],
            **own,
        },
        "source": {
            "id": str(layer),
            "modelId": keys.model,
            "setName": SOURCE_SET,
            "dataset": ", ".join(domains) or None,
            "notes": f"Neuron Census, {int(census['tokens'][0]):,} tokens",
            **own,
        },
    }


def _write_lines(folder: Path, lines: Mapping[str, Mapping[str, Any]]) -> None:
    for name, line in lines.items():
        text = json.dumps(line, ensure_ascii=False) + "\n"
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def _write_neurons(
    folder: Path, neurons: pl.DataFrame, tables: ModelTables, keys: _Keys, layer: int
) -> None:
    contexts = _of_layer(tables, CONTEXTS, layer)
    features = _features(neurons, contexts, _of_layer(tables, PROJECTIONS, layer), keys, layer)
    activations = _activations(contexts, keys, layer)
    for batch in range(-(-neurons.height // BATCH)):
        for name, rows in (("features", features), ("activations", activations)):
            here = rows.filter(pl.col("neuron") // BATCH == batch).drop("neuron")
            path = folder / name / f"batch-{batch}.jsonl.gz"
            path.parent.mkdir(exist_ok=True)
            # The import reads the keys off the first line, so a file without lines would stop it.
            if here.height:
                path.write_bytes(gzip.compress(here.write_ndjson().encode(), mtime=0))


def _of_layer(tables: ModelTables, table: Table, layer: int) -> pl.DataFrame:
    if table.name not in tables.files:
        return pl.DataFrame(schema=table.schema)
    return read_table(tables.files[table.name], table, only=pl.col("layer") == layer)


def _features(
    neurons: pl.DataFrame,
    contexts: pl.DataFrame,
    projections: pl.DataFrame,
    keys: _Keys,
    layer: int,
) -> pl.DataFrame:
    """Return the rows of `Neuron`."""
    parts = [contexts.group_by("neuron").agg(maxActApprox=pl.col("activation").max())]
    ordered = projections.with_columns(pl.col("rank").abs().alias("place")).sort("neuron", "place")
    for sign, chosen in (("pos", pl.col("rank") > 0), ("neg", pl.col("rank") < 0)):
        lists = {f"{sign}_str": pl.col("text"), f"{sign}_values": pl.col("value")}
        parts.append(ordered.filter(chosen).group_by("neuron", maintain_order=True).agg(**lists))
    found = neurons.select("neuron", frac_nonzero=pl.col("frequency"))
    for part in parts:
        found = found.join(part, on="neuron", how="left", maintain_order="left")
    lists_of = {"str": pl.String, "values": pl.Float32}
    return found.select(
        "neuron",
        "frac_nonzero",
        *(
            pl.col(f"{sign}_{what}").fill_null(pl.lit([], dtype=pl.List(kind)))
            for sign in ("pos", "neg")
            for what, kind in lists_of.items()
        ),
        pl.col("maxActApprox").fill_null(0),
        sourceSetName=pl.lit(SOURCE_SET),
        **keys.of(layer),
    )


def _activations(contexts: pl.DataFrame, keys: _Keys, layer: int) -> pl.DataFrame:
    """Return the rows of `Activation`."""
    values = pl.col("activations")
    place = [pl.col(name).cast(pl.String) for name in ("neuron", "kind", "rank")]
    return contexts.select(
        "neuron",
        id=pl.concat_str(pl.lit(keys.model), pl.lit(str(layer)), *place, separator="-"),
        tokens=pl.col("texts"),
        values=values,
        maxValue=values.list.max(),
        maxValueTokenIndex=values.list.arg_max(),
        minValue=values.list.min(),
        qualifyingTokenIndex=pl.col("position") - pl.col("start"),
        dataSource=pl.col("domain").cast(pl.String),
        dataIndex=pl.format(
            "document {}, window {}, position {}", "document", "window", "position"
        ),
        **keys.of(layer),
    )
