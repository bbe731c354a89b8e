"""What a report is written from, made without any model: figures, summary, claims, census."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import polars as pl

from helpers.made.census import Size, made_census
from neuron_census.draw.summarise import summarise
from neuron_census.draw.write_report import write_report
from neuron_census.formats.seal import sealed

VERDICTS = ("holds", "does not hold", "cannot be said", "holds")
CLAIMS = [
    {
        "claim": f"claim-{place}",
        "section": str(3 + place),
        "figure": "1a" if place else "",
        "source": "figure" if place == 1 else "text",
        "says": f"Neurons do thing {place}.",
        "test": f"Test number {place}.",
        "speaks_of": "opt-66b",
        "tested_on": "" if verdict == "cannot be said" else "first-model second-model",
        "analogue": verdict != "cannot be said",
        "verdict": verdict,
        "found": f"<b>number {place}</b>",
        "published": "",
    }
    for place, verdict in enumerate(VERDICTS)
]
"""Rows of a claims table, of every verdict."""
FIGURES = ("fig01_dead_neurons", "figure_<odd>")


def made_report(folder: Path, figures: Sequence[str] = FIGURES) -> Path:
    """Write a report of two made models, and return its folder.

    Parameters
    ----------
    folder
        where everything is written
    figures
        names of the figures; each has a picture, a PDF, numbers and a caption
    """
    write_report(**made_parts(folder, figures), output=folder / "results" / "report")
    return folder / "results" / "report"


def made_parts(folder: Path, figures: Sequence[str] = FIGURES) -> dict[str, Any]:
    """Make the files that `write_report` reads, and return its parameters but `output`."""
    results = folder / "results"
    models = {
        "first-model": Size(layers=4, neurons=50),
        "second-model": Size(layers=6, neurons=40, dead=0.0),
    }
    made = [made_census(results, name, size) for name, size in models.items()]
    census = [one.census for one in made]
    summarise(
        census=census, triggers=[one.triggers for one in made], output=results / "summary.csv"
    )
    _write_csv(results / "claims.csv", CLAIMS)
    captions = folder / "captions"
    captions.mkdir()
    for name in (*figures, "summary", "claims", "sensitivity"):
        (captions / f"{name}.rst").write_text(
            f"**The caption of {name}.** It has ``code``, and a & b < c.\n"
        )
    pictures = [_figure(results / "figures", name) for name in figures]
    sensitivity = results / "sensitivity" / "first-model.csv"
    _write_csv(sensitivity, [{"n": 1, "coverage": 0.9, "detectors": 1234}])
    settings = {
        "models": [{"name": name, "from": f"made/{name}", "dtype": "float32"} for name in models],
        "studies": {"dead": [{"domain": "prose", "tokens": 3_000_000}], "ngrams": []},
        "window": None,
        "ngram_layers": "first_half",
        "classify": {"dead": {"count_bos": True}, "ngrams": {"coverage": 0.95}},
        "sections": [
            {"title": "Dead neurons (section 3)", "figures": {figures[0]: figures[0]}},
            {"title": "Beyond the paper", "figures": {name: name for name in figures[1:]}},
        ],
    }
    return {
        "figures": pictures,
        "summary": results / "summary.csv",
        "claims": results / "claims.csv",
        "census": census,
        "sensitivity": [sensitivity],
        "captions": captions,
        "settings": json.dumps(settings),
    }


def _write_csv(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with sealed(file) as temporary:
        pl.DataFrame(rows).write_csv(temporary)


def _figure(folder: Path, name: str) -> Path:
    """Write a small figure with more rows of numbers than a page shows."""
    _write_csv(folder / f"{name}.csv", [{"text": "<i>", "layer": row} for row in range(130)])
    picture, axes = plt.subplots(figsize=(4, 2))
    axes.plot([0, 1], [0, 1])
    for ending in ("png", "pdf"):
        with sealed(folder / f"{name}.{ending}") as temporary:
            picture.savefig(temporary, format=ending)
    plt.close(picture)
    return folder / f"{name}.png"
