"""Write the report: what a run found in ten lines, its figures, the paper's claims, the thresholds.

    write_report(figures=[path], summary=path, claims=path, census=[path], …, output=Path("results/report"))

The pages are static and open from disk; `report/page/` has their templates, and the explorer's page their colours.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from neuron_census.draw.model_tables import by_model
from neuron_census.draw.report.captions import figure_title, read_caption
from neuron_census.draw.report.findings import VERDICTS, findings
from neuron_census.draw.report.numbers import claim_rows, shown_rows, summary_rows, threshold_rows
from neuron_census.draw.summary import SCHEMA
from neuron_census.formats.seal import sealed, verify

PAGE = Path(__file__).parent / "report" / "page"
STYLE = Path(__file__).parent / "explorer" / "page" / "style.css"
PAGES = ("index", "figures", "claims", "thresholds")
COPIED = ("png", "pdf", "csv")
"""What the report has of each figure, so that its folder can be moved."""


def write_report(
    *,
    figures: list[Path],
    summary: Path,
    claims: Path,
    census: list[Path],
    sensitivity: list[Path],
    captions: Path,
    settings: str,
    output: Path,
) -> None:
    """Write a folder whose index.html says what a run found, without a server or a network.

    Parameters
    ----------
    figures
        the pictures, `{figure}.png`, with `.pdf` and `.csv` beside them
    summary
        CSV file with one row per model
    claims
        CSV file with one row per claim
    census
        the census tables, `{model}.parquet`, in the order in which models are shown
    sensitivity
        how detectors depend on thresholds, `{model}.csv`
    captions
        folder of the captions, `{figure}.rst`
    settings
        models, studies, thresholds, and sections with their figures, as JSON
    output
        the folder

    Raises CensusError for a file that is damaged, or a figure without a caption.
    """
    said = json.loads(settings)
    pictures = {path.stem: path for path in figures}
    for path in (*figures, summary, claims, *sensitivity):
        verify(path)
    models = by_model(census, {})
    rows = pl.read_csv(summary, schema_overrides=SCHEMA)
    verdicts = pl.read_csv(claims, infer_schema=False).with_columns(pl.col("analogue") == "true")
    content = {
        "settings": said,
        "thresholds": threshold_rows(said["classify"]),
        "found": findings(models, rows, verdicts),
        "models": summary_rows(rows),
        "claims": claim_rows(verdicts),
        "verdicts": [
            (verdict, verdicts.filter(pl.col("verdict") == verdict).height) for verdict in VERDICTS
        ],
        "sections": [_section(section, pictures, captions) for section in said["sections"]],
        "sensitivity": [(path.stem, shown_rows(path)) for path in sensitivity],
        "captions": {
            name: read_caption(captions, name) for name in ("summary", "claims", "sensitivity")
        },
    }
    with sealed(output) as folder:
        folder.mkdir()
        (folder / "figures").mkdir()
        for picture in figures:
            for ending in COPIED:
                file = picture.with_suffix(f".{ending}")
                shutil.copyfile(file, folder / "figures" / file.name)
        for file in (summary, claims, PAGE / "report.css", PAGE / "report.js", STYLE):
            shutil.copyfile(file, folder / file.name)
        _render(folder, content)


def _section(
    section: Mapping[str, Any], pictures: Mapping[str, Path], captions: Path
) -> dict[str, Any]:
    """Return a section with what a page shows of each of its figures."""
    shown = [
        {
            "name": name,
            "title": figure_title(name),
            "caption": read_caption(captions, caption),
            "numbers": shown_rows(pictures[name].with_suffix(".csv")),
        }
        for name, caption in section["figures"].items()
    ]
    return {"title": section["title"], "figures": shown}


def _render(folder: Path, content: Mapping[str, Any]) -> None:
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for page in PAGES:
        text = environment.get_template(f"{page}.html").render(page=page, **content)
        (folder / f"{page}.html").write_text(text, encoding="utf-8")
