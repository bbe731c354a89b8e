"""Explore: pages that open from disk, on which every neuron can be looked up.

    explore(census=[path], triggers=[path], output=Path("explorer"))

`explorer/page/` has the pages themselves; this stage writes the data that they load.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.draw.detected_ngrams import detected
from neuron_census.draw.explorer.chunk import JSON, write_chunk
from neuron_census.draw.explorer.detected_ngrams import write_detected_ngrams
from neuron_census.draw.explorer.neuron_blocks import BLOCK, Shown, write_neuron_blocks
from neuron_census.draw.explorer.neuron_columns import KINDS, grid, write_neuron_columns
from neuron_census.draw.explorer.neuron_contexts import CONTEXT_BLOCK, NeuronContexts
from neuron_census.draw.explorer.table_library import write_table_library
from neuron_census.draw.explorer.trigger_index import TriggerIndex, with_activations
from neuron_census.draw.figures.pattern_colours import COLOURS, PATTERNS, STRENGTHS
from neuron_census.draw.model_tables import COVERED, ModelTables, by_model
from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import sealed
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.ablations import ABLATIONS
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.coverage import COVERAGE
from neuron_census.formats.tables.ngrams import PROJECTIONS, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.progress import progress

PAGE = Path(__file__).parent / "explorer" / "page"
MANIFEST = "manifest"

SAID_OF_COVERAGE = (
    *("documents", "dead", "wakes", "wakes_lower", "wakes_upper", "wakes_ever"),
    *("rate_upper", "rate_upper_jointly"),
)
"""Columns of the coverage table of which the page speaks."""


def explore(
    *,
    census: list[Path],
    triggers: list[Path] | None = None,
    projections: list[Path] | None = None,
    positions: list[Path] | None = None,
    contexts: list[Path] | None = None,
    coverage: list[Path] | None = None,
    ablations: list[Path] | None = None,
    detector_triggers: int = 64,
    other_triggers: int = 10,
    output: Path,
) -> None:
    """Write a folder whose index.html shows every neuron of every model, without a server or a network.

    Parameters
    ----------
    census
        the census tables, `{model}.parquet`, in the order in which the models are offered
    triggers
        the triggers tables of the same models, named like the censuses; the page says what it lacks
    projections
        the projections tables of the same models
    positions
        the positions tables of the same models
    contexts
        the contexts tables of the same models: by far the largest part of the folder
    coverage
        the coverage tables of the same models
    ablations
        the ablations tables of the same models
    detector_triggers
        how many n-grams of each length the page of a detector shows at most; search finds all of them
    other_triggers
        how many n-grams the page of any other neuron shows, by which search finds it; the size of the folder
        depends on it
    output
        the folder
    """
    for name, count in (("detector", detector_triggers), ("other", other_triggers)):
        if count < 0:
            raise CensusError(f"{name}-triggers: found {count}, expected 0 or more.")
    companions = {
        TRIGGERS.name: triggers,
        PROJECTIONS.name: projections,
        POSITIONS.name: positions,
        CONTEXTS.name: contexts,
        COVERAGE.name: coverage,
        ABLATIONS.name: ablations,
    }
    models = by_model(census, companions)
    shown = Shown(detector_triggers, other_triggers)
    with sealed(output) as folder:
        shutil.copytree(PAGE, folder)
        data = folder / "data"
        write_table_library(folder, data)
        manifest = {
            "kinds": KINDS,
            "patterns": PATTERNS,
            "strengths": STRENGTHS,
            "colours": COLOURS,
            "block": BLOCK,
            "contextBlock": CONTEXT_BLOCK,
            "shown": {"detectors": shown.by_detectors, "others": shown.by_others},
            "meanings": _meanings(),
            "models": [
                _write_model(data, f"model-{place}", tables, shown)
                for place, tables in enumerate(models.values())
            ],
        }
        write_chunk(data, MANIFEST, JSON, json.dumps(manifest).encode())


def _write_model(folder: Path, name: str, tables: ModelTables, shown: Shown) -> dict[str, Any]:
    """Write all data of a model, and return what the page must know to load them."""
    file = tables.files["census"]
    census = tables.census.sort("layer", "neuron")
    layers, neurons = grid(census, file)
    columns = write_neuron_columns(folder, name, census)
    companions = {kind: path for kind, path in tables.files.items() if kind != "census"}
    found: list[pl.DataFrame] = []
    index = TriggerIndex()
    contexts = NeuronContexts(companions[CONTEXTS.name]) if CONTEXTS.name in companions else None
    with progress(what=f"explorer: {tables.model}", unit="layer", total=layers) as bar:
        for layer in range(layers):
            rows = census.slice(layer * neurons, neurons)
            triggers = write_neuron_blocks(folder, name, layer, rows, companions, shown)
            covered = detected(rows, triggers.every.filter(COVERED))
            found.append(with_activations(covered, rows))
            index.add(rows, triggers.shown, layer * neurons)
            if contexts is not None:
                contexts.write_blocks(folder, name, layer, neurons)
            bar.update()
    searched = {}
    if TRIGGERS.name in companions:
        write_detected_ngrams(folder, name, found)
        searched = index.write(folder, name)
    if contexts is not None:
        contexts.write_texts(folder, name)
    return {
        "name": tables.model,
        "folder": name,
        "layers": layers,
        "neurons": neurons,
        "tokens": int(census["tokens"][0]),
        "columns": columns,
        "companions": sorted(companions),
        "searched": searched,
        "coverage": _coverage(companions),
        "thresholds": _noted(file, "thresholds"),
        "domains": _noted(file, "domains"),
    }


def _coverage(companions: Mapping[str, Path]) -> dict[str, Any] | None:
    """Return how sure the dead neurons of a model are, all layers together; None where that is not known."""
    if COVERAGE.name not in companions:
        return None
    together = read_table(companions[COVERAGE.name], COVERAGE, only=pl.col("layer").is_null())
    said: dict[str, Any] = together.select(SAID_OF_COVERAGE).row(0, named=True)
    return said


def _meanings() -> dict[str, dict[str, str]]:
    """Return what every column of the tables means, which the page says where a reader points to its heading."""
    return {
        table.name: {name: column.meaning for name, column in table.all_columns.items()}
        for table in (CENSUS, TRIGGERS, PROJECTIONS, POSITIONS, CONTEXTS, COVERAGE, ABLATIONS)
    }


def _noted(census: Path, what: str) -> Any:
    """Return what the file of a census notes: its thresholds, or the tokens of its domains."""
    return read_metadata(census, what)
