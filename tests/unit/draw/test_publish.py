"""A publication: read back by the tools that others read it with, and equal to what was published."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import mlcroissant
import polars as pl
import pytest
import yaml
from rocrate.rocrate import ROCrate

from helpers.made.tables import grown_model
from neuron_census.draw.publish import publish
from neuron_census.errors import CensusError
from neuron_census.formats.seal import sealed
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import PROJECTIONS
from neuron_census.formats.tables.positions import POSITIONS

ABOUT: dict[str, Any] = {
    "title": 'Neurons: a "census"',
    "description": "Of made models.",
    "licence": "CC-BY-4.0",
    "version": "1.2.0",
    "url": "https://example.org/census",
    "creators": ["A. Person", "A group"],
    "date": "2026-01-31",
    "models": {
        "opt-1.3b": {
            "origin": "owner/opt on the Hugging Face hub",
            "licence": "a licence | of its own",
        },
        "mine": {"origin": "local files", "licence": None},
    },
    "domains": {"notes": {"origin": "local files", "licence": "MIT"}},
    "studies": {"dead": [{"domain": "notes", "tokens": 1200}], "ngrams": [], "positions": []},
}
THRESHOLDS = {"dead": {"count_bos": False}, "ngrams": {"coverage": 0.95}}


def write_positions(path: Path) -> pl.DataFrame:
    frame = pl.DataFrame(
        [
            {
                "layer": 1,
                "neuron": neuron,
                "windows": 7,
                "frequency": [0.25, 0.5, neuron / 8],
                "position_mi": [
                    {"domain": "notes", "position_mi": 0.5 + neuron},
                    {"domain": "code", "position_mi": None},
                ],
                "active_ranges": [{"start": 0, "end": neuron}],
            }
            for neuron in range(3)
        ],
        schema={name: column.dtype for name, column in POSITIONS.columns.items()},
    )
    write_table(frame, POSITIONS, path)
    return frame


@pytest.fixture
def results(tmp_path: Path) -> dict[str, list[Path]]:
    """Results of two models: censuses, projections without a row, positions of one, a summary, an explorer."""
    folder = tmp_path / "results"
    paths: dict[str, list[Path]] = {"tables": [], "numbers": [], "explorer": []}
    for model in ("opt-1.3b", "mine"):
        path = folder / "census" / f"{model}.parquet"
        metadata = {
            "thresholds": json.dumps(THRESHOLDS),
            "recorded": json.dumps(
                {"weights": f"digest of {model}", "dtype": "float16", "versions": {"torch": "2"}}
            ),
            "domains": json.dumps({"notes": 1198}),
        }
        write_table(grown_model(model, 4).census, CENSUS, path, metadata=metadata)
        write_table(
            pl.DataFrame(schema=PROJECTIONS.schema),
            PROJECTIONS,
            folder / "projections" / f"{model}.parquet",
        )
        paths["tables"] += [path, folder / "projections" / f"{model}.parquet"]
    write_positions(folder / "positions" / "mine.parquet")
    paths["tables"].append(folder / "positions" / "mine.parquet")
    for name in ("summary.csv", "sensitivity/mine.csv"):
        with sealed(folder / name) as temporary:
            temporary.write_text("model\nmine\n")
        paths["numbers"].append(folder / name)
    with sealed(folder / "explorer") as temporary:
        (temporary / "data").mkdir(parents=True)
        (temporary / "index.html").write_text("<p>")
        (temporary / "data" / "a.js").write_text("a")
    paths["explorer"].append(folder / "explorer")
    return paths


def published(results: dict[str, list[Path]], folder: Path, **about: Any) -> Path:
    publish(
        tables=results["tables"],
        numbers=results["numbers"],
        explorer=results["explorer"][0],
        about=json.dumps(ABOUT | about),
        output=folder,
    )
    return folder


def test_everything_is_there_byte_for_byte(results: dict[str, list[Path]], tmp_path: Path) -> None:
    folder = published(results, tmp_path / "publication")
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {
        ".seal",
        "README.md",
        "croissant.json",
        "ro-crate-metadata.json",
        "data/census/opt-1.3b.parquet",
        "data/census/mine.parquet",
        "data/projections/opt-1.3b.parquet",
        "data/projections/mine.parquet",
        "data/positions/mine.parquet",
        "numbers/summary.csv",
        "numbers/sensitivity/mine.csv",
        "explorer/index.html",
        "explorer/data/a.js",
    }
    for path in results["tables"]:
        copy = folder / "data" / path.parent.name / path.name
        assert copy.read_bytes() == path.read_bytes()
    again = published(results, tmp_path / "again")
    for name in sorted(found - {".seal"}):
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


def test_croissant_is_valid_and_reads_what_was_written(
    results: dict[str, list[Path]], tmp_path: Path
) -> None:
    folder = published(results, tmp_path / "publication")
    data = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    issues = data.metadata.ctx.issues
    assert not issues.errors and not issues.warnings
    assert data.metadata.name == ABOUT["title"]
    said = json.loads((folder / "croissant.json").read_text())
    files = {entry["contentUrl"]: entry for entry in said["distribution"] if "sha256" in entry}
    for name, entry in files.items():
        content = (folder / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["contentSize"] == f"{len(content)} B"
    assert len(files) == 7
    rows = list(data.records("positions"))
    expected = pl.read_parquet(folder / "data" / "positions" / "mine.parquet").rows(named=True)
    for row, given in zip(rows, expected, strict=True):
        assert row["positions/model"] == b"mine"
        assert (row["positions/layer"], row["positions/neuron"]) == (
            given["layer"],
            given["neuron"],
        )
        assert row["positions/frequency"] == given["frequency"]
        assert row["positions/position_mi"][0] == {
            "positions/position_mi/domain": b"notes",
            "positions/position_mi/position_mi": given["position_mi"][0]["position_mi"],
        }
    columns = {field["name"] for part in said["recordSet"] for field in part["field"]}
    for table in ("census", "positions"):
        names = pl.read_parquet_schema(folder / "data" / table / "mine.parquet")
        assert {f"{table}/{name}" for name in names} <= columns


def test_the_crate_names_every_file(results: dict[str, list[Path]], tmp_path: Path) -> None:
    folder = published(results, tmp_path / "publication")
    crate = ROCrate(folder)
    root = crate.root_dataset
    assert crate.name == ABOUT["title"]
    assert root["datePublished"] == "2026-01-31"
    assert root["license"].id == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert [person["name"] for person in root["author"]] == ABOUT["creators"]
    named = {entity.id for entity in crate.data_entities}
    there = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".seal", "ro-crate-metadata.json")
    }
    assert {name for name in there if not name.startswith("explorer/")} | {"explorer/"} == named
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    identities = [entity["@id"] for entity in graph]
    assert len(identities) == len(set(identities))


def test_the_card_says_where_everything_comes_from(
    results: dict[str, list[Path]], tmp_path: Path
) -> None:
    folder = published(results, tmp_path / "publication")
    card = (folder / "README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert header["license"] == "cc-by-4.0" and header["pretty_name"] == ABOUT["title"]
    configs = {entry["config_name"]: entry["data_files"] for entry in header["configs"]}
    assert [split["split"] for split in configs["census"]] == ["opt_1_3b", "mine"]
    for split in (split for splits in configs.values() for split in splits):
        assert (folder / split["path"]).is_file()
    neurons = sum(
        len(pl.read_parquet(path)) for path in results["tables"] if "census" in path.parts[-2]
    )
    assert f"| `data/census/*.parquet` | {neurons:,} | One row per neuron" in card
    for line in (
        "| `dead.count_bos` | false |",
        "| `ngrams.coverage` | 0.95 |",
        "| opt-1.3b | owner/opt on the Hugging Face hub | float16 | `digest of opt-1.3b` | torch 2 |",
        "| notes | local files | 1,198 |",
        "- dead: notes (1,200 tokens)",
        "- positions: nothing",
        r"| weights of opt-1.3b | a licence \| of its own |",
        "| weights of mine | not stated |",
        "| text of notes | MIT |",
        "| `dead` | Boolean | whether no token activates it |",
    ):
        assert f"\n{line}\n" in card, line


def test_without_a_licence_the_card_says_so(results: dict[str, list[Path]], tmp_path: Path) -> None:
    folder = published(results, tmp_path / "publication", licence=None, date=None)
    card = (folder / "README.md").read_text()
    assert "The tables: not stated." in card and "license:" not in card
    assert "license" not in json.loads((folder / "croissant.json").read_text())
    other = published(results, tmp_path / "other", licence="https://example.org/our licence")
    header = yaml.safe_load((other / "README.md").read_text().split("---")[1])
    assert header["license"] == "other"
    assert header["license_link"] == "https://example.org/our licence"


def test_what_is_damaged_or_does_not_belong_is_refused(
    results: dict[str, list[Path]], tmp_path: Path
) -> None:
    folder = tmp_path / "publication"
    with pytest.raises(CensusError, match="about: expected a JSON object"):
        publish(tables=results["tables"], about="[]", output=folder)
    with pytest.raises(CensusError, match="tables: found no census"):
        publish(tables=[], about=json.dumps(ABOUT), output=folder)
    census = results["tables"][0]
    kept = census.read_bytes()
    frame = pl.read_parquet(census)
    write_table(frame, CENSUS, census, metadata={"thresholds": json.dumps({"dead": {}})})
    with pytest.raises(CensusError, match=r"mine\.parquet: was taken with other thresholds than"):
        published(results, folder)
    census.write_bytes(kept)
    with pytest.raises(CensusError, match=r"opt-1\.3b\.parquet: .*sealed"):
        published(results, folder)
    assert not folder.exists()
