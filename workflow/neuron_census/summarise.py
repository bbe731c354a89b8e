"""Summarise: every model of a run in a row."""

from __future__ import annotations

from pathlib import Path

from neuron_census.atomic import written_whole
from neuron_census.model_tables import by_model
from neuron_census.summary import summary


def summarise(*, census: list[Path], triggers: list[Path], output: Path) -> None:
    """Count the neurons of every model: dead ones, detectors, detected n-grams, suppressing detectors.

    Parameters
    ----------
    census
        the census tables, `{model}.parquet`, in the order of the rows
    triggers
        the triggers tables of the same models
    output
        a CSV file with a row a model
    """
    frame = summary(by_model(census, {"triggers": triggers}))
    with written_whole(output) as temporary:
        frame.write_csv(temporary)
