"""Explore: pages that open from disk, on which every neuron can be looked up.

    explore(census=[path], triggers=[path], output=Path("explorer"))

`explorer/page/` has the pages themselves; this stage writes the data that they load.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from neuron_census.draw.detected_ngrams import detected
from neuron_census.draw.explorer.chunk import JSON, write_chunk
from neuron_census.draw.explorer.detected_ngrams import write_detected_ngrams
from neuron_census.draw.explorer.neuron_blocks import BLOCK, Shown, write_neuron_blocks
from neuron_census.draw.explorer.neuron_columns import KINDS, grid, write_neuron_columns
from neuron_census.draw.explorer.table_library import write_table_library
from neuron_census.draw.figures.pattern_colours import COLOURS, PATTERNS, STRENGTHS
from neuron_census.draw.model_tables import COVERED, ModelTables, by_model
from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import sealed
from neuron_census.progress import progress

PAGE = Path(__file__).parent / "explorer" / "page"
MANIFEST = "manifest"


def explore(
    *,
    census: list[Path],
    triggers: list[Path] | None = None,
    projections: list[Path] | None = None,
    positions: list[Path] | None = None,
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
    detector_triggers
        how many n-grams of each length the page of a detector shows at most; search finds all of them
    other_triggers
        how many n-grams the page of any other neuron shows; the size of the folder depends on it
    output
        the folder
    """
    for name, count in (("detector", detector_triggers), ("other", other_triggers)):
        if count < 0:
            raise CensusError(f"{name}-triggers: found {count}, expected 0 or more.")
    models = by_model(
        census, {"triggers": triggers, "projections": projections, "positions": positions}
    )
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
            "shown": {"detectors": shown.by_detectors, "others": shown.by_others},
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
    with progress(what=f"explorer: {tables.model}", unit="layer", total=layers) as bar:
        for layer in range(layers):
            rows = census.slice(layer * neurons, neurons)
            triggers = write_neuron_blocks(folder, name, layer, rows, companions, shown)
            found.append(detected(rows, triggers.filter(COVERED)))
            bar.update()
    if "triggers" in companions:
        write_detected_ngrams(folder, name, found)
    return {
        "name": tables.model,
        "folder": name,
        "layers": layers,
        "neurons": neurons,
        "tokens": int(census["tokens"][0]),
        "columns": columns,
        "companions": sorted(companions),
        "thresholds": _noted(file, "thresholds"),
        "domains": _noted(file, "domains"),
    }


def _noted(census: Path, what: str) -> Any:
    """Return what the file of a census notes: its thresholds, or the tokens of its domains."""
    return read_metadata(census, what)
