"""docs/tables.md says of every table and store what the code writes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from helpers.made import positions as made_positions
from helpers.made import tables as made_tables
from helpers.repository import REPOSITORY
from neuron_census.draw.check_claims import check_claims
from neuron_census.draw.draw import figure_names
from neuron_census.draw.summarise import summarise
from neuron_census.formats import domain_table, windows
from neuron_census.formats.reference.drawn import CLAIMS, FIGURES, SUMMARY
from neuron_census.formats.reference.page import page
from neuron_census.formats.reference.stores import AXES, STORES
from neuron_census.formats.reference.texts import DOCUMENTS, WINDOWS
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.ablations import ABLATIONS, FIRINGS
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.formats.tables.of_a_model import TABLES
from neuron_census.formats.tables.positions import POSITIONS
from neuron_census.formats.tables.sensitivity import SENSITIVITY

DESCRIBED = {name: table for table in FIGURES for name in table.name.split(", ")}


def test_the_page_is_written_from_the_formats() -> None:
    """To write it anew: `python -m neuron_census.formats.reference.page > docs/tables.md`."""
    assert (REPOSITORY / "docs" / "tables.md").read_text(encoding="utf-8") == page()


def test_the_page_names_every_column_array_and_attribute() -> None:
    text = page()
    for table in (
        *TABLES,
        ABLATIONS,
        FIRINGS,
        SENSITIVITY,
        SUMMARY,
        CLAIMS,
        DOCUMENTS,
        WINDOWS,
        *FIGURES,
    ):
        for name, column in table.all_columns.items():
            assert f"| `{name}` | {column.dtype} | {column.meaning} |" in text
    for store in STORES:
        for name, array in store.arrays.items():
            assert f"| `{name}` | {array.dtype} | " in text
            assert set(array.dimensions) <= set(AXES)
        for name in store.attributes:
            assert f"| `{'`, `'.join(name.split(', '))}` |" in text


def test_the_types_of_text_and_windows_are_those_that_are_written() -> None:
    assert DOCUMENTS.schema == domain_table.SCHEMA
    assert WINDOWS.schema == windows.SCHEMA


def test_every_figure_is_described() -> None:
    assert set(DESCRIBED) == set(figure_names())


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_a_figure_has_the_columns_that_are_described(name: str) -> None:
    module = import_module(f"neuron_census.draw.figures.{name}")
    kinds = {made_positions.KINDS[0]: 3, made_positions.KINDS[3]: 1}
    made = (
        made_positions.made_model("made", [kinds, kinds])
        if module.STUDY == "positions"
        else made_tables.grown_model("made", 4)
    )
    made.frames["ablations"] = pl.DataFrame(schema=ABLATIONS.schema)
    made.files["ablations"] = Path("never read")
    found = module.table({"made": made})
    types = {key: _in_csv(dtype) for key, dtype in found.schema.items()}
    assert list(types.items()) == list(DESCRIBED[name].schema.items())


def _in_csv(dtype: pl.DataType) -> pl.DataType:
    """Return the type under which a CSV file describes a column: numbers have no width there."""
    return pl.Int64() if dtype.is_integer() else pl.Float64() if dtype.is_float() else dtype


def test_summary_and_claims_have_the_columns_that_are_described(tmp_path: Path) -> None:
    model = made_tables.grown_model("made", 4)
    paths = {table.name: tmp_path / table.name / "made.parquet" for table in (CENSUS, TRIGGERS)}
    write_table(model.census, CENSUS, paths["census"])
    write_table(model.covered, TRIGGERS, paths["triggers"])
    curves = tmp_path / "positions" / "made.parquet"
    write_table(pl.DataFrame(schema=POSITIONS.schema), POSITIONS, curves)
    census, triggers = [paths["census"]], [paths["triggers"]]
    summarise(census=census, triggers=triggers, output=tmp_path / "summary.csv")
    check_claims(
        claims=REPOSITORY / "resources" / "paper" / "claims.toml",
        census=census,
        triggers=triggers,
        positions=[curves],
        output=tmp_path / "claims.csv",
    )
    assert pl.read_csv(tmp_path / "summary.csv").columns == list(SUMMARY.columns)
    assert pl.read_csv(tmp_path / "claims.csv").columns == list(CLAIMS.columns)
