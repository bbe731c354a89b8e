"""Comparing two models and publishing everything, by the rules of the workflow."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from helpers.workflow.project import MODELS, Project


def test_models_are_compared_and_everything_is_published(clone: Callable[[], Project]) -> None:
    project = clone()
    publication = {"title": "Tiny", "licence": "MIT", "date": "2026-01-31"}
    compared = {"comparisons": {"both": list(MODELS)}, "publication": publication}
    project.change_config(lambda given: given.update(compared))
    project.succeed("publish", "results/figures/fates_both.png")
    results = project.folder / "results"
    comparison = pl.read_parquet(results / "comparison" / "tiny-a-tiny-b.parquet")
    for model, side in zip(MODELS, ("before", "after"), strict=True):
        census = pl.read_parquet(results / "census" / f"{model}.parquet")
        assert comparison[f"frequency_{side}"].equals(
            census["frequency"].alias(f"frequency_{side}")
        )
        assert (comparison[f"kind_{side}"] == "dead").equals(census["dead"].alias(f"kind_{side}"))
    fates = pl.read_csv(results / "figures" / "fates_both.csv")
    assert fates["neurons"].sum() == len(comparison)
    published = results / "publication"
    for table in ("census", "triggers", "comparison"):
        for file in (results / table).glob("*.parquet"):
            assert (published / "data" / table / file.name).read_bytes() == file.read_bytes()
    assert (published / "explorer" / "index.html").is_file()
    said = json.loads((published / "croissant.json").read_text())
    assert (said["name"], said["datePublished"]) == ("Tiny", "2026-01-31")
    assert str(project.folder) not in (published / "README.md").read_text()
    publication["title"] = "Tiny, and other words"
    project.change_config(lambda given: given.update(compared))
    assert project.planned("publish") == {"publish": 1}
