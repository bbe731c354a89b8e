"""Data of the explorer that large models or unusual tables alone would show to be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from helpers.explorer_data import chunk
from helpers.made.census import Size, made_census
from neuron_census.draw.explore import explore
from neuron_census.draw.explorer.detected_ngrams import write_detected_ngrams
from neuron_census.draw.explorer.neuron_columns import neuron_columns
from neuron_census.formats.tables.ngrams import TRIGGERS


def test_a_block_holds_512_neighbouring_neurons(tmp_path: Path) -> None:
    made = made_census(tmp_path / "census", "made", Size(layers=2, neurons=1025))
    explore(census=[made.census], output=tmp_path / "explorer")
    names = {
        file.stem for file in (tmp_path / "explorer" / "data" / "model-0" / "neurons").iterdir()
    }
    assert names == {f"{layer}-{block}" for layer in (0, 1) for block in (0, 1, 2)}
    for layer in (0, 1):
        for block, neurons in enumerate((range(512), range(512, 1024), range(1024, 1025))):
            found = chunk(tmp_path / "explorer", f"model-0/neurons/{layer}-{block}")
            assert found["census"]["neuron"] == list(neurons)


def test_what_is_not_known_is_not_a_number(tmp_path: Path) -> None:
    made = made_census(tmp_path, "made", Size(layers=1, neurons=3))
    unknown = pl.Series("position_mi", [0.5, None, 0.25])
    columns = neuron_columns(pl.read_parquet(made.census).with_columns(unknown))
    assert np.array_equal(columns["position_mi"], [0.5, np.nan, 0.25], equal_nan=True)


def test_ngrams_of_equal_text_are_told_apart_and_detectors_stand_in_order(tmp_path: Path) -> None:
    rows = [
        # Layer, neuron, tokens, activations; tokens 9 and 4 have one text.
        (1, 5, [4], 10),
        (0, 7, [9], 20),
        (0, 3, [9], 30),
        (1, 2, [9], 40),
        (0, 8, [4], 50),
    ]
    layers = [
        pl.DataFrame(
            [
                (layer, neuron, 1, tokens, " a", count, count, True, None, None)
                for layer, neuron, tokens, count in rows
                if layer == wanted
            ],
            schema={name: column.dtype for name, column in TRIGGERS.columns.items()},
            orient="row",
        )
        for wanted in (0, 1)
    ]
    counted = [rows.with_columns(of=pl.col("activations") * 2) for rows in layers]
    write_detected_ngrams(tmp_path / "data", "model-0", counted)
    assert chunk(tmp_path, "model-0/detected/1/ngrams") == {
        "ngram": [[4], [9]],
        "text": [" a", " a"],
    }
    detectors = chunk(tmp_path, "model-0/detected/1/detectors").reshape(6, -1).T
    # The place of the n-gram, layer, neuron, activations, occurrences, all activations of the neuron.
    assert detectors.tolist() == [
        [0, 0, 8, 50, 50, 100],
        [0, 1, 5, 10, 10, 20],
        [1, 0, 3, 30, 30, 60],
        [1, 0, 7, 20, 20, 40],
        [1, 1, 2, 40, 40, 80],
    ]
    assert chunk(tmp_path, "model-0/detected/2/ngrams") == {"ngram": [], "text": []}
