"""Which models a claim is tested on, and the file of verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.made.measured import by_dead, by_pattern
from helpers.made.positions import made_model as with_positions
from helpers.made.tables import Detector, Layer, made_model
from neuron_census.config.selection import PAPER
from neuron_census.draw.check_claims import check_claims
from neuron_census.draw.claims.claim import CANNOT, DOES_NOT, HOLDS, Claim, find_analogues, judge
from neuron_census.draw.claims.finding import UndecidedError, falls, numbers, rises
from neuron_census.draw.claims.measured import Measured
from neuron_census.draw.model_tables import ModelTables
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS

SMALL = by_dead("small", [0, 1], [0.2, 0.2])
LARGE = by_dead("large", [8, 8, 0], [0.1, 0.1, 0.1])
SHOWN = {"models": ["large", "small", "middle"], "post_norm": ["post"], "no_positions": []}


def claim(**changes: Any) -> Claim:
    given = {"name": "c", "section": "3", "says": "s.", "models": ("opt-30b", "opt-66b")}
    return Claim(**{**given, "test": "dead.dead_share_rises", "analogue": "family", **changes})


def test_a_claim_is_tested_on_the_models_that_it_speaks_of() -> None:
    run = {"opt-30b": SMALL, "opt-66b": LARGE, "opt-125m": SMALL}
    assert find_analogues([claim()], run, SHOWN) == {}
    verdict = judge(claim(), run, {"family": ["opt-125m"]})
    assert (verdict.verdict, verdict.models) == (HOLDS, ("opt-30b", "opt-66b"))
    assert not verdict.is_analogue and verdict.found == "small 0; large 80"
    assert judge(claim(models=("opt-66b", "opt-30b")), run, {}).verdict == DOES_NOT


def test_a_run_that_lacks_a_model_of_the_paper_cannot_decide() -> None:
    run = {"opt-125m": SMALL, "opt-66b": LARGE}
    lacking = judge(claim(), run, find_analogues([claim()], run, {}))
    assert lacking.verdict == CANNOT and lacking.found == "needs opt-30b."
    assert lacking.models == () and not lacking.is_analogue


def test_another_family_is_an_analogue_and_ordered_by_size() -> None:
    middle = by_dead("middle", [1, 1])
    run = {"large": LARGE, "without": LARGE, "post": SMALL, "small": SMALL, "middle": middle}
    # Of two models of one size the first is the smaller.
    analogues = find_analogues([claim()], run, SHOWN)
    assert analogues == {
        "family": ["small", "middle", "large"],
        "smallest": ["small"],
        "largest": ["large"],
        "post_norm": ["post"],
        "no_positions": [],
    }
    verdict = judge(claim(), run, analogues)
    assert verdict.is_analogue and verdict.models == ("small", "middle", "large")
    for kind, names in (
        ("smallest", ("small",)),
        ("largest", ("large",)),
        ("post_norm", ("post",)),
    ):
        asked = claim(analogue=kind, test="dead.no_dead_neurons")
        assert judge(asked, run, analogues).models == names
    for kind in ("no_positions", "checkpoints", ""):
        assert judge(claim(analogue=kind), run, analogues).verdict == CANNOT


def test_an_analogue_that_decides_nothing_is_one_all_the_same() -> None:
    flat = {name: by_dead(name, [1, 1]) for name in ("a", "b")}
    asked = claim(test="dead.rare_where_many_are_dead")
    verdict = judge(asked, flat, find_analogues([asked], flat, {}))
    assert (verdict.verdict, verdict.models) == (CANNOT, ("a", "b")) and verdict.is_analogue
    itself = judge(claim(models=("a",), test=asked.test), flat, {})
    assert itself.verdict == CANNOT and not itself.is_analogue


def test_one_model_is_not_a_family() -> None:
    assert find_analogues([claim()], {"small": SMALL}, {"models": ["small"]}) == {}
    every = find_analogues([claim()], {"large": LARGE, "small": SMALL}, {})
    assert every["family"] == ["small", "large"], "all models of the run, unless it says otherwise"


def test_a_study_that_was_not_done_decides_nothing() -> None:
    census = SMALL.tables.census.select("layer", "neuron", "dead", "frequency")
    run = {"opt-66b": Measured("opt-66b", ModelTables("opt-66b", {}, {"census": census}))}
    for test, study in (
        ("ngrams.over_10000_tokens_in_all", "n-grams"),
        ("ngrams.tokens_of_a_detector_are_variants_of_a_word", "n-grams"),
        ("ngrams.most_detectors_suppress", "n-grams"),
        ("positions.no_oscillatory", "positions"),
        ("positions.active_at_the_first_few_positions_only", "positions"),
    ):
        verdict = judge(claim(models=("opt-66b",), test=test), run, {})
        assert verdict.verdict == CANNOT and verdict.models == ("opt-66b",)
        assert verdict.found == f"the run has no study of {study}."


def test_order() -> None:
    names = ["a", "b", "c"]
    assert rises([1, 1, 2], names).holds and not rises([1, 2, 1], names).holds
    assert falls([2, 1, 1], names).holds and not falls([2, 1, 2], names).holds
    assert not rises([1, 1, 1], names).holds and not falls([1, 1, 1], names).holds
    assert rises([1, 1.0625, 20_000], names).found == "a 1; b 1.06; c 2e+04"
    assert falls([3, 2, 1], names).found == "a 3; b 2; c 1", "in the order of size, not of value"
    assert numbers([None, 0.123456, 7]) == "none, 0.123, 7"
    with pytest.raises(UndecidedError, match="b has nothing to compare"):
        rises([1, None, 2], names)


def written(folder: Path, tables: ModelTables) -> dict[str, Path]:
    """Write the tables of a model that is analysed in all layers, with positional neurons in two."""
    census = tables.census
    kinds: Any = {("oscillatory", "strong"): 2}
    layers = census["layer"].n_unique()
    others = with_positions(
        tables.model, [kinds] * 2 + [{}] * (layers - 2), ffn_dim=len(census) // layers
    )
    extra = others.census.select("layer", "neuron", *CENSUS.optional["positions"])
    census = census.join(extra, on=["layer", "neuron"], maintain_order="left")
    files = {}
    for table, frame in (
        (CENSUS, census.select(list(CENSUS.all_columns))),
        (TRIGGERS, tables.frames["triggers"]),
        (POSITIONS, others.positions),
    ):
        files[table.name] = folder / table.name / f"{tables.model}.parquet"
        files[table.name].parent.mkdir(exist_ok=True)
        write_table(frame, table, files[table.name])
    return files


def test_the_file_has_one_row_per_claim_also_where_all_layers_are_analysed(tmp_path: Path) -> None:
    small = made_model("small", [Layer()] * 3, num_layers=3, ffn_dim=8)
    detector = Layer({"unigram": [Detector(1, [(5,), (6,)])]})
    large = made_model("large", [detector] * 4, num_layers=4, ffn_dim=8)
    files = [written(tmp_path, tables) for tables in (large, small)]
    given: dict[str, Any] = {
        name: [file[name] for file in files] for name in ("census", "triggers", "positions")
    }
    output = tmp_path / "claims.csv"
    check_claims(
        claims=PAPER / "claims.toml",
        **given,
        shown='{"models": ["small", "large"], "post_norm": [], "checkpoints": []}',
        output=output,
    )
    rows = {row["claim"]: row for row in pl.read_csv(output).iter_rows(named=True)}
    assert len(rows) == 43
    grow = rows["detectors-grow"]
    assert (grow["verdict"], grow["tested_on"], grow["analogue"]) == (HOLDS, "small large", True)
    assert grow["found"] == "small 0; large 4" and grow["section"] == "4.2"
    assert grow["speaks_of"] == "opt-1.3b opt-2.7b opt-6.7b opt-13b opt-30b opt-66b"
    assert grow["test"] == "The number of detectors, over all layers, rises with size."
    assert grow["says"] == "Larger models have more token detectors." and grow["figure"] == "3a"
    assert grow["published"] == "68, 212, 299, 530, 2,091, 5,352" and grow["source"] == "text"
    assert rows["detectors-early"]["source"] == "figure"
    early = rows["detectors-early"]
    assert (early["verdict"], early["found"]) == (DOES_NOT, "3 of 4")
    assert rows["post-norm-alive"]["verdict"] == CANNOT
    assert rows["detectors-66b"]["found"] == "needs opt-66b."


def test_models_are_as_large_as_they_have_neurons() -> None:
    model = by_pattern("m", [{("other", "weak"): 2}, {}, {}])
    assert (model.neurons, model.layers, model.first_half) == (5, 3, 2)
