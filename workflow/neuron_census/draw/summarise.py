"""Summarise: one row for every model of a run.

summarise(census=[path], triggers=[path], output=Path("summary.csv"))
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from neuron_census.draw.model_tables import by_model
from neuron_census.draw.summary import summary
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import sealed

MADE_FROM = {name: pl.String() for name in ("revision", "weights", "dtype", "versions")}


def summarise(*, census: list[Path], triggers: list[Path], output: Path) -> None:
    """Count the dead neurons, detectors, detected n-grams and suppressing detectors of every model.

    Further columns say what each census was made from: revision and digest of the weights, precision and
    versions of the libraries.

    Parameters
    ----------
    census
        the census tables, `{model}.parquet`, in the order of the rows
    triggers
        the triggers tables of the same models
    output
        CSV file with one row per model
    """
    frame = summary(by_model(census, {"triggers": triggers})).hstack(
        pl.DataFrame([_made_from(path) for path in census], schema=MADE_FROM)
    )
    with sealed(output) as temporary:
        frame.write_csv(temporary)


def _made_from(census: Path) -> dict[str, str | None]:
    """Return what the recordings of a census were made from, as the stage that wrote it noted."""
    recorded = read_metadata(census, "recorded") or {}
    versions = recorded.get("versions") or {}
    return {
        "revision": recorded.get("revision"),
        "weights": recorded.get("weights"),
        "dtype": recorded.get("dtype"),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()) or None,
    }
