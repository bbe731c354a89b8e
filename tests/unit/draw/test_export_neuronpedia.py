"""The export to Neuronpedia: beside its published schema, and beside the tables read by a loop."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from helpers.made.census import Made, Size, made_census, vocabulary
from helpers.made.contexts import made_contexts
from helpers.repository import REPOSITORY
from neuron_census.draw import export_neuronpedia as module
from neuron_census.draw.export_neuronpedia import export_neuronpedia
from neuron_census.errors import CensusError

SCHEMA = json.loads((REPOSITORY / "tests" / "helpers" / "neuronpedia.schema.json").read_text())
NAME = "Made-1.3b"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    size = Size(layers=2, neurons=30, vocabulary=60, detectors=0.3)
    return made_census(tmp_path_factory.mktemp("census"), NAME, size)


@pytest.fixture(scope="module")
def contexts(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("contexts") / f"{NAME}.parquet"
    return made_contexts(path, pl.read_parquet(made.census), vocabulary(60), most=2)


@pytest.fixture(scope="module")
def folder(made: Made, contexts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("output") / "neuronpedia"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH", 8)
        export_neuronpedia(
            census=made.census,
            contexts=contexts,
            projections=made.projections,
            creator="user",
            owner="nobody",
            output=output,
        )
    return output / "made-1-3b"


def lines(path: Path) -> list[dict[str, Any]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.decode().splitlines()]


def rows(folder: Path, layer: int, name: str) -> list[dict[str, Any]]:
    """Return the rows of all batches of a layer, in the order in which they are imported."""
    files = sorted((folder / str(layer) / name).iterdir())
    return [row for file in files for row in lines(file)]


def test_every_line_is_a_row_of_the_published_schema(folder: Path) -> None:
    tables = {
        "model.jsonl": "Model",
        "sourceset.jsonl": "SourceSet",
        "source.jsonl": "Source",
        "features": "Neuron",
        "activations": "Activation",
    }
    for layer in (0, 1):
        assert {file.name for file in (folder / str(layer)).iterdir()} == set(tables)
        for name, table in tables.items():
            place = folder / str(layer) / name
            found = lines(place) if place.is_file() else rows(folder, layer, name)
            of_table = Draft202012Validator(SCHEMA | {"$ref": f"#/$defs/{table}"})
            for row in found:
                of_table.validate(row)
            # The import reads the keys off the first line of a file.
            assert found and {tuple(row) for row in found} == {tuple(found[0])}


def test_sources_and_neurons_name_one_another(folder: Path) -> None:
    [model], [source_set], [source] = (
        lines(folder / "1" / f"{name}.jsonl") for name in ("model", "sourceset", "source")
    )
    assert (model["id"], model["layers"], model["neuronsPerLayer"]) == ("made-1-3b", 2, 30)
    assert (source["id"], source["setName"]) == ("1", source_set["name"])
    features, activations = rows(folder, 1, "features"), rows(folder, 1, "activations")
    place = {(row["modelId"], row["layer"], row["index"]) for row in features}
    assert place == {(model["id"], source["id"], str(neuron)) for neuron in range(30)}
    assert {(row["modelId"], row["layer"], row["index"]) for row in activations} <= place
    assert {row["sourceSetName"] for row in features} == {source_set["name"]}
    every = [row["id"] for layer in (0, 1) for row in rows(folder, layer, "activations")]
    assert len(set(every)) == len(every)


def test_batches_hold_neighbouring_neurons(folder: Path) -> None:
    for name in ("features", "activations"):
        for batch in range(4):
            found = lines(folder / "0" / name / f"batch-{batch}.jsonl.gz")
            assert {int(row["index"]) // 8 for row in found} == {batch}


def test_activations_are_those_of_the_contexts(folder: Path, contexts: Path) -> None:
    table = pl.read_parquet(contexts).with_columns(pl.col("kind", "domain").cast(pl.String))
    found = {row["id"]: row for layer in (0, 1) for row in rows(folder, layer, "activations")}
    assert len(found) == table.height
    for one in table.to_dicts():
        name = f"made-1-3b-{one['layer']}-{one['neuron']}-{one['kind']}-{one['rank']}"
        row = found[name]
        assert (row["layer"], row["index"]) == (str(one["layer"]), str(one["neuron"]))
        assert row["tokens"] == one["texts"]
        assert row["values"] == pytest.approx(one["activations"], rel=1e-6)
        assert row["maxValue"] == max(row["values"]) == row["values"][row["maxValueTokenIndex"]]
        assert row["minValue"] == min(row["values"])
        assert row["qualifyingTokenIndex"] == one["position"] - one["start"]
        assert row["dataSource"] == one["domain"]


def test_neurons_are_those_of_the_census(folder: Path, made: Made, contexts: Path) -> None:
    table = pl.read_parquet(contexts)
    projections = pl.read_parquet(made.projections)
    found = {
        (layer, int(row["index"])): row
        for layer in (0, 1)
        for row in rows(folder, layer, "features")
    }
    census = pl.read_parquet(made.census)
    assert len(found) == census.height and census["dead"].any() and not census["dead"].all()
    for one in census.to_dicts():
        row = found[one["layer"], one["neuron"]]
        here = (pl.col("layer") == one["layer"]) & (pl.col("neuron") == one["neuron"])
        assert row["frac_nonzero"] == pytest.approx(one["frequency"], rel=1e-12)
        shown = table.filter(here)["activation"].to_list()
        assert row["maxActApprox"] == pytest.approx(max(shown, default=0), rel=1e-6)
        written = projections.filter(here).sort(pl.col("rank").abs())
        for sign, chosen in (("pos", pl.col("rank") > 0), ("neg", pl.col("rank") < 0)):
            assert row[f"{sign}_str"] == written.filter(chosen)["text"].to_list()
            expected = written.filter(chosen)["value"].to_list()
            assert row[f"{sign}_values"] == pytest.approx(expected, rel=1e-6)


def test_what_is_exported_twice_is_the_same(made: Made, contexts: Path, tmp_path: Path) -> None:
    content = []
    for name in ("first", "second"):
        output = tmp_path / name
        given: dict[str, Any] = {"census": made.census, "contexts": contexts, "output": output}
        export_neuronpedia(**given, creator="user", owner="nobody", model="made")
        files = sorted(file for file in (output / "made").rglob("*") if file.is_file())
        content.append([(str(file.relative_to(output)), file.read_bytes()) for file in files])
    assert content[0] == content[1] and len(content[0]) == 2 * 5


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "opt 1.3B"}, "--model: found 'opt 1.3B', expected a name of lower-case letters"),
        ({"creator": " "}, "--creator: found no text"),
        ({"owner": ""}, "--owner: found no text"),
        ({"contexts": Path("nowhere/other.parquet")}, "a contexts table of a model whose census"),
    ],
)
def test_what_a_user_can_mend_is_named(
    made: Made, contexts: Path, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    named = {"creator": "user", "owner": "nobody"}
    given: dict[str, Any] = {"census": made.census, "contexts": contexts, **named}
    with pytest.raises(CensusError, match=said):
        export_neuronpedia(**(given | changed), output=tmp_path / "output")
    assert not (tmp_path / "output").exists()
