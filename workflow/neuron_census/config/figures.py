"""The figures that can be drawn with a config. Standard library only: used while the workflow is parsed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuron_census.config.selection import Selection

FOLDER = Path(__file__).parents[1] / "draw" / "figures"


@dataclass(frozen=True)
class Drawable:
    """The study that a figure needs, the list of models that it shows, and what the config may choose.

    `choice` is a key of `draw` in the config, or nothing: what a figure shows that has room for a part only.
    """

    study: str
    models: str
    choice: str = ""


def drawable(config: Mapping[str, Any], selection: Selection) -> dict[str, Drawable]:
    """Return the figures that can be drawn, by their names.

    A figure is a module `draw/figures/fig…` (of the paper) or `figure_…` (our own) that says which study it
    needs and which models it shows. It is drawn where that study reads something and that list has a model.

    Parameters
    ----------
    config
        a config that `configure` has returned
    selection
        what that config selects
    """
    figures = {}
    for path in sorted([*FOLDER.glob("fig[0-9]*.py"), *FOLDER.glob("figure_*.py")]):
        said = figure_constants(path)
        reads = (
            selection.ablation if said["STUDY"] == "ablation" else config["studies"][said["STUDY"]]
        )
        if reads and selection.shown(said["MODELS"]):
            figures[path.stem] = Drawable(said["STUDY"], said["MODELS"], said.get("CHOICE", ""))
    return figures


def figure_constants(path: Path) -> dict[str, str]:
    """Return `STUDY`, `MODELS` and `CHOICE` of a figure's module, which is not imported for it.

    Parameters
    ----------
    path
        the module
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("STUDY", "MODELS", "CHOICE")
    }
