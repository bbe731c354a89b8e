"""The explorer's folder: its data beside the tables, and errors a user can mend."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from helpers.explorer_data import chunk, handed_over
from helpers.made.census import HOSTILE, Made, Size, made_census
from neuron_census.draw.explore import PAGE, explore
from neuron_census.draw.explorer.chunk import write_array, write_chunk
from neuron_census.draw.explorer.neuron_blocks import BLOCK
from neuron_census.errors import CensusError
from neuron_census.formats.seal import seal
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.coverage import COVERAGE
from neuron_census.formats.tables.ngrams import PROJECTIONS, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS

SIZE = Size(layers=4, neurons=BLOCK + 88, vocabulary=101)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made_census(tmp_path_factory.mktemp("census"), "made", SIZE)


@pytest.fixture(scope="module")
def folder(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("output") / "explorer"
    explore(**made.options(), other_triggers=3, output=output)
    return output


def test_columns_are_those_of_the_census(folder: Path, made: Made) -> None:
    census = pl.read_parquet(made.census)
    manifest = chunk(folder, "manifest")
    columns = {
        name: chunk(folder, f"model-0/columns/{name}") for name in manifest["models"][0]["columns"]
    }
    for place, row in enumerate(census.to_dicts()):
        bits = int(columns["kind"][place])
        kinds = {kind for bit, kind in enumerate(manifest["kinds"]) if bits >> bit & 1}
        expected = {kind for kind in manifest["kinds"] if kind != "promotes" and row[kind]} | (
            {"promotes"} if row["suppresses"] is False else set()
        )
        assert kinds == expected
        assert columns["activations"][place] == row["activations"]
        cover = row["bigram_cover"]
        assert columns["bigram_cover"][place] == (-1 if cover is None else cover)
        assert _same_or_nan(columns["suppression"][place], row["suppression"])
        assert _same_or_nan(columns["position_mi"][place], row["position_mi"])
        code = int(columns["pattern"][place])
        found = (
            (manifest["patterns"][(code - 1) // 2], manifest["strengths"][(code - 1) % 2])
            if code
            else (None, None)
        )
        assert found == (row["pattern"], row["strength"])


def test_the_manifest_says_what_the_page_must_know(folder: Path) -> None:
    kinds = ["dead", "unigram_detector", "bigram_detector", "trigram_detector", "positional"]
    manifest = chunk(folder, "manifest")
    meanings = manifest.pop("meanings")
    for table in (CENSUS, TRIGGERS, PROJECTIONS, POSITIONS, CONTEXTS, COVERAGE):
        assert list(meanings[table.name]) == list(table.all_columns)
    assert meanings["census"]["dead"] == CENSUS.columns["dead"].meaning
    searched = manifest["models"][0].pop("searched")
    assert {n: len(parts) for n, parts in searched.items()} == {"1": 1, "2": 1, "3": 1}
    assert manifest == {
        "kinds": [*kinds, "suppresses", "promotes"],
        "patterns": ["oscillatory", "both extremes", "one extreme", "other"],
        "strengths": ["strong", "weak"],
        "colours": {
            "oscillatory": "#0072B2",
            "both extremes": "#D55E00",
            "one extreme": "#009E73",
            "other": "#4D4D4D",
        },
        "block": 512,
        "comparisons": [],
        "contextBlock": 256,
        "shown": {"detectors": 64, "others": 3},
        "models": [
            {
                "name": "made",
                "folder": "model-0",
                "layers": 4,
                "neurons": 600,
                "tokens": 3_000_000,
                "columns": [
                    *("kind", "activations", "unigram_cover", "bigram_cover", "trigram_cover"),
                    *("suppression", "pattern", "position_mi"),
                ],
                "companions": ["positions", "projections", "triggers"],
                "coverage": None,
                "thresholds": {"ngrams": {"coverage": 0.95}},
                "domains": {"prose": 2_000_000, "code": 1_000_000},
            }
        ],
    }


def test_models_are_offered_in_the_order_given(made: Made, tmp_path: Path) -> None:
    other = made_census(tmp_path, "another", Size(layers=2, neurons=8))
    explore(census=[made.census, other.census], output=tmp_path / "explorer")
    models = chunk(tmp_path / "explorer", "manifest")["models"]
    assert [model["name"] for model in models] == ["made", "another"]
    for model, path in zip(models, (made.census, other.census), strict=True):
        activations = chunk(tmp_path / "explorer", f"{model['folder']}/columns/activations")
        assert activations.tolist() == pl.read_parquet(path)["activations"].to_list()


def test_a_neuron_is_in_its_block_with_all_that_the_tables_say(folder: Path, made: Made) -> None:
    census, triggers, projections, positions = (
        pl.read_parquet(path) for path in vars(made).values()
    )
    chosen = census.filter(
        pl.col("unigram_detector") & pl.col("positional") & (pl.col("neuron") >= BLOCK)
    )
    if chosen.is_empty():
        chosen = census.filter(pl.col("unigram_detector") & pl.col("positional"))
    row = chosen.row(0, named=True)
    block = chunk(folder, f"model-0/neurons/{row['layer']}-{row['neuron'] // BLOCK}")

    def mine(name: str) -> list[dict[str, Any]]:
        rows = [
            dict(zip(block[name], values, strict=True))
            for values in zip(*block[name].values(), strict=True)
        ]
        return [one for one in rows if one["neuron"] == row["neuron"]]

    here = (pl.col("layer") == row["layer"]) & (pl.col("neuron") == row["neuron"])
    [said] = mine("census")
    assert list(said) == [name for name in row if name != "layer"]
    assert all(_same(value, row[name]) for name, value in said.items())
    expected = triggers.filter(here).drop("layer")
    kept = pl.concat(
        expected.filter(pl.col("n") == n)
        .sort("activations", "ngram", descending=[True, False])
        .head(64 if row[f"{ngram}_detector"] else 3)
        for n, ngram in ((1, "unigram"), (2, "bigram"), (3, "trigram"))
    )
    assert mine("triggers") == kept.to_dicts()
    for shown, one in zip(
        mine("projections"), projections.filter(here).sort("rank").to_dicts(), strict=True
    ):
        assert all(_same(value, one[name]) for name, value in shown.items())
    [curve], [stored] = mine("positions"), positions.filter(here).to_dicts()
    assert np.divide(curve["active"], curve["windows"]) == pytest.approx(stored["frequency"])


def test_every_detected_ngram_is_found_and_no_other(folder: Path, made: Made) -> None:
    census, triggers = pl.read_parquet(made.census), pl.read_parquet(made.triggers)
    for n, ngram in ((1, "unigram"), (2, "bigram"), (3, "trigram")):
        detectors = set(
            census.filter(pl.col(f"{ngram}_detector")).select("layer", "neuron").iter_rows()
        )
        expected = {
            (tuple(row["ngram"]), row["text"], row["layer"], row["neuron"], row["activations"])
            for row in triggers.filter((pl.col("n") == n) & pl.col("covered")).to_dicts()
            if (row["layer"], row["neuron"]) in detectors
        }
        ngrams = chunk(folder, f"model-0/detected/{n}/ngrams")
        places, layers, neurons, activations, _, _ = chunk(
            folder, f"model-0/detected/{n}/detectors"
        ).reshape(6, -1)
        found = {
            (tuple(ngrams["ngram"][place]), ngrams["text"][place], *rest)
            for place, *rest in zip(
                *(column.tolist() for column in (places, layers, neurons, activations)), strict=True
            )
        }
        assert found == expected and expected


def test_no_text_is_part_of_any_code(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file() and file.name != "tables.js":
            content = file.read_text(encoding="utf-8")
            assert not any(text in content for text in HOSTILE if "census_hacked" in text), file


def test_the_page_asks_for_nothing_from_elsewhere(folder: Path) -> None:
    for file in (*folder.glob("*.html"), *folder.glob("code/*.js"), folder / "style.css"):
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"https?:|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text
        )
    listed = re.findall(r'src="(.*?)"', (folder / "index.html").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(f"code/{file.name}" for file in folder.glob("code/*.js"))


def test_a_census_alone_is_enough(made: Made, tmp_path: Path) -> None:
    census = pl.read_parquet(made.census).select(list(CENSUS.columns))
    write_table(census, CENSUS, tmp_path / "alone.parquet")
    explore(census=[tmp_path / "alone.parquet"], output=tmp_path / "explorer")
    [model] = chunk(tmp_path / "explorer", "manifest")["models"]
    assert model["columns"] == ["kind", "activations"]
    assert model["companions"] == [] and model["thresholds"] is None


def test_an_explorer_is_replaced_whole(made: Made, tmp_path: Path) -> None:
    output = tmp_path / "explorer"
    (output / "data").mkdir(parents=True)
    (output / "data" / "old.js").write_text("")
    explore(census=[made.census], output=output)
    assert not (output / "data" / "old.js").exists()
    assert (output / "index.html").exists()


def test_what_a_user_can_mend_is_named(made: Made, tmp_path: Path) -> None:
    output = tmp_path / "explorer"
    with pytest.raises(CensusError, match="other-triggers: found -1"):
        explore(census=[made.census], other_triggers=-1, output=output)
    lost = pl.read_parquet(made.census).slice(1)
    write_table(lost, CENSUS, tmp_path / "lost.parquet")
    with pytest.raises(CensusError, match=r"lost\.parquet: found 2399 rows in 4 layers"):
        explore(census=[tmp_path / "lost.parquet"], output=output)
    wrong = tmp_path / "made.parquet"
    pl.read_parquet(made.triggers).drop("text").write_parquet(wrong)
    seal(wrong)
    with pytest.raises(
        CensusError,
        match=r"made\.parquet: is no triggers table: .*; expected layer, neuron, n, ngram, text",
    ):
        explore(census=[made.census], triggers=[wrong], output=output)
    wrong.write_bytes(b"nothing")
    seal(wrong)
    with pytest.raises(CensusError, match=r"made\.parquet: cannot be read as Parquet"):
        explore(census=[made.census], triggers=[wrong], output=output)
    wrong.unlink()
    with pytest.raises(CensusError, match=r"made\.parquet: expected a file or folder"):
        explore(census=[made.census], triggers=[wrong], output=output)
    assert not output.exists()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "uint8"),
        ([0, 255], "uint8"),
        ([-1, 127], "int8"),
        ([-1, 128], "int16"),
        ([0, 65536], "uint32"),
        ([-1, 2**31 - 1], "int32"),
        ([0, 2**32], "float64"),
    ],
)
def test_whole_numbers_are_kept_exact_and_short(
    tmp_path: Path, values: list[int], kind: str
) -> None:
    write_array(tmp_path / "data", "a/b", np.array(values, dtype=np.int64))
    found = chunk(tmp_path, "a/b")
    assert found.dtype.name == kind and found.tolist() == values


def test_names_of_chunks_are_ours(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a name of a chunk"):
        write_chunk(tmp_path, '../x");alert("', "json", b"{}")


def _same_or_nan(shown: float, stored: float | None) -> bool:
    """Whether a number in float32 is the stored one, or NaN for null."""
    return bool(np.isnan(shown)) if stored is None else _same(float(shown), stored)


def _same(shown: object, stored: object) -> bool:
    """Whether two values are equal; numbers as text lose what float32 does not hold."""
    if isinstance(stored, float):
        return shown == pytest.approx(stored, rel=1e-6)
    return shown == stored


def test_every_page_is_there_and_none_is_empty(folder: Path) -> None:
    pages = [file.relative_to(PAGE) for file in PAGE.rglob("*") if file.is_file()]
    assert len(pages) == 23
    for page in pages:
        assert (folder / page).read_bytes() == (PAGE / page).read_bytes() != b"", page
    library = handed_over(folder, "tables")[1].decode()
    assert "DataTable" in library and len(library) > 100_000
    assert "MIT" in (folder / "tables_licence.txt").read_text(encoding="utf-8")
    assert ".dataTable" in (folder / "tables.css").read_text(encoding="utf-8")
