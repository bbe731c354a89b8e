"""Results of a planted model as a run leaves them, with recordings that are kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from helpers.made.results import add_model
from helpers.planted.ngrams import BOS
from helpers.planted.text import ANALYSED, SHARDS, WINDOW, Model, make_model, text
from neuron_census.formats.windows import Windows, write_windows
from neuron_census.library.census import Census
from neuron_census.tokenizer.encoder import Encoder

NAME = "planted"


@dataclass(frozen=True)
class Run:
    """A planted model and the results that have its census."""

    results: Path
    model: Model

    @property
    def census(self) -> Census:
        """The results, opened anew."""
        return Census.open(self.results)


def make_run(folder: Path) -> Run:
    """Make a planted model and take its census below a folder."""
    model = make_model(folder / "made", post_norm=False)
    # The checkpoint of a census comes with its tokenizer.
    shutil.copy(model.tokenizer / "tokenizer.json", model.checkpoint)
    results = folder / "results"
    windows = results / "windows" / "tiny" / "windows.parquet"
    table = text(model.ids).with_columns(
        positions=(pl.col("length") == WINDOW) & (pl.col("domain") == "prose")
    )
    encoder = Encoder.open(model.tokenizer)
    windows.parent.mkdir(parents=True)
    write_windows(
        table,
        windows,
        window_length=WINDOW,
        bos=BOS,
        vocabulary=encoder.vocabulary,
        shards=SHARDS,
        domains=["code", "prose"],
        tokenizer=encoder.digest,
    )
    model = Model(
        model.checkpoint, model.tokenizer, Windows.open(windows), model.ids, model.planted
    )
    add_model(
        results,
        NAME,
        model.checkpoint,
        model.tokenizer,
        windows,
        shards=SHARDS,
        analysed=ANALYSED,
    )
    return Run(results, model)
