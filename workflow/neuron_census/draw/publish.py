"""Publish: a folder that can be uploaded as it is, with words for people and metadata for machines.

    publish(tables=[path], numbers=[path], explorer=path, about=text, output=Path("publication"))

Tables, a data card (README.md), Croissant metadata, an RO-Crate, and the explorer as a static site.
"""

from __future__ import annotations

import json
from pathlib import Path

from neuron_census.draw.publication.about import About
from neuron_census.draw.publication.contents import copy_contents
from neuron_census.draw.publication.crate import DESCRIPTOR, crate
from neuron_census.draw.publication.croissant import croissant
from neuron_census.draw.publication.data_card import data_card
from neuron_census.formats.seal import sealed


def publish(
    *,
    tables: list[Path],
    numbers: list[Path] | None = None,
    explorer: Path | None = None,
    about: str,
    output: Path,
) -> None:
    """Write a folder with everything that a reader of a census needs; nothing is uploaded.

    Parameters
    ----------
    tables
        Parquet tables of the workflow: censuses, what goes with them, comparisons
    numbers
        CSV files of the workflow
    explorer
        folder of the explorer
    about
        title, licences and origins as JSON, as the workflow puts them together from the config
    output
        the folder
    """
    said = About.from_json(about)
    with sealed(output) as folder:
        folder.mkdir()
        contents = copy_contents(folder, tables, numbers or [], explorer)
        (folder / "README.md").write_text(data_card(said, contents), encoding="utf-8")
        for name, document in (
            ("croissant.json", croissant(said, contents)),
            (DESCRIPTOR, crate(said, contents)),
        ):
            text = json.dumps(document, indent=2, ensure_ascii=False)
            (folder / name).write_text(f"{text}\n", encoding="utf-8")
