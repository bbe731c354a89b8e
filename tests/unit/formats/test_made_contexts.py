"""The made tables that tests of readers stand on are tables of their kinds."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from helpers.made.census import made_census, vocabulary
from helpers.made.contexts import made_contexts, made_coverage
from neuron_census.formats.context import AFTER, BEFORE
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.coverage import COVERAGE


def test_made_contexts_and_coverage_are_tables_of_their_kinds(tmp_path: Path) -> None:
    census = read_table(made_census(tmp_path, "made").census, CENSUS)
    written = made_contexts(tmp_path / "contexts" / "made.parquet", census, vocabulary(100), most=2)
    contexts = read_table(written, CONTEXTS)
    shown = contexts["tokens"].list.len()
    assert set(contexts["kind"]) == {"top", "sampled"}
    assert shown.max() == BEFORE + 1 + AFTER
    assert (shown == contexts["activations"].list.len()).all()
    assert (contexts["position"] - contexts["start"] < shown).all()
    coverage = read_table(made_coverage(tmp_path / "coverage" / "made.parquet", census), COVERAGE)
    assert coverage["layer"].to_list() == [*range(4), None]
    assert coverage["dead"].to_list()[-1] == int(census.select(pl.col("dead").sum()).item())
